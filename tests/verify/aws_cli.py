"""The AWS CLI commands that `verify` prints, run without the AWS CLI."""

import json
import shlex
from typing import Any

from botocore import xform_name

from tests.verify.conftest import Storage


def run_aws_cli(storage: Storage, command: str) -> None:
    """What the AWS CLI does with such a command: its options are the parameters of the operation."""
    words = shlex.split(command)
    assert words[0] == "aws"
    service, operation = words[1].replace("s3api", "s3"), words[2]
    client = storage.aws.client(service)
    model = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[operation.replace("-", "_")]
    ).input_shape
    names = {xform_name(name, "-"): name for name in model.members}
    parameters: dict[str, Any] = {}
    options = iter(words[3:])
    for option in options:
        name = names[option[2:]]
        if model.members[name].type_name == "boolean":
            parameters[name] = True
            continue
        value = next(options)
        structured = model.members[name].type_name == "structure"
        parameters[name] = json.loads(value) if structured else value
    getattr(client, operation.replace("-", "_"))(**parameters)

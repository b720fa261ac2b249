"""The two templates of a review: the one that was synthesised, and the one that is deployed."""

import json
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from ghes_packages.aws import CONFIG, code, explained
from ghes_packages.errors import ConfigurationError, FoundWrong
from ghes_packages.instance import Instance

Template = dict[str, Any]

# The stack has a name and no resources.
NOTHING_DEPLOYED = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"})


def synthesised(instance: Instance, assembly: Path) -> Template:
    """The template of an instance in an assembly, a folder such as cdk.out. Raises ConfigurationError."""
    file = assembly / f"{instance.stack_name}.template.json"
    try:
        template: Template = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: no template: {error}; synthesise it with: cdk synth --quiet") from None
    return template


def deployed(instance: Instance, session: boto3.Session) -> Template:
    """The template that is deployed; an empty one where there is no stack yet. Raises AwsSaidNo and FoundWrong."""
    name = instance.stack_name
    with explained():
        client = session.client("cloudformation", config=CONFIG)
        try:
            status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if code(error) == "ValidationError":
                return {}
            raise
        if status in NOTHING_DEPLOYED:
            return {}
        # boto3 parses JSON templates, and its types do not say so.
        body: Any = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    if not isinstance(body, dict):
        raise FoundWrong(
            f"stack {name} was deployed from another template than CDK's: it is not JSON; see what it is with:"
            f" aws cloudformation get-template --stack-name {name}"
        )
    return dict(body)

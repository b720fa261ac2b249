"""Whether the rights that docs/rights.md names are enough for each command, on the resources that it names.

What IAM asks for a request and on which resource, the embedded AWS decides as AWS documents it. It does not ask for
`kms:Decrypt` where Secrets Manager decrypts.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from ghes_packages.cli import Answer, app
from ghes_packages.policies.operator_permissions import Command
from tests.synthesis import assembly_of
from tests.verify.conftest import Storage
from tests.verify.operator_policy import least_policy

OPTIONS = {
    "without options": {},
    "with a KMS key and a replica": {"encryption": "kms", "replica_region": "us-east-1"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_rights_that_the_page_names_are_enough_for_each_command(
    storage_with: Callable[..., Storage],
    operator_with: Callable[..., None],
    tmp_path: Path,
    options: dict[str, str],
) -> None:
    storage = storage_with(**options)
    name, file = storage.instance.name, tmp_path / "instances.toml"
    where = {"account": storage.aws.account, "region": storage.aws.region, **options}
    file.write_text(f"[instances.{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in where.items()))
    assembly = assembly_of([storage.instance], tmp_path / "cdk.out")
    policies = {command: least_policy(storage, command) for command in Command}
    for command, document in policies.items():
        operator_with(document)
        more = ("--assembly", str(assembly)) if command is Command.REVIEW else ()
        answer = app([*command.split(), name, *more, "--instances", str(file)], standalone_mode=False)
        assert isinstance(answer, Answer)
        assert answer.exit_status == 0, answer.text
    assert storage.s3.list_objects_v2(Bucket=storage.bucket)["KeyCount"] == 0
    assert (storage.left_behind() == []) is (storage.instance.replica is None)

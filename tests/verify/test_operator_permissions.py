"""Whether the rights that docs/rights.md names are enough for each command, and each command names one that it lacks.

What IAM asks for a request and on which resource, the embedded AWS decides as AWS documents it. It does not ask for
`kms:Decrypt` where Secrets Manager decrypts: there AWS's refusal is injected. S3's refusals name no action here, as on
AWS they need not.
"""

import contextlib
import functools
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import tomlkit
import typer.main

from ghes_packages.cli import app
from ghes_packages.command_line import answer as answering
from ghes_packages.command_line.answer import Answer
from ghes_packages.errors import CannotGoOn
from ghes_packages.live import aws
from ghes_packages.policies.statements import user_statement
from ghes_packages.verify.clients import key_clients
from ghes_packages.verify.key_checks import CAN, KNOWN, KeyChecks
from ghes_packages.verify.report import Check
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.operator_permissions import Command, OperatorPermission, When
from tests.synthesis import assembly_of, deployable
from tests.verify.conftest import Storage
from tests.verify.operator_policy import document, rights
from tests.verify.refusals import Memory, Right

ROLE = "arn:aws:iam::111122223333:role/reader"
KMS_KEY, BUCKET = "a KMS key of somebody's", "a bucket of somebody's"
OPTIONS: dict[str, dict[str, Any]] = {
    "without options": {},
    "with a KMS key": {"encryption": "kms", "secret_readers": [ROLE]},
    "with a KMS key that was there": {"encryption": KMS_KEY},
    "with a replica": {"replica_region": "us-east-1"},
    "with a KMS key and a replica": {"encryption": "kms", "replica_region": "us-east-1"},
    "with central logs": {"access_logs": "central-logs"},
    "with a bucket that was there": {"existing_bucket": BUCKET},
}
MORE = {Command.VERIFY: ["--json"], Command.ROTATE: ["--dry-run"]}
NOW = datetime.now(UTC)


class _Now(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return NOW


@dataclass
class Operator:
    """Runs commands about one instance; `memory` answers them."""

    storage: Storage
    file: Path
    assembly: Path
    memory: Memory
    user: str
    rights: dict[Command, list[tuple[OperatorPermission, Sequence[str]]]]

    def run(self, command: Command) -> tuple[int, str]:
        """The exit status, and all that the command says."""
        more = ["--assembly", str(self.assembly)] if command is Command.REVIEW else MORE.get(command, [])
        arguments = [*command.split(), self.storage.instance.name, *more, "--instances", str(self.file)]
        try:
            answer = app(arguments, standalone_mode=False)
        except CannotGoOn as error:
            return error.exit_status, "\n".join((str(error), *getattr(error, "__notes__", ())))
        assert isinstance(answer, Answer)
        return answer.exit_status, answer.text

    def may_run(self, command: Command) -> None:
        """Be allowed by the embedded AWS what the page says, and nothing else."""
        policy = document(self.rights[command])
        self.storage.aws.client("iam").put_user_policy(UserName=self.user, PolicyName="o", PolicyDocument=policy)


@pytest.fixture(params=OPTIONS)
def operator(
    request: pytest.FixtureRequest,
    storage_with: Callable[..., Storage],
    monkeypatch: pytest.MonkeyPatch,
    embedded_aws: EmbeddedAws,
    tmp_path: Path,
) -> Operator:
    options = {key: _that_was_there(embedded_aws, value) for key, value in OPTIONS[request.param].items()}
    storage = storage_with(**options)
    if storage.instance.key_arn:
        _let_in(storage)
    name, where = storage.instance.name, {"account": embedded_aws.account, "region": embedded_aws.region}
    file = tmp_path / "instances.toml"
    file.write_text(tomlkit.dumps({"instances": {name: {**where, **options}}}))
    assembly = assembly_of([storage.instance], tmp_path / "cdk.out")
    iam, user = embedded_aws.client("iam"), f"operator-{name}"
    keys = []
    for each in user, f"nobody-{name}":
        iam.create_user(UserName=each)
        key = iam.create_access_key(UserName=each)["AccessKey"]
        keys.append(
            {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]},
        )
    key_arn = f"arn:aws:kms:{embedded_aws.region}:{embedded_aws.account}:key/{storage.kms_key}"
    memory = Memory(embedded_aws, keys[0]["aws_access_key_id"], keys[1], key_arn if storage.kms_key else None)
    needed = {command: list(rights(storage, command)) for command in Command}
    for variable, value in keys[0].items():
        monkeypatch.setenv(variable.upper(), value)
    memory.install(monkeypatch)
    _quick_and_the_same_each_time(monkeypatch)
    return Operator(storage, file, assembly, memory, user, needed)


def test_the_rights_that_the_page_names_are_enough_and_a_command_names_each_that_is_taken_away(
    operator: Operator,
) -> None:
    memory, unnamed = operator.memory, []
    for command in Command:
        operator.may_run(command)
        memory.granted = None
        status, said = operator.run(command)
        assert status == 0, (command, said)
        needed = [
            (permission, Right(action, arn))
            for permission, arns in operator.rights[command]
            for action in permission.actions
            for arn in arns
        ]
        for permission, taken in needed:
            memory.granted = [right for each, right in needed if right != taken]
            memory.access_key_refused = permission.when is When.ACCESS_KEY_REFUSED
            memory.refused.clear()
            status, said = operator.run(command)
            # What it does instead may be refused too: that was not granted before.
            lacking = [right.in_words() for right in memory.refused if taken.is_for(right)]
            if not lacking or not all(each in said for each in lacking):
                unnamed.append((command, taken, lacking, status, said))
        memory.access_key_refused = False
    assert unnamed == []


def _that_was_there(embedded: EmbeddedAws, value: Any) -> Any:
    if value == KMS_KEY:
        return embedded.client("kms").create_key()["KeyMetadata"]["Arn"]
    if value == BUCKET:
        stack = Stack(embedded)
        stack.create({id_: each for id_, each in deployable()[0].items() if each["Type"].startswith("AWS::S3::")})
        return stack.physical_id("PackagesBucket3210E67E")
    return value


def _let_in(storage: Storage) -> None:
    """As the owner of the key would."""
    user, outputs = f"arn:aws:iam::{storage.aws.account}:user/{storage.user}", storage.deployed.outputs
    statement = user_statement(user, f"arn:aws:s3:::{storage.bucket}", outputs.region, outputs.dns_suffix)
    kms, key = storage.aws.client("kms"), storage.kms_key
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append(statement)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def _quick_and_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sessions and clients of one run serve the next, which asks for the same at the same time.

    Of the access key's checks one is left, which leaves an object and an upload to be removed.
    """
    monkeypatch.setattr(aws, "session_with", functools.cache(aws.session_with))
    monkeypatch.setattr(boto3.Session, "client", functools.cache(boto3.Session.client))
    monkeypatch.setattr("ghes_packages.verify.key_clients", _once(key_clients))
    monkeypatch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
    spinner = SimpleNamespace(update=lambda _: None)
    monkeypatch.setattr(answering, "progress", lambda **_: contextlib.nullcontext(spinner))
    monkeypatch.setattr("ghes_packages.status.datetime", _Now)
    same = uuid.uuid4()
    monkeypatch.setattr("ghes_packages.verify.probe_objects.uuid.uuid4", lambda: same)
    monkeypatch.setattr(KeyChecks, "can", _writes)
    monkeypatch.setattr(KeyChecks, "cannot", lambda *_: [])


def _once(make: Callable[..., Any]) -> Callable[..., Any]:
    made: list[Any] = []

    def once(*arguments: Any) -> Any:
        made.extend([] if made else [make(*arguments)])
        return made[0]

    return once


def _writes(checks: KeyChecks) -> list[Check]:
    def write() -> str:
        checks._put()
        return checks._start_upload()

    return [Check(CAN, KNOWN, "started", write, "")]

"""Storages for tests: the synthesised template, deployed straight through CloudFormation."""

import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.live import deployed
from ghes_packages.live.aws import session as session_of
from ghes_packages.live.deployed import Deployed, Parts
from ghes_packages.verify import verify
from ghes_packages.verify.promises import Promises
from ghes_packages.verify.report import Check, Finding, Outcome, Report, make
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.synthesis import INSTANCE, deployable, deployable_replica


@dataclass
class Storage:
    """One deployed instance, and what a test does to it."""

    aws: EmbeddedAws
    instance: Instance
    titles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = session_of(self.instance)
        self.deployed: Deployed = deployed.read(self.instance, session)
        self.parts: Parts = deployed.parts(
            self.instance, self.deployed.outputs, deployed.resources(self.instance, session)
        )
        self.bucket = self.deployed.outputs.bucket
        self.user = self.deployed.outputs.user_name
        self.s3: Any = session.client("s3")
        self.iam: Any = session.client("iam")

    @property
    def kms_key(self) -> str | None:
        """The ID of the key that it is encrypted with, the stack's own or another."""
        key = self.parts.kms_key.id if self.parts.kms_key else self.instance.key_arn
        return key.rpartition("/")[2] if key else None

    def verify(self) -> Report:
        return verify(self.instance, self.titles.append, patience=0)

    def check_bucket(self) -> Report:
        """The checks of the packages bucket alone, which is quicker."""
        return self._report(self._promises().of_the_packages_bucket())

    def check_log_bucket(self) -> Report:
        """The checks of the log bucket alone."""
        return self._report(self._promises().of_the_log_bucket())

    def check_kms_key(self) -> Report:
        """The checks of the KMS key alone."""
        return self._report(self._promises().of_the_kms_key())

    def check_user(self) -> Report:
        """The checks of user and stack alone."""
        return self._report(self._promises().of_the_user(self.instance))

    def check_secret(self) -> Report:
        """The checks of the secret alone."""
        session = session_of(self.instance)
        secret = deployed.read_secret(self.deployed.outputs, session)
        return self._report(self._promises().of_the_secret(secret))

    def _promises(self) -> Promises:
        session = session_of(self.instance)
        return Promises(self.instance, session, deployed.read(self.instance, session), self.parts)

    def _report(self, checks: Iterable[Check]) -> Report:
        return Report(self.instance.name, make(checks, self.titles.append))

    def left_behind(self) -> list[Any]:
        versions = self.s3.list_object_versions(Bucket=self.bucket)
        uploads = self.s3.list_multipart_uploads(Bucket=self.bucket)
        return [*versions.get("Versions", []), *versions.get("DeleteMarkers", []), *uploads.get("Uploads", [])]


def reach(aws: EmbeddedAws, patch: pytest.MonkeyPatch) -> None:
    """From now on boto3 in this process reaches this AWS, and no other."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name, value in aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "http_proxy":
            patch.setenv(name, value)


def deploy(aws: EmbeddedAws, **options: Any) -> Storage:
    """A storage with such options in its instance's table."""
    where = {"account": aws.account, "region": aws.region} if options else {}
    instance = Instance.model_validate({"name": f"test-{uuid.uuid4().hex[:8]}", **where, **options})
    if instance.replica:
        Stack(aws, instance.replica.stack_name, instance.replica.region).create(*deployable_replica(instance))
    # Only a replica is known by the name of its instance; all others with these options have one template.
    named = instance if instance.replica else instance.model_copy(update={"name": INSTANCE.name})
    stack = Stack(aws, instance.stack_name)
    stack.create(*deployable(named if options else INSTANCE))
    stack.protect(on=True)
    return Storage(aws, instance)


@contextmanager
def deployed_for_many(aws: EmbeddedAws, **options: Any) -> Iterator[Storage]:
    """A storage for tests that put back what they change: in the end it is as it was deployed."""
    with pytest.MonkeyPatch.context() as patch:
        reach(aws, patch)
        storage = deploy(aws, **options)
    yield storage
    with pytest.MonkeyPatch.context() as patch:
        reach(aws, patch)
        assert failed(storage.verify()) == []
        assert storage.left_behind() == []


@pytest.fixture(scope="module")
def one_for_all(embedded_aws: EmbeddedAws) -> Iterator[Storage]:
    """With no option at all; another file may have some."""
    with deployed_for_many(embedded_aws) as storage:
        yield storage


@pytest.fixture
def shared_storage(one_for_all: Storage, storage_with: Callable[..., Storage]) -> Storage:
    """The same one for all tests of a file that put back what they change."""
    one_for_all.titles.clear()
    return one_for_all


@pytest.fixture
def storage_with(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Storage]:
    """Deploys a storage with such options in its instance's table."""
    reach(embedded_aws, monkeypatch)
    return partial(deploy, embedded_aws)


@pytest.fixture
def storage(storage_with: Callable[..., Storage]) -> Storage:
    """With no option at all, and of this test alone."""
    return storage_with()


@pytest.fixture
def operator_with(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Go on as an IAM user with this policy document alone."""

    def become(document: str) -> None:
        iam, name = embedded_aws.client("iam"), f"operator-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="operator", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    return become


def policy(*actions: str) -> str:
    return allowing({"Action": list(actions), "Resource": "*"})


def allowing(*statements: Mapping[str, Any]) -> str:
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def with_outcome(report: Report, outcome: Outcome) -> list[Finding]:
    return [finding for finding in report.findings if finding.outcome is outcome]


def failed(report: Report) -> list[str]:
    return [finding.check.title for finding in with_outcome(report, Outcome.FAILED)]

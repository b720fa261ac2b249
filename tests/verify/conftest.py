"""A storage of its own for each test: the synthesised template, deployed straight through CloudFormation."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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


@pytest.fixture
def storage_with(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Storage]:
    """Deploys a storage with such options in its instance's table."""
    for name, value in embedded_aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "http_proxy":
            monkeypatch.setenv(name, value)

    def deploy(**options: Any) -> Storage:
        where = {"account": embedded_aws.account, "region": embedded_aws.region} if options else {}
        instance = Instance.model_validate({"name": f"test-{uuid.uuid4().hex[:8]}", **where, **options})
        if instance.replica:
            Stack(embedded_aws, instance.replica.stack_name, instance.replica.region).create(
                *deployable_replica(instance)
            )
        Stack(embedded_aws, instance.stack_name).create(*deployable(instance if options else INSTANCE))
        embedded_aws.client("cloudformation").update_termination_protection(
            StackName=instance.stack_name, EnableTerminationProtection=True
        )
        return Storage(embedded_aws, instance)

    return deploy


@pytest.fixture
def storage(storage_with: Callable[..., Storage]) -> Storage:
    """With no option at all."""
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

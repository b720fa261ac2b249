"""A storage of its own for each test: the synthesised template, deployed straight through CloudFormation."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from ghes_packages import deployed
from ghes_packages.aws import session as session_of
from ghes_packages.bucket_settings import log_delivery_statement
from ghes_packages.deployed import Deployed, Parts
from ghes_packages.instance import Instance
from ghes_packages.lifecycle import ACCESS_LOGS, packages
from ghes_packages.local.embedded_aws import EmbeddedAws
from ghes_packages.verify import verify
from ghes_packages.verify.bucket_checks import BucketChecks
from ghes_packages.verify.report import Check, Finding, Outcome, Report, make
from ghes_packages.verify.user_checks import UserChecks
from tests.cloudformation import Stack
from tests.synthesis import deployable


@dataclass
class Storage:
    """One deployed instance, and what a test does to it."""

    aws: EmbeddedAws
    instance: Instance
    titles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = session_of(self.instance)
        self.deployed: Deployed = deployed.read(self.instance, session)
        self.parts: Parts = deployed.parts(self.instance, self.deployed.outputs, session)
        self.bucket = self.deployed.outputs.bucket
        self.user = self.deployed.outputs.user_name
        self.s3: Any = session.client("s3")
        self.iam: Any = session.client("iam")

    def verify(self) -> Report:
        return verify(self.instance, self.titles.append, patience=0)

    def check_bucket(self) -> Report:
        """The checks of the packages bucket alone, which is quicker."""
        checks = BucketChecks("", self.s3, self.bucket, self.deployed.bucket_arn(self.bucket), packages(self.instance))
        return self._report(*checks.checks(), checks.logged_to(self.parts.log_bucket))

    def check_log_bucket(self) -> Report:
        """The checks of the log bucket alone."""
        bucket_arn, log_bucket_arn = map(self.deployed.bucket_arn, (self.bucket, self.parts.log_bucket))
        granting = (log_delivery_statement(log_bucket_arn, bucket_arn, self.deployed.account),)
        checks = BucketChecks("", self.s3, self.parts.log_bucket, log_bucket_arn, ACCESS_LOGS, granting)
        return self._report(*checks.checks())

    def check_user(self) -> Report:
        """The checks of user, key, secret and stack alone."""
        session = session_of(self.instance)
        stack = deployed.read(self.instance, session)
        secret = deployed.read_secret(stack.outputs, session)
        return self._report(*UserChecks(self.iam, stack, secret, self.parts.group, self.parts.policy_arn).checks())

    def _report(self, *checks: Check) -> Report:
        return Report(self.instance.name, tuple(make(checks, self.titles.append)))

    def left_behind(self) -> list[Any]:
        versions = self.s3.list_object_versions(Bucket=self.bucket)
        uploads = self.s3.list_multipart_uploads(Bucket=self.bucket)
        return [*versions.get("Versions", []), *versions.get("DeleteMarkers", []), *uploads.get("Uploads", [])]


@pytest.fixture
def storage(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in embedded_aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "http_proxy":
            monkeypatch.setenv(name, value)
    instance = Instance(name=f"test-{uuid.uuid4().hex[:8]}")
    Stack(embedded_aws, instance.stack_name).create(*deployable())
    embedded_aws.client("cloudformation").update_termination_protection(
        StackName=instance.stack_name, EnableTerminationProtection=True
    )
    return Storage(embedded_aws, instance)


def with_outcome(report: Report, outcome: Outcome) -> list[Finding]:
    return [finding for finding in report.findings if finding.outcome is outcome]


def failed(report: Report) -> list[str]:
    return [finding.check.title for finding in with_outcome(report, Outcome.FAILED)]

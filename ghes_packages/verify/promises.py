"""The checks of what an instance promises besides what its access key can do; they read, with the operator's rights."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from ghes_packages.config.instance import Instance
from ghes_packages.config.lifecycle import ACCESS_LOGS, packages
from ghes_packages.live.aws import CONFIG, S3_CONFIG
from ghes_packages.live.deployed import Deployed, Parts
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.outputs import PackagesSecret
from ghes_packages.policies.statements import log_delivery_statement
from ghes_packages.verify.bucket_checks import BucketChecks
from ghes_packages.verify.existing_bucket import ExistingBucketChecks
from ghes_packages.verify.kms_checks import KmsChecks
from ghes_packages.verify.report import Check
from ghes_packages.verify.secret_checks import SecretChecks
from ghes_packages.verify.user_checks import UserChecks

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PACKAGES_BUCKET = "The packages bucket"
LOG_BUCKET = "The bucket of its access logs"


@dataclass(frozen=True)
class Promises:
    """What the deployed options ask for, part by part; what an instance does not have, has no checks."""

    instance: Instance
    session: boto3.Session
    stack: Deployed
    parts: Parts

    def of_the_packages_bucket(self) -> Iterator[Check]:
        """Its settings, its policy, and its access logging."""
        bucket, key = self.stack.outputs.bucket, self._kms_key
        arn = self.stack.bucket_arn(bucket)
        if self.instance.existing_bucket:
            yield from ExistingBucketChecks(PACKAGES_BUCKET, self._s3(), bucket, arn, None, key).checks()
            return
        checks = BucketChecks(PACKAGES_BUCKET, self._s3(), bucket, arn, packages(self.instance), key)
        yield from checks.checks()
        yield checks.logged_to(
            self.parts.log_bucket or self.instance.access_logs, self.instance.access_logs_prefix or ""
        )

    def of_the_log_bucket(self) -> Iterator[Check]:
        """Its settings and its policy, if it is the stack's."""
        if bucket := self.parts.log_bucket:
            arn, packages_arn = self.stack.bucket_arn(bucket), self.stack.bucket_arn(self.stack.outputs.bucket)
            delivery = log_delivery_statement(arn, packages_arn, self.stack.account)
            yield from BucketChecks(LOG_BUCKET, self._s3(), bucket, arn, ACCESS_LOGS, None, (delivery,)).checks()

    def of_the_kms_key(self) -> Iterator[Check]:
        """Its state and its policy."""
        if key := self._kms_key:
            yield from KmsChecks(self.session.client("kms", config=CONFIG), self.instance, self.stack, key).checks()

    def of_the_user(self, configured: Instance) -> Iterator[Check]:
        """The user, its group and its policies, its access keys, and the stack; `configured` is the expected state."""
        iam = self.session.client("iam", config=CONFIG)
        group, policy_arn = self.parts.group, self.parts.policy_arn
        yield from UserChecks(iam, self.instance, configured, self.stack, group, policy_arn).checks()

    def of_the_secret(self, secret: PackagesSecret) -> Iterator[Check]:
        """Its content, its readers, and its encryption."""
        client = self.session.client("secretsmanager", config=CONFIG)
        yield from SecretChecks(client, self.instance, self.stack.outputs, secret, self._kms_key).checks()

    @property
    def _kms_key(self) -> KmsKey | None:
        """The stack's own, or the one that it names."""
        return self.parts.kms_key or (KmsKey(self.instance.key_arn) if self.instance.key_arn else None)

    def _s3(self) -> "S3Client":
        return self.session.client("s3", config=S3_CONFIG)

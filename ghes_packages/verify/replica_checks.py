"""Checks that the replica is as private as the original, and in step with it."""

from collections.abc import Iterator
from dataclasses import dataclass

import boto3

from ghes_packages.config.instance import Instance
from ghes_packages.config.lifecycle import ACCESS_LOGS, packages
from ghes_packages.live import aws, deployed
from ghes_packages.live.aws import S3_CONFIG
from ghes_packages.live.deployed import Deployed, Parts
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.live.replication import rule_to
from ghes_packages.outputs import ReplicaOutputs
from ghes_packages.policies.statements import log_delivery_statement
from ghes_packages.verify.bucket_checks import BucketChecks
from ghes_packages.verify.operator import as_operator
from ghes_packages.verify.report import Check, Failed

REPLICA = "The replica of the packages bucket"
REPLICA_LOGS = "The bucket of the replica's access logs"


def read(instance: Instance) -> "Replica | None":
    """None if the instance has no replica. Raises what `aws.session` and `deployed.read_replica` raise."""
    if instance.replica is None:
        return None
    there = aws.session(instance.replica)
    return Replica(instance.replica, there, deployed.read_replica(instance.replica, there))


@dataclass(frozen=True)
class Replica:
    """`there` is for the region of the replica."""

    replica: Instance
    there: boto3.Session
    outputs: ReplicaOutputs

    def checks(self, here: boto3.Session, stack: Deployed, parts: Parts) -> Iterator[Check]:
        """What the options promise of it; `here` is for the region of the instance."""
        s3, bucket, log_bucket = (
            self.there.client("s3", config=S3_CONFIG),
            self.outputs.bucket,
            self.outputs.access_logs,
        )
        arn, log_arn = stack.bucket_arn(bucket), stack.bucket_arn(log_bucket)
        key = KmsKey(self.outputs.key_arn) if self.outputs.key_arn else None
        delivery = log_delivery_statement(log_arn, arn, stack.account)
        packages_replica = BucketChecks(REPLICA, s3, bucket, arn, packages(self.replica), key)
        yield _replicated(here, stack.outputs.bucket, bucket, self.outputs.key_arn, "packages replicated")
        if parts.log_bucket:
            yield _replicated(here, parts.log_bucket, log_bucket, None, "access logs replicated")
        yield from packages_replica.checks()
        yield packages_replica.logged_to(log_bucket)
        yield from BucketChecks(REPLICA_LOGS, s3, log_bucket, log_arn, ACCESS_LOGS, None, (delivery,)).checks()


def _replicated(here: boto3.Session, bucket: str, to: str, key_arn: str | None, title: str) -> Check:
    def run() -> str:
        rule = rule_to(to, key_arn, bucket, here)
        if rule is None:
            raise Failed("no rule")
        if rule.faults:
            raise Failed(f"the rule {'; '.join(rule.faults)}")
        return "all of it"

    remedy = f"restore the rule as docs/replica.md says: aws s3api put-bucket-replication --bucket {bucket}"
    return Check(REPLICA, title, "all of it", as_operator(run), remedy)

"""The bucket of GitHub Packages, and the bucket for its access logs."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ghes_packages.config.instance import Instance
from ghes_packages.config.lifecycle import ACCESS_LOGS, packages
from stacks.acknowledged import acknowledge
from stacks.packages_key import Key, ReplicaKey
from stacks.private_bucket import PrivateBucket
from stacks.replication import Replica, Replication


class PackagesBucket(Construct):
    """`bucket` is dedicated to GitHub Packages; its access is logged to `access_logs`.

    If the instance has a replica, S3 replicates both.
    """

    def __init__(self, scope: Construct, construct_id: str, instance: Instance, key: Key | ReplicaKey | None) -> None:
        super().__init__(scope, construct_id)
        replica = Replica(self, "Replica", instance.replica) if instance.replica else None
        self.access_logs = (
            s3.Bucket.from_bucket_name(self, "AccessLogs", instance.access_logs)
            if instance.has_central_log_bucket
            else _log_bucket(self, "AccessLogs", replica)
        )
        replication = (
            Replication(
                self,
                "BucketReplication",
                replica.bucket,
                source_key=key.key if key else None,
                replica_key=replica.key,
            )
            if replica
            else None
        )
        self.bucket = PrivateBucket(
            self,
            "Bucket",
            lifecycle=packages(instance),
            kms_key_id=key.id_for_bucket if key else None,
            access_logs=self.access_logs,
            access_logs_prefix=instance.access_logs_prefix,
            bucket_name=instance.bucket_name,
            replication=replication,
        )
        if instance.has_central_log_bucket:
            cdk.Annotations.of(self.bucket).acknowledge_warning(
                "@aws-cdk/aws-s3:accessLogsPolicyNotAdded",
                "The policy of a central log bucket is its owner's; `verify` says where the logs go.",
            )


def packages_bucket(scope: Construct, construct_id: str, instance: Instance, key: Key | None) -> s3.IBucket:
    """The bucket of an instance: the stack's own, or an existing one, which the stack does not change."""
    if instance.existing_bucket:
        return s3.Bucket.from_bucket_name(scope, construct_id, instance.existing_bucket)
    return PackagesBucket(scope, construct_id, instance, key).bucket


def _log_bucket(scope: Construct, construct_id: str, replica: Replica | None) -> s3.IBucket:
    replication = Replication(scope, f"{construct_id}Replication", replica.access_logs) if replica else None
    bucket = PrivateBucket(scope, construct_id, lifecycle=ACCESS_LOGS, replication=replication)
    acknowledge(
        bucket,
        "S3 delivers access logs only to a bucket whose default encryption is SSE-S3, says AWS; with a KMS key no log"
        " would arrive.",
        "NIST.800.53.R5-S3DefaultEncryptionKMS",
        "HIPAA.Security-S3DefaultEncryptionKMS",
        "PCI.DSS.321-S3DefaultEncryptionKMS",
    )
    return bucket

"""A bucket that is private and encrypted, and outlives its stack."""

from functools import cache
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ghes_packages.config.lifecycle import TRANSITION_DAYS, Lifecycle
from ghes_packages.policies.statements import LEAST_TLS_VERSION
from stacks.replication import Replication


class PrivateBucket(s3.Bucket):
    """The base of every bucket of this project; `lifecycle` is what S3 may remove or move.

    `kms_key_id` is the ARN or alias of the key that encrypts new objects, instead of SSE-S3.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        lifecycle: Lifecycle,
        kms_key_id: str | None = None,
        access_logs: s3.IBucket | None = None,
        access_logs_prefix: str | None = None,
        bucket_name: str | None = None,
        replication: Replication | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            bucket_name=bucket_name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=LEAST_TLS_VERSION,
            encryption=s3.BucketEncryption.S3_MANAGED,
            versioned=True,
            lifecycle_rules=[_rule(lifecycle)],
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=access_logs_prefix,
            removal_policy=RETAIN,
            replication_role=replication.role if replication else None,
            replication_rules=[replication.rule] if replication else None,
        )
        if replication:
            replication.allow(self)
        # Without its policy a retained bucket would lose the TLS-only rule (aws/aws-cdk#27125).
        if policy := self.policy:
            policy.apply_removal_policy(RETAIN)
        if kms_key_id:
            _encrypt(cast(s3.CfnBucket, self.node.default_child), kms_key_id)


# It survives the stack and every replacement, but a failed first deploy leaves no orphan.
RETAIN = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


def _encrypt(bucket: s3.CfnBucket, kms_key_id: str) -> None:
    # CDK's own property would refer to a key; an alias is only a name.
    bucket.bucket_encryption = s3.CfnBucket.BucketEncryptionProperty(
        server_side_encryption_configuration=[
            s3.CfnBucket.ServerSideEncryptionRuleProperty(
                bucket_key_enabled=True,
                server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                    sse_algorithm="aws:kms", kms_master_key_id=kms_key_id
                ),
            )
        ]
    )


# Most instances have the same, and each time span is a call of CDK's process.
@cache
def _rule(lifecycle: Lifecycle) -> s3.LifecycleRule:
    current = lifecycle.current_days
    return s3.LifecycleRule(
        expiration=None if current is None else cdk.Duration.days(current),
        # S3 does this itself if current objects expire, and refuses a rule with both.
        expired_object_delete_marker=True if current is None else None,
        noncurrent_version_expiration=cdk.Duration.days(lifecycle.noncurrent_days),
        abort_incomplete_multipart_upload_after=cdk.Duration.days(lifecycle.incomplete_upload_days),
        transitions=[_transition(lifecycle.moved_to)] if lifecycle.moved_to else None,
    )


def _transition(moved_to: str) -> s3.Transition:
    days = cdk.Duration.days(TRANSITION_DAYS)
    return s3.Transition(storage_class=s3.StorageClass(moved_to), transition_after=days)

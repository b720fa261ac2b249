"""A bucket that nobody can make public, read in clear or lose by deleting a stack."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ghes_packages.bucket_settings import LEAST_TLS_VERSION
from ghes_packages.lifecycle import Lifecycle


class PrivateBucket(s3.Bucket):
    """What every bucket of this project has in common; what S3 may remove from it is its lifecycle."""

    def __init__(
        self, scope: Construct, construct_id: str, *, lifecycle: Lifecycle, access_logs: s3.IBucket | None = None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=LEAST_TLS_VERSION,
            encryption=s3.BucketEncryption.S3_MANAGED,
            versioned=True,
            lifecycle_rules=[_rule(lifecycle)],
            server_access_logs_bucket=access_logs,
            removal_policy=RETAIN,
        )
        # Without its policy a retained bucket would lose the TLS-only rule (aws/aws-cdk#27125).
        if self.policy:
            self.policy.apply_removal_policy(RETAIN)


# Survives the stack and every replacement, and yet a first deploy that fails leaves no orphan.
RETAIN = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


def _rule(lifecycle: Lifecycle) -> s3.LifecycleRule:
    current = lifecycle.current_days
    return s3.LifecycleRule(
        expiration=None if current is None else cdk.Duration.days(current),
        # S3 does this by itself where current objects expire, and refuses a rule that says both.
        expired_object_delete_marker=True if current is None else None,
        noncurrent_version_expiration=cdk.Duration.days(lifecycle.noncurrent_days),
        abort_incomplete_multipart_upload_after=cdk.Duration.days(lifecycle.incomplete_upload_days),
    )

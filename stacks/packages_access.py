"""The IAM user that GHES signs in as: what it may do, its access key, and the secret that holds the key."""

from collections.abc import Mapping
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ghes_packages.instances import ACTIVE, INACTIVE
from ghes_packages.permissions import ResourceType, actions

STATUSES = {ACTIVE: iam.AccessKeyStatus.ACTIVE, INACTIVE: iam.AccessKeyStatus.INACTIVE}


class PackagesAccess(Construct):
    """A user, because GitHub Packages takes an access key only: it can assume no role and has no OIDC.

    One managed policy says what the user may do. It hangs on the group, and it is the user's permissions boundary
    too: whatever anyone attaches to the user later, IAM keeps it to the seven actions.

    `access_keys` are the statuses of the keys by generation, the newest first. The secret's current value is the
    newest key; a change of it leaves the key before under AWSPREVIOUS.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.Bucket,
        service_url: str,
        access_keys: Mapping[int, str],
    ) -> None:
        super().__init__(scope, construct_id)
        group = iam.Group(self, "Group")
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            description="The seven S3 actions that GitHub Packages needs, on its one bucket",
            groups=[group],
            statements=[
                iam.PolicyStatement(sid="Bucket", actions=actions(ResourceType.BUCKET), resources=[bucket.bucket_arn]),
                iam.PolicyStatement(
                    sid="Objects", actions=actions(ResourceType.OBJECT), resources=[bucket.arn_for_objects("*")]
                ),
            ],
        )
        _acknowledge(
            policy,
            f"AwsSolutions-IAM5[Resource::<{_logical_id(bucket)}.Arn>/*]",
            "GHES chooses the object keys, so the policy must cover every object; the bucket holds nothing but"
            " GitHub Packages, and no action has a wildcard.",
        )
        self.user = iam.User(self, "User", groups=[group], permissions_boundary=policy)
        # The newest first. Each generation is a resource of its own, so that no deploy replaces one by another.
        self.access_keys = [
            iam.AccessKey(self, f"AccessKey{generation}", user=self.user, status=STATUSES[status])
            for generation, status in access_keys.items()
        ]
        newest = self.access_keys[0]
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="The access key of GitHub Packages, with the bucket that it opens",
            secret_object_value={
                "access_key_id": _not_secret(newest.access_key_id),
                "secret_access_key": newest.secret_access_key,
                "bucket": _not_secret(bucket.bucket_name),
                "service_url": _not_secret(service_url),
                "region": _not_secret(cdk.Stack.of(self).region),
            },
        )
        _acknowledge(
            self.secret,
            "AwsSolutions-SMG4",
            "Only an administrator can give GHES a new key, in its Management Console: a rotation that AWS runs by"
            " itself would disable the key that GHES still uses. The key is rotated in reviewed steps instead, with"
            " access_key and previous_access_key of the instance: two keys work until GHES has the new one, `status`"
            " fails when a key is older than 90 days, and `rotate` and `review` refuse to cut GHES off.",
        )


def _not_secret(value: str) -> cdk.SecretValue:
    return cdk.SecretValue.unsafe_plain_text(value)


def _acknowledge(construct: Construct, finding: str, reason: str) -> None:
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=f"AwsSolutions::{finding}", reason=reason))


def _logical_id(bucket: s3.Bucket) -> str:
    return cdk.Stack.of(bucket).get_logical_id(cast(s3.CfnBucket, bucket.node.default_child))

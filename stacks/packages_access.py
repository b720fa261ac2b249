"""The IAM user that GHES signs in as: its permissions, its access key, and the secret with the key."""

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ghes_packages import logical_ids
from ghes_packages.config.instance import ACTIVE, INACTIVE, Instance
from ghes_packages.policies.statements import address_statement, packages_statements, readers_statement
from stacks.acknowledged import acknowledge, objects_of
from stacks.packages_key import Key

STATUSES = {ACTIVE: iam.AccessKeyStatus.ACTIVE, INACTIVE: iam.AccessKeyStatus.INACTIVE}


class PackagesAccess(Construct):
    """A user, because GitHub Packages supports only access keys: no role and no OIDC.

    One managed policy has the user's permissions. It is attached to the group, and unless the instance names another,
    it is also the user's permissions boundary: whatever is attached to the user later, IAM allows only the seven
    actions.

    The secret's current value is the newest access key; its previous version, AWSPREVIOUS, is the key before.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        instance: Instance,
        *,
        bucket: s3.IBucket,
        key: Key | None,
        service_url: str,
    ) -> None:
        super().__init__(scope, construct_id)
        group = iam.Group(self, "Group")
        policy = _seven_actions(self, logical_ids.POLICY, instance, group, bucket)
        self.user = iam.User(self, "User", groups=[group], permissions_boundary=_boundary(self, instance, policy))
        # The newest first. Each generation is its own resource, so that no deploy replaces one by another.
        self.access_keys = [
            iam.AccessKey(self, logical_ids.access_key(generation), user=self.user, status=STATUSES[status])
            for generation, status in instance.access_keys.items()
        ]
        newest = self.access_keys[0]
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="The access key of GitHub Packages, with the bucket that it opens",
            encryption_key=key.key if key else None,
            secret_object_value={
                "access_key_id": _not_secret(newest.access_key_id),
                "secret_access_key": newest.secret_access_key,
                "bucket": _not_secret(bucket.bucket_name),
                "service_url": _not_secret(service_url),
                "region": _not_secret(cdk.Stack.of(self).region),
            },
        )
        acknowledge(
            self.secret,
            "Only an administrator can give GHES a new key, in its Management Console: a rotation that AWS runs by"
            " itself would disable the key that GHES still uses. The key is rotated in reviewed steps instead, with"
            " access_key and previous_access_key of the instance: two keys work until GHES has the new one, `status`"
            " fails when a key is older than 90 days, and `rotate` and `review` refuse to cut GHES off.",
            "AwsSolutions-SMG4",
            "NIST.800.53.R5-SecretsManagerRotationEnabled",
            "HIPAA.Security-SecretsManagerRotationEnabled",
        )
        _let_read(self.secret, instance.secret_readers)
        if key:
            key.let_in(self.user, bucket, instance.secret_readers)


def _seven_actions(
    scope: Construct, construct_id: str, instance: Instance, group: iam.IGroup, bucket: s3.IBucket
) -> iam.ManagedPolicy:
    """The seven actions, and with allowed addresses or endpoints, a denial for all others."""
    policy = iam.ManagedPolicy(
        scope,
        construct_id,
        description="The seven S3 actions that GitHub Packages needs, on its one bucket",
        groups=[group],
        statements=[iam.PolicyStatement.from_json(each) for each in packages_statements(bucket.bucket_arn)],
    )
    if instance.restricted_by:
        objects_arn = bucket.arn_for_objects("*")
        denial = address_statement(objects_arn, instance.allowed_cidrs, instance.allowed_vpc_endpoints)
        policy.add_statements(iam.PolicyStatement.from_json(denial))
    acknowledge(
        policy,
        "GHES chooses the object keys, so the policy must cover every object; the bucket holds nothing but"
        " GitHub Packages, and no action has a wildcard.",
        objects_of(bucket),
    )
    return policy


def _boundary(scope: Construct, instance: Instance, policy: iam.IManagedPolicy) -> iam.IManagedPolicy:
    if instance.permissions_boundary is None:
        return policy
    return iam.ManagedPolicy.from_managed_policy_arn(scope, "Boundary", instance.permissions_boundary)


def _let_read(secret: secretsmanager.Secret, roles: Sequence[str]) -> None:
    if roles:
        policy = secretsmanager.ResourcePolicy(secret, "Readers", secret=secret)
        cast(secretsmanager.CfnResourcePolicy, policy.node.default_child).block_public_policy = True
        policy.document.add_statements(iam.PolicyStatement.from_json(readers_statement(roles)))


def _not_secret(value: str) -> cdk.SecretValue:
    return cdk.SecretValue.unsafe_plain_text(value)

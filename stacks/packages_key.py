"""The KMS key of the bucket and the secret."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import SSE_S3
from ghes_packages.policies.statements import reader_statement, user_statement
from stacks.private_bucket import RETAIN


class ExistingKey(Construct):
    """A key of another owner, whose policy this stack cannot change."""

    def __init__(self, scope: Construct, construct_id: str, arn: str) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key.from_key_arn(self, "Key", arn)
        self.id_for_bucket = arn

    def let_in(self, user: iam.IUser, bucket: s3.IBucket, readers: tuple[str, ...]) -> None:
        """Do nothing: the owner must add the statement. `verify` checks it, and prints the statement."""


class PackagesKey(Construct):
    """The stack's own key: rotated every year, and retained when the stack is deleted.

    The key policy allows the user, so that the user's own policy has only the seven S3 actions. It names the user and
    the bucket, and so needs both first. That is why the bucket refers to the key by an alias.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.key = _own_key(self, "Encrypts the packages, and the access key of GitHub Packages")
        # The last part of the stack's ID: a later stack of the same name must be able to create its own alias.
        self.id_for_bucket = f"alias/{stack.stack_name}/{cdk.Fn.select(2, cdk.Fn.split('/', stack.stack_id))}"
        kms.Alias(self, "Alias", alias_name=self.id_for_bucket, target_key=self.key, removal_policy=RETAIN)

    def let_in(self, user: iam.IUser, bucket: s3.IBucket, readers: tuple[str, ...]) -> None:
        """Allow the user, only through S3 and for this bucket; readers of the secret, through Secrets Manager."""
        stack = cdk.Stack.of(self)
        statements = [user_statement(user.user_arn, bucket.bucket_arn, stack.region, stack.url_suffix)]
        statements += [reader_statement(arn, stack.region, stack.url_suffix) for arn in readers]
        for statement in statements:
            self.key.add_to_resource_policy(iam.PolicyStatement.from_json(statement))


class ReplicaKey(Construct):
    """The key of a replica. It allows no user; add one when a GHES needs the replica."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.key = _own_key(self, "Encrypts the replica of the packages")
        self.id_for_bucket = self.key.key_arn


Key = PackagesKey | ExistingKey


def _own_key(scope: Construct, description: str) -> kms.Key:
    return kms.Key(scope, "Key", description=description, enable_key_rotation=True, removal_policy=RETAIN)


def packages_key(scope: Construct, construct_id: str, instance: Instance) -> Key | None:
    """The key of the option `encryption`."""
    if instance.encryption == SSE_S3:
        return None
    if instance.key_arn:
        return ExistingKey(scope, construct_id, instance.key_arn)
    return PackagesKey(scope, construct_id)

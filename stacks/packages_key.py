"""The KMS key of bucket and secret, where an instance has one."""

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
    """A key that belongs to somebody else, whose policy this stack cannot touch."""

    def __init__(self, scope: Construct, construct_id: str, arn: str) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key.from_key_arn(self, "Key", arn)
        self.id_for_bucket = arn

    def let_in(self, user: iam.IUser, bucket: s3.IBucket, readers: tuple[str, ...]) -> None:
        """Nothing: its owner must do it. `verify` says whether it was done, and the statement to add."""


class PackagesKey(Construct):
    """A key of the stack's own: rotated every year, kept when the stack is deleted.

    The key's policy lets the user in, so that the user's own policy keeps to its seven actions of S3. It names user and
    bucket, and these are made after the bucket, so that the bucket must know the key by an alias.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.key = _own_key(self, "Encrypts the packages, and the access key of GitHub Packages")
        # The last part of the stack's ID: a later stack of the same name must be able to make its own.
        self.id_for_bucket = f"alias/{stack.stack_name}/{cdk.Fn.select(2, cdk.Fn.split('/', stack.stack_id))}"
        kms.Alias(self, "Alias", alias_name=self.id_for_bucket, target_key=self.key, removal_policy=RETAIN)

    def let_in(self, user: iam.IUser, bucket: s3.IBucket, readers: tuple[str, ...]) -> None:
        """The user, through S3 and for this bucket alone; readers of the secret, through Secrets Manager."""
        stack = cdk.Stack.of(self)
        statements = [user_statement(user.user_arn, bucket.bucket_arn, stack.region, stack.url_suffix)]
        statements += [reader_statement(arn, stack.region, stack.url_suffix) for arn in readers]
        for statement in statements:
            self.key.add_to_resource_policy(iam.PolicyStatement.from_json(statement))


class ReplicaKey(Construct):
    """The key of a replica. There is no user to let in; whoever needs the replica one day is let in on that day."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.key = _own_key(self, "Encrypts the replica of the packages")
        self.id_for_bucket = self.key.key_arn


Key = PackagesKey | ExistingKey


def _own_key(scope: Construct, description: str) -> kms.Key:
    return kms.Key(scope, "Key", description=description, enable_key_rotation=True, removal_policy=RETAIN)


def packages_key(scope: Construct, construct_id: str, instance: Instance) -> Key | None:
    """The key that the option `encryption` asks for."""
    if instance.encryption == SSE_S3:
        return None
    if instance.key_arn:
        return ExistingKey(scope, construct_id, instance.key_arn)
    return PackagesKey(scope, construct_id)

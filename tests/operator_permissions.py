"""The IAM actions that the operator needs for the commands, on what, and what for; in the order of their use.

Source of the resources: AWS, Service Authorization Reference.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum


class Command(StrEnum):
    """A command that asks AWS, with the option that makes it need more."""

    SETTINGS = "settings"
    SETTINGS_AND_SECRET = "settings --show-secret"  # a command
    VERIFY = "verify"
    STATUS = "status"
    ROTATE = "rotate"
    REVIEW = "review --deployed"


class Resource(StrEnum):
    """What actions are needed on, as an ARN. What the words in capitals stand for, docs/rights.md says."""

    STACK = "arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/GhesPackages-NAME/*"
    SECRET = "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:SECRET"  # an ARN
    KMS_KEY = "arn:PARTITION:kms:REGION:ACCOUNT:key/KEY"
    BUCKET = "arn:PARTITION:s3:::BUCKET"
    EACH_BUCKET = "arn:PARTITION:s3:::EACH-BUCKET"
    PROBE_OBJECTS = "arn:PARTITION:s3:::BUCKET/ghes-packages-verify-*"
    USER = "arn:PARTITION:iam::ACCOUNT:user/USER"
    GROUP = "arn:PARTITION:iam::ACCOUNT:group/GROUP"
    POLICY = "arn:PARTITION:iam::ACCOUNT:policy/POLICY"
    ANY = "*"


class Where(StrEnum):
    """In whose region, and so on whose stack and buckets."""

    INSTANCE = "the instance"
    REPLICA = "the replica"
    BOTH = "both"


class When(StrEnum):
    """Which instances need it."""

    ALWAYS = "always"
    KMS = "with `encryption`"
    KMS_KEY_OF_THE_STACK = 'with `encryption = "kms"`'
    REPLICA = "with `replica_region`"
    NO_REPLICA = "without `replica_region`"
    ACCESS_KEY_REFUSED = "with `replica_region`, if S3 refuses the access key"


@dataclass(frozen=True)
class OperatorPermission:
    """Actions that are needed on the same resource, for the same purpose, by the same commands.

    Without one of them, the command names it, and the resource.
    """

    actions: tuple[str, ...]
    resource: Resource
    purpose: str
    commands: Set[Command]
    when: When = When.ALWAYS
    where: Where = Where.INSTANCE


_EVERY = frozenset(Command)
_SHOW = frozenset({Command.SETTINGS_AND_SECRET, Command.VERIFY})
_VERIFY = frozenset({Command.VERIFY})
_STATUS = frozenset({Command.STATUS})
_REVIEW = frozenset({Command.REVIEW})
_KEYS = frozenset({Command.STATUS, Command.ROTATE, Command.REVIEW})


def _needed(
    actions: str,
    resource: Resource,
    purpose: str,
    commands: Set[Command],
    when: When = When.ALWAYS,
    where: Where = Where.INSTANCE,
) -> OperatorPermission:
    return OperatorPermission(tuple(actions.split()), resource, purpose, commands, when, where)


OPERATOR_PERMISSIONS = (
    _needed("cloudformation:DescribeStacks", Resource.STACK, "the outputs", _EVERY),
    _needed(
        "cloudformation:DescribeStacks",
        Resource.STACK,
        "the outputs of the replica",
        _VERIFY | _STATUS | _REVIEW,
        When.REPLICA,
        Where.REPLICA,
    ),
    _needed("secretsmanager:GetSecretValue", Resource.SECRET, "the secret key", _SHOW),
    _needed("kms:Decrypt", Resource.KMS_KEY, "the secret key", _SHOW, When.KMS),
    _needed(
        "cloudformation:ListStackResources",
        Resource.STACK,
        "the names of group, policy, log bucket, KMS key and access keys",
        _VERIFY | _KEYS,
    ),
    _needed(
        "s3:GetBucketPublicAccessBlock s3:GetBucketOwnershipControls s3:GetEncryptionConfiguration"
        " s3:GetBucketVersioning s3:GetLifecycleConfiguration",
        Resource.EACH_BUCKET,
        "the buckets' settings",
        _VERIFY,
        where=Where.BOTH,
    ),
    _needed("s3:GetBucketPolicy", Resource.EACH_BUCKET, "the buckets' policies", _VERIFY, where=Where.BOTH),
    _needed("s3:GetBucketLogging", Resource.BUCKET, "where access is logged", _VERIFY, where=Where.BOTH),
    _needed("kms:DescribeKey kms:GetKeyPolicy", Resource.KMS_KEY, "the KMS key", _VERIFY, When.KMS),
    _needed("kms:GetKeyRotationStatus", Resource.KMS_KEY, "its rotation", _VERIFY, When.KMS_KEY_OF_THE_STACK),
    _needed(
        "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy",
        Resource.SECRET,
        "who may read the secret, and its encryption",
        _VERIFY,
    ),
    _needed("iam:ListGroupsForUser", Resource.USER, "the user's groups", _VERIFY),
    _needed("iam:GetGroup", Resource.GROUP, "the group's members", _VERIFY),
    _needed("iam:ListAttachedGroupPolicies iam:ListGroupPolicies", Resource.GROUP, "the group's policies", _VERIFY),
    _needed("iam:GetPolicy iam:GetPolicyVersion", Resource.POLICY, "what the policy allows", _VERIFY),
    _needed("iam:GetUser", Resource.USER, "the permissions boundary", _VERIFY),
    _needed("iam:ListAttachedUserPolicies iam:ListUserPolicies", Resource.USER, "the user's own policies", _VERIFY),
    _needed("iam:GetLoginProfile", Resource.USER, "whether there is a console password", _VERIFY),
    _needed("iam:ListAccessKeys", Resource.USER, "the user's access keys", _VERIFY | _KEYS),
    _needed("iam:GetAccessKeyLastUsed", Resource.USER, "when they were last used", _KEYS),
    _needed("cloudformation:GetTemplate", Resource.STACK, "the deployed options", _VERIFY | _STATUS | _REVIEW),
    _needed(
        "cloudformation:GetTemplate",
        Resource.STACK,
        "the options of the deployed replica",
        _REVIEW,
        When.REPLICA,
        Where.REPLICA,
    ),
    _needed("s3:GetReplicationConfiguration", Resource.BUCKET, "whether it is replicated", _VERIFY, When.NO_REPLICA),
    _needed(
        "s3:GetReplicationConfiguration",
        Resource.EACH_BUCKET,
        "whether they are replicated, and how",
        _VERIFY,
        When.REPLICA,
    ),
    _needed("s3:GetReplicationConfiguration", Resource.BUCKET, "the replication rule", _STATUS, When.REPLICA),
    _needed(
        "cloudwatch:GetMetricData", Resource.ANY, "how far the replica is behind", _STATUS, When.REPLICA, Where.BOTH
    ),
    _needed(
        "s3:ListBucketMultipartUploads s3:ListBucketVersions",
        Resource.BUCKET,
        "find the test objects of `verify`",
        _VERIFY,
        When.NO_REPLICA,
    ),
    _needed("s3:DeleteObjectVersion", Resource.PROBE_OBJECTS, "remove them", _VERIFY, When.NO_REPLICA),
    _needed(
        "s3:AbortMultipartUpload",
        Resource.PROBE_OBJECTS,
        "remove them, after an interruption",
        _VERIFY,
        When.NO_REPLICA,
    ),
    _needed(
        "s3:ListBucketMultipartUploads s3:ListBucket",
        Resource.BUCKET,
        "find the test objects of `verify`",
        _VERIFY,
        When.ACCESS_KEY_REFUSED,
    ),
    _needed(
        "s3:AbortMultipartUpload s3:DeleteObject",
        Resource.PROBE_OBJECTS,
        "remove them",
        _VERIFY,
        When.ACCESS_KEY_REFUSED,
    ),
)

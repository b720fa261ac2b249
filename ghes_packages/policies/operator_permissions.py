"""The IAM actions that the operator needs for the commands, on what, and what for; in the order of their use.

Source of the resources: AWS, Service Authorization Reference.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum


class Command(StrEnum):
    """A command that asks AWS, with the option that makes it need more."""

    SETTINGS = "settings"
    SETTINGS_AND_SECRET = "settings --show-secret"  # noqa: S105  # a command
    VERIFY = "verify"
    STATUS = "status"
    ROTATE = "rotate"
    REVIEW = "review --deployed"


class Resource(StrEnum):
    """What actions are needed on, as an ARN. What the words in capitals stand for, docs/rights.md says."""

    STACK = "arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/GhesPackages-NAME/*"
    SECRET = "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:SECRET"  # noqa: S105  # an ARN
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
    where: Where = Where.INSTANCE
    when: When = When.ALWAYS


_EVERY = frozenset(Command)
_SHOW = frozenset({Command.SETTINGS_AND_SECRET, Command.VERIFY})
_VERIFY = frozenset({Command.VERIFY})
_STATUS = frozenset({Command.STATUS})
_REVIEW = frozenset({Command.REVIEW})
_KEYS = frozenset({Command.STATUS, Command.ROTATE, Command.REVIEW})

OPERATOR_PERMISSIONS = (
    OperatorPermission(("cloudformation:DescribeStacks",), Resource.STACK, "the outputs", _EVERY),
    OperatorPermission(
        ("cloudformation:DescribeStacks",),
        Resource.STACK,
        "the outputs of the replica",
        _VERIFY | _STATUS | _REVIEW,
        Where.REPLICA,
        when=When.REPLICA,
    ),
    OperatorPermission(("secretsmanager:GetSecretValue",), Resource.SECRET, "the secret key", _SHOW),
    OperatorPermission(("kms:Decrypt",), Resource.KMS_KEY, "the secret key", _SHOW, when=When.KMS),
    OperatorPermission(
        ("cloudformation:ListStackResources",),
        Resource.STACK,
        "the names of group, policy, log bucket, KMS key and access keys",
        _VERIFY | _KEYS,
    ),
    OperatorPermission(
        (
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketOwnershipControls",
            "s3:GetEncryptionConfiguration",
            "s3:GetBucketVersioning",
            "s3:GetLifecycleConfiguration",
        ),
        Resource.EACH_BUCKET,
        "the buckets' settings",
        _VERIFY,
        Where.BOTH,
    ),
    OperatorPermission(("s3:GetBucketPolicy",), Resource.EACH_BUCKET, "the buckets' policies", _VERIFY, Where.BOTH),
    OperatorPermission(("s3:GetBucketLogging",), Resource.BUCKET, "where access is logged", _VERIFY, Where.BOTH),
    OperatorPermission(
        ("kms:DescribeKey", "kms:GetKeyPolicy"), Resource.KMS_KEY, "the KMS key", _VERIFY, when=When.KMS
    ),
    OperatorPermission(
        ("kms:GetKeyRotationStatus",), Resource.KMS_KEY, "its rotation", _VERIFY, when=When.KMS_KEY_OF_THE_STACK
    ),
    OperatorPermission(
        ("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"),
        Resource.SECRET,
        "who may read the secret, and its encryption",
        _VERIFY,
    ),
    OperatorPermission(("iam:ListGroupsForUser",), Resource.USER, "the user's groups", _VERIFY),
    OperatorPermission(("iam:GetGroup",), Resource.GROUP, "the group's members", _VERIFY),
    OperatorPermission(
        ("iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies"), Resource.GROUP, "the group's policies", _VERIFY
    ),
    OperatorPermission(("iam:GetPolicy", "iam:GetPolicyVersion"), Resource.POLICY, "what the policy allows", _VERIFY),
    OperatorPermission(("iam:GetUser",), Resource.USER, "the permissions boundary", _VERIFY),
    OperatorPermission(
        ("iam:ListAttachedUserPolicies", "iam:ListUserPolicies"), Resource.USER, "the user's own policies", _VERIFY
    ),
    OperatorPermission(("iam:GetLoginProfile",), Resource.USER, "whether there is a console password", _VERIFY),
    OperatorPermission(("iam:ListAccessKeys",), Resource.USER, "the user's access keys", _VERIFY | _KEYS),
    OperatorPermission(("iam:GetAccessKeyLastUsed",), Resource.USER, "when they were last used", _KEYS),
    OperatorPermission(
        ("cloudformation:GetTemplate",), Resource.STACK, "the deployed options", _VERIFY | _STATUS | _REVIEW
    ),
    OperatorPermission(
        ("cloudformation:GetTemplate",),
        Resource.STACK,
        "the options of the deployed replica",
        _REVIEW,
        Where.REPLICA,
        when=When.REPLICA,
    ),
    OperatorPermission(
        ("s3:GetReplicationConfiguration",),
        Resource.BUCKET,
        "whether it is replicated",
        _VERIFY,
        when=When.NO_REPLICA,
    ),
    OperatorPermission(
        ("s3:GetReplicationConfiguration",),
        Resource.EACH_BUCKET,
        "whether they are replicated, and how",
        _VERIFY,
        when=When.REPLICA,
    ),
    OperatorPermission(
        ("s3:GetReplicationConfiguration",), Resource.BUCKET, "the replication rule", _STATUS, when=When.REPLICA
    ),
    OperatorPermission(
        ("cloudwatch:GetMetricData",),
        Resource.ANY,
        "how far the replica is behind",
        _STATUS,
        Where.BOTH,
        when=When.REPLICA,
    ),
    OperatorPermission(
        ("s3:ListBucketMultipartUploads", "s3:ListBucketVersions"),
        Resource.BUCKET,
        "find the test objects of `verify`",
        _VERIFY,
        when=When.NO_REPLICA,
    ),
    OperatorPermission(
        ("s3:DeleteObjectVersion",), Resource.PROBE_OBJECTS, "remove them", _VERIFY, when=When.NO_REPLICA
    ),
    OperatorPermission(
        ("s3:AbortMultipartUpload",),
        Resource.PROBE_OBJECTS,
        "remove them, after an interruption",
        _VERIFY,
        when=When.NO_REPLICA,
    ),
    OperatorPermission(
        ("s3:ListBucketMultipartUploads", "s3:ListBucket"),
        Resource.BUCKET,
        "find the test objects of `verify`",
        _VERIFY,
        when=When.ACCESS_KEY_REFUSED,
    ),
    OperatorPermission(
        ("s3:AbortMultipartUpload", "s3:DeleteObject"),
        Resource.PROBE_OBJECTS,
        "remove them",
        _VERIFY,
        when=When.ACCESS_KEY_REFUSED,
    ),
)

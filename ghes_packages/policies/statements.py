"""Every policy statement that this project writes. Stacks write them; guardrails and commands expect the same."""

from collections.abc import Sequence
from typing import Any

from ghes_packages.config.regions import dns_suffix_of
from ghes_packages.policies.permissions import ResourceType, actions

LEAST_TLS_VERSION = 1.2
# A bucket policy may demand more. S3 knows no later version, and a policy that demands one locks everybody out.
TLS_VERSIONS = (LEAST_TLS_VERSION, 1.3)

# AWS, "Setting up permissions for live replication", without the change of a replica's owner.
SOURCE_BUCKET_ACTIONS = ("s3:GetReplicationConfiguration", "s3:ListBucket")
SOURCE_OBJECT_ACTIONS = ("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging")
REPLICA_OBJECT_ACTIONS = ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags")
# AWS, "Replicating encrypted objects"; with a bucket key S3 decrypts too, to see whether that is intact.
SOURCE_KEY_ACTIONS = ("kms:Decrypt",)
REPLICA_KEY_ACTIONS = ("kms:Encrypt", "kms:Decrypt")

# For whoever restricts where the access key works; the options that do come before it.
REMINDER = (
    "clients fetch packages directly from S3, so end users too, not only GHES, must use an allowed address or endpoint"
)


def packages_statements(bucket_arn: str) -> list[dict[str, Any]]:
    """The seven actions for the user, each on the one resource type that AWS lists for it."""
    return [
        {"Sid": "Bucket", "Effect": "Allow", "Action": actions(ResourceType.BUCKET), "Resource": bucket_arn},
        {"Sid": "Objects", "Effect": "Allow", "Action": actions(ResourceType.OBJECT), "Resource": f"{bucket_arn}/*"},
    ]


def tls_statements(bucket_arn: str, least_version: float = LEAST_TLS_VERSION) -> list[dict[str, Any]]:
    """The two statements of the bucket policy that refuse requests without TLS, and with an older version of it."""
    everything = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
    }
    return [
        {**everything, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**everything, "Condition": {"NumericLessThan": {"s3:TlsVersion": least_version}}},
    ]


def log_delivery_statement(log_bucket_arn: str, bucket_arn: str, account: str) -> dict[str, Any]:
    """The one statement that lets S3 deliver the access logs of that bucket of that account, and of no other."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3"},
        "Action": "s3:PutObject",
        "Resource": f"{log_bucket_arn}/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": bucket_arn},
            "StringEquals": {"aws:SourceAccount": account},
        },
    }


def address_statement(
    objects_arn: str, allowed_cidrs: Sequence[str], allowed_vpc_endpoints: Sequence[str] = ()
) -> dict[str, Any]:
    """A denial for the user alone: nobody who deploys is in it, nor a service of AWS that acts for the user.

    It also holds for the links that GHES signs with the user's key. At least one of the two lists has a value: without
    any, it would deny everything. All conditions must be met, so what comes from one of the addresses or through one of
    the endpoints is not denied. A request through a VPC endpoint has no `aws:SourceIp`, any other has no
    `aws:SourceVpce`, and a negated operator is true where its key is missing. Source: AWS, IAM user guide, "Condition
    operators" and "AWS global condition context keys".
    """
    elsewhere = {
        "NotIpAddress": {"aws:SourceIp": list(allowed_cidrs)},
        "StringNotEquals": {"aws:SourceVpce": list(allowed_vpc_endpoints)},
    }
    return {
        "Sid": "Addresses",
        "Effect": "Deny",
        "Action": actions(ResourceType.OBJECT),
        "Resource": objects_arn,
        "Condition": {
            **{operator: keys for operator, keys in elsewhere.items() if any(keys.values())},
            "Bool": {"aws:ViaAWSService": "false"},
        },
    }


def readers_statement(role_arns: Sequence[str]) -> dict[str, Any]:
    """What a role needs to find the secret and to read it, in the same account without any policy of its own."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": list(role_arns)},
        "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
        "Resource": "*",
    }


def user_statement(user_arn: str, bucket_arn: str, region: str, dns_suffix: str) -> dict[str, Any]:
    """What KMS needs to let the user put (GenerateDataKey), and get or complete a multipart upload (Decrypt).

    Source: AWS, "Using server-side encryption with AWS KMS keys". With a bucket key the encryption context is the
    bucket's ARN; the ARNs of objects are for those that were written without it.
    """
    return {
        "Sid": "PackagesUserThroughS3",
        "Effect": "Allow",
        "Principal": {"AWS": user_arn},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": _through_s3(bucket_arn, region, dns_suffix),
    }


def reader_statement(role_arn: str, region: str, dns_suffix: str) -> dict[str, Any]:
    """What KMS needs to let a role read a secret that is encrypted with the key."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": role_arn},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": _via("secretsmanager", region, dns_suffix)}},
    }


def replication_statements(source_arn: str, replica_arn: str) -> list[dict[str, Any]]:
    """What the role of a replication may do with its two buckets and their objects."""
    return [
        {"Effect": "Allow", "Action": list(allowed), "Resource": resource}
        for allowed, resource in (
            (SOURCE_BUCKET_ACTIONS, source_arn),
            (SOURCE_OBJECT_ACTIONS, f"{source_arn}/*"),
            (REPLICA_OBJECT_ACTIONS, f"{replica_arn}/*"),
        )
    ]


def replication_key_statement(
    key_arn: str, allowed: Sequence[str], bucket_arn: str, region: str, dns_suffix: str
) -> dict[str, Any]:
    """What the role of a replication may do with the key of one of its two buckets; for the role's own policy."""
    return {
        "Effect": "Allow",
        "Action": list(allowed),
        "Resource": key_arn,
        "Condition": _through_s3(bucket_arn, region, dns_suffix),
    }


def _through_s3(bucket_arn: str, region: str, dns_suffix: str) -> dict[str, Any]:
    return {
        "StringEquals": {"kms:ViaService": _via("s3", region, dns_suffix)},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket_arn, f"{bucket_arn}/*"]},
    }


def _via(service: str, region: str, dns_suffix: str) -> str | list[str]:
    """The service as KMS may name it: with the DNS suffix of the partition, and with that of the commercial one.

    AWS does not document which of the two KMS uses in the other partitions. Only AWS sets the name, so both grant no
    more than one. `region` and `dns_suffix` may be references of a template; where the region is one, the two names can
    come out the same.
    """
    commercial = dns_suffix_of("us-east-1")
    suffixes = [dns_suffix] if dns_suffix_of(region) == commercial else [dns_suffix, commercial]
    names = [f"{service}.{region}.{suffix}" for suffix in suffixes]
    return names if len(names) > 1 else names[0]

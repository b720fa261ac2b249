"""The statements that let GHES, the readers of the secret and the replication use a KMS key, and nobody else."""

from collections.abc import Sequence
from typing import Any


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
        "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.{dns_suffix}"}},
    }


def replication_statement(
    key_arn: str, actions: Sequence[str], bucket_arn: str, region: str, dns_suffix: str
) -> dict[str, Any]:
    """What the role of a replication may do with the key of one of its two buckets; for the role's own policy."""
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": key_arn,
        "Condition": _through_s3(bucket_arn, region, dns_suffix),
    }


def _through_s3(bucket_arn: str, region: str, dns_suffix: str) -> dict[str, Any]:
    return {
        "StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix}"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket_arn, f"{bucket_arn}/*"]},
    }

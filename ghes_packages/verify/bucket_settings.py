"""What S3 must answer when it is asked for the settings of a bucket, and how to set them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ghes_packages.config.lifecycle import TRANSITION_DAYS, Lifecycle
from ghes_packages.guardrails.encrypted import TWO_LAYERS
from ghes_packages.guardrails.public_access_blocked import BLOCKED
from ghes_packages.live.kms_key import KmsKey

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class BucketSetting:
    """One setting: the value that it must have, how to read it, and the AWS CLI command that sets it.

    `read` returns the part of S3's answer that must be equal to `wanted`; where nothing is set, S3 answers with the
    error code `absent`.
    """

    title: str
    expected: str
    wanted: dict[str, Any]
    read: Callable[["S3Client", str], Any]
    absent: str
    command: str
    option: str


def bucket_settings(lifecycle: Lifecycle | None, kms_key: KmsKey | None) -> tuple[BucketSetting, ...]:
    """The settings of a bucket with that lifecycle, or with one that is not ours to say, encrypted with that key."""
    return (
        BucketSetting(
            title="public access blocked",
            expected="all four blocks",
            wanted=dict(BLOCKED),
            read=lambda s3, bucket: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
            absent="NoSuchPublicAccessBlockConfiguration",
            command="put-public-access-block",
            option="--public-access-block-configuration",
        ),
        BucketSetting(
            title="ACLs off",
            expected="owner enforced",
            wanted={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            read=lambda s3, bucket: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"],
            absent="OwnershipControlsNotFoundError",
            command="put-bucket-ownership-controls",
            option="--ownership-controls",
        ),
        _encryption(kms_key),
        BucketSetting(
            title="versioned",
            expected="enabled",
            wanted={"Status": "Enabled"},
            read=lambda s3, bucket: {"Status": s3.get_bucket_versioning(Bucket=bucket).get("Status", "never enabled")},
            absent="",
            command="put-bucket-versioning",
            option="--versioning-configuration",
        ),
        *([_lifecycle(lifecycle)] if lifecycle else []),
    )


def _encryption(kms_key: KmsKey | None) -> BucketSetting:
    by_default: dict[str, Any] = {"SSEAlgorithm": "AES256"}
    if kms_key:
        by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key.name_for_bucket}
    wanted = {"ApplyServerSideEncryptionByDefault": by_default, **({"BucketKeyEnabled": True} if kms_key else {})}

    def read(s3: "S3Client", bucket: str) -> dict[str, Any]:
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        found: list[dict[str, Any]] = [{key: rule[key] for key in wanted if key in rule} for rule in rules]  # type: ignore[literal-required]
        for rule in found:
            there = rule.get("ApplyServerSideEncryptionByDefault", {})
            if kms_key and there.get("SSEAlgorithm") == TWO_LAYERS:
                # It is as good, and works with no bucket key.
                there["SSEAlgorithm"], rule["BucketKeyEnabled"] = "aws:kms", True
            if kms_key and kms_key.is_called(there.get("KMSMasterKeyID", "")):
                there["KMSMasterKeyID"] = kms_key.name_for_bucket
        return {"Rules": found}

    return BucketSetting(
        title="encrypted by default",
        expected="SSE-KMS, bucket key" if kms_key else "SSE-S3",
        wanted={"Rules": [wanted]},
        read=read,
        absent="ServerSideEncryptionConfigurationNotFoundError",
        command="put-bucket-encryption",
        option="--server-side-encryption-configuration",
    )


def _lifecycle(lifecycle: Lifecycle) -> BucketSetting:
    return BucketSetting(
        title="lifecycle",
        expected=_in_words(lifecycle),
        wanted={"Rules": [_rule(lifecycle)]},
        read=lambda s3, bucket: {
            "Rules": [
                _whole_bucket(dict(rule)) for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
            ]
        },
        absent="NoSuchLifecycleConfiguration",
        command="put-bucket-lifecycle-configuration",
        option="--lifecycle-configuration",
    )


def _rule(lifecycle: Lifecycle) -> dict[str, Any]:
    current, moved_to = lifecycle.current_days, lifecycle.moved_to
    return {
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"ExpiredObjectDeleteMarker": True} if current is None else {"Days": current},
        "NoncurrentVersionExpiration": {"NoncurrentDays": lifecycle.noncurrent_days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": lifecycle.incomplete_upload_days},
        **({"Transitions": [{"Days": TRANSITION_DAYS, "StorageClass": moved_to}]} if moved_to else {}),
    }


def _whole_bucket(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule without its name; S3 knows three ways to say that a rule is for the whole bucket."""
    scope = rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}
    return {**{key: value for key, value in rule.items() if key not in ("ID", "Prefix")}, "Filter": scope}


def _in_words(lifecycle: Lifecycle) -> str:
    current = "current stay" if lifecycle.current_days is None else f"current {lifecycle.current_days} d"
    if lifecycle.moved_to:
        current += f" in {lifecycle.moved_to}"
    return f"{current}, noncurrent {lifecycle.noncurrent_days} d, uploads {lifecycle.incomplete_upload_days} d"

"""The IAM action that a call of S3 needs. Source: Amazon S3, Required permissions for Amazon S3 API operations."""

from collections.abc import Mapping
from typing import Any

# Of the calls that the operator makes, those whose action has another name.
ACTIONS = {
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
}
ACTIONS_ON_A_VERSION = {"DeleteObject": "DeleteObjectVersion"}


def lacking(operation: str, parameters: Mapping[str, Any]) -> str:
    """The action and what it is needed on, such as `s3:GetBucketLogging on BUCKET`."""
    actions = ACTIONS_ON_A_VERSION if "VersionId" in parameters else ACTIONS
    on = "/".join(parameters[each] for each in ("Bucket", "Key") if each in parameters)
    return f"s3:{actions.get(operation, operation)}{f' on {on}' if on else ''}"

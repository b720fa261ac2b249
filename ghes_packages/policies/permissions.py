"""The seven S3 actions of the GHES access key. They are written here and nowhere else.

Source of the list: GitHub, "Enabling GitHub Packages with AWS", prerequisites; the same from GHES 2.22 to today.
Source of the resource types: AWS, Service Authorization Reference, "Actions, resources, and condition keys for
Amazon S3". GitHub does not say what it uses each action for: the last column is inferred from what AWS says that
the action does, and from how package and container clients work.
"""

from dataclasses import dataclass
from enum import StrEnum


class ResourceType(StrEnum):
    """What an S3 action is granted on, in the words of the Service Authorization Reference."""

    BUCKET = "bucket"
    OBJECT = "object"


@dataclass(frozen=True)
class Permission:
    """One S3 action, the one resource type that it applies to, and what GHES needs it for (inferred)."""

    action: str
    resource_type: ResourceType
    purpose: str


PERMISSIONS = (
    Permission("s3:PutObject", ResourceType.OBJECT, "store published packages, in one piece or in parts"),
    Permission("s3:GetObject", ResourceType.OBJECT, "serve packages, also through presigned links"),
    Permission("s3:ListBucketMultipartUploads", ResourceType.BUCKET, "find incomplete uploads"),
    Permission("s3:ListMultipartUploadParts", ResourceType.OBJECT, "resume an upload: list the parts that arrived"),
    Permission("s3:AbortMultipartUpload", ResourceType.OBJECT, "give up an upload and free its parts"),
    Permission("s3:DeleteObject", ResourceType.OBJECT, "remove deleted packages and unused layers"),
    Permission("s3:ListBucket", ResourceType.BUCKET, "find objects; tell a missing one from a forbidden one"),
)


def actions(resource_type: ResourceType) -> list[str]:
    """The actions that are granted on one resource type, in the order of the table."""
    return [permission.action for permission in PERMISSIONS if permission.resource_type is resource_type]

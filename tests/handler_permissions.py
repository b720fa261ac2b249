"""The actions that CloudFormation needs to make, change, read and delete a resource of a type.

cfn-lint ships the two sources: CloudFormation's resource schemas, which list the actions of each handler of a type, and
the resource types of each action from AWS's Service Authorization Reference. What neither says is written here by hand.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

Json = dict[str, Any]

CHANGING = ("create", "update")
HANDLERS = (*CHANGING, "read", "delete")

# The schema of this type has no handlers. Source: IAM's four operations on the access keys of a user. CreateAccessKey
# makes active keys only, so a template that asks for an inactive one takes UpdateAccessKey too.
WITHOUT_HANDLERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "AWS::IAM::AccessKey": {
        "create": ("iam:CreateAccessKey", "iam:UpdateAccessKey"),
        "read": ("iam:ListAccessKeys",),
        "update": ("iam:UpdateAccessKey",),
        "delete": ("iam:DeleteAccessKey",),
    }
}

METADATA = ("MetadataConfiguration", "MetadataTableConfiguration")
ONLY_FOR: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::S3::Bucket": {
        "s3:PutBucketAbac": ("AbacStatus",),
        "s3:PutAccelerateConfiguration": ("AccelerateConfiguration",),
        "s3:PutBucketAcl": ("AccessControl",),
        "s3:PutAnalyticsConfiguration": ("AnalyticsConfigurations",),
        "s3:PutBucketCORS": ("CorsConfiguration",),
        "s3:PutIntelligentTieringConfiguration": ("IntelligentTieringConfigurations",),
        "s3:PutInventoryConfiguration": ("InventoryConfigurations",),
        "s3:CreateBucketMetadataTableConfiguration": METADATA,
        "s3:DeleteBucketMetadataTableConfiguration": METADATA,
        "s3:UpdateBucketMetadataAnnotationTableConfiguration": METADATA,
        "s3:UpdateBucketMetadataInventoryTableConfiguration": METADATA,
        "s3:UpdateBucketMetadataJournalTableConfiguration": METADATA,
        "s3:PutMetricsConfiguration": ("MetricsConfigurations",),
        "s3:PutBucketNotification": ("NotificationConfiguration",),
        "s3:PutBucketObjectLockConfiguration": ("ObjectLockConfiguration", "ObjectLockEnabled"),
        "iam:PassRole": ("ReplicationConfiguration",),
        "s3:PutReplicationConfiguration": ("ReplicationConfiguration",),
        "s3:PutBucketWebsite": ("WebsiteConfiguration",),
        "s3:DeleteBucketWebsite": ("WebsiteConfiguration",),
    },
    "AWS::IAM::Group": {
        "iam:AttachGroupPolicy": ("ManagedPolicyArns",),
        "iam:PutGroupPolicy": ("Policies",),
    },
    "AWS::IAM::ManagedPolicy": {
        "iam:AttachGroupPolicy": ("Groups",),
        "iam:AttachRolePolicy": ("Roles",),
        "iam:AttachUserPolicy": ("Users",),
    },
    "AWS::IAM::Role": {
        "iam:AttachRolePolicy": ("ManagedPolicyArns",),
        "iam:PutRolePermissionsBoundary": ("PermissionsBoundary",),
        "iam:DeleteRolePermissionsBoundary": ("PermissionsBoundary",),
        "iam:PutRolePolicy": ("Policies",),
        "iam:UpdateRoleDescription": ("Description",),
    },
    "AWS::IAM::User": {
        "iam:CreateLoginProfile": ("LoginProfile",),
        "iam:UpdateLoginProfile": ("LoginProfile",),
        "iam:AttachUserPolicy": ("ManagedPolicyArns",),
        "iam:PutUserPolicy": ("Policies",),
    },
    "AWS::KMS::Key": {
        "kms:EnableKey": ("Enabled",),
        "kms:DisableKey": ("Enabled",),
    },
    "AWS::SecretsManager::Secret": {
        "secretsmanager:GetRandomPassword": ("GenerateSecretString",),
        "secretsmanager:ReplicateSecretToRegions": ("ReplicaRegions",),
    },
}
"""The properties of a type that alone need an action of its `create` and `update`; inferred from their names."""

ONLY_TO_TAKE_AWAY: Mapping[str, Mapping[str, str]] = {
    "AWS::IAM::User": {"iam:DeleteUserPermissionsBoundary": "PermissionsBoundary"},
    "AWS::KMS::Key": {"kms:DisableKeyRotation": "EnableKeyRotation"},
}
"""The property of a type that must go, or become false, before `update` needs an action; every stack keeps it."""


@cache
def _data(*path: str) -> Json:
    # The distribution, because importing the package takes seconds.
    file = distribution("cfn-lint").locate_file("/".join(("cfnlint", "data", *path)))
    data: Json = json.loads(Path(str(file)).read_text(encoding="utf-8"))
    return data


def schema(resource_type: str, region: str = "us-west-2") -> Json:
    """CloudFormation's schema of a resource type. A test shows that its handlers are the same in all regions."""
    name = _data("schemas", "providers", f"{region}.json")[resource_type]
    return _data("schemas", "resources", f"{name}.json")


def regions() -> list[str]:
    """Those whose schemas cfn-lint has."""
    providers = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/schemas/providers")))
    return [file.stem for file in providers.glob("*-*.json")]


def source() -> str:
    """Which schemas these are."""
    date = _data("schemas", "version.json")["schema_date"].partition("T")[0]
    return f"cfn-lint {version('cfn-lint')}, with the schemas of {date}"


def listed(resource_type: str) -> Mapping[str, Sequence[str]]:
    """The actions of each handler of a type, as AWS lists them."""
    if resource_type in WITHOUT_HANDLERS:
        return WITHOUT_HANDLERS[resource_type]
    handlers = schema(resource_type)["handlers"]
    return {handler: handlers[handler]["permissions"] for handler in HANDLERS}


def authorized_on(action: str) -> Sequence[str] | None:
    """The resource types that an action takes, no type where it takes `*` only; None where IAM has no such action."""
    service, _, name = action.partition(":")
    found = _data("AdditionalSpecs", "Policies.json")[service]["Actions"].get(name.lower())
    return None if found is None else [each.lower() for each in found.get("Resources", [])]


def why_not(
    resource_type: str, handler: str, action: str, properties: Collection[str], made: Collection[tuple[str, str]]
) -> str | None:
    """Why a listed action of a handler is left out, or None where it is needed.

    `properties` are those that any resource of the type has; `made` is everything that the stacks make, as the service
    and the resource type of the Service Authorization Reference.
    """
    on = authorized_on(action)
    if on is None:
        return "IAM has no such action"
    if on and not any((action.partition(":")[0], each) in made for each in on):
        return "it is for what no stack makes: objects, tables"
    if handler not in CHANGING:
        return None
    only_for = ONLY_FOR.get(resource_type, {}).get(action, ())
    if only_for and not any(each in properties for each in only_for):
        return "no stack sets the property that it is for"
    if kept := ONLY_TO_TAKE_AWAY.get(resource_type, {}).get(action):
        return f"every stack keeps `{kept}`"
    return None

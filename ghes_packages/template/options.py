"""The options of an instance as its template shows them: what is deployed, whatever `instances.toml` says by now."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ghes_packages import logical_ids
from ghes_packages.config.instance import ACTIVE, Instance
from ghes_packages.config.options import OPTIONS
from ghes_packages.config.regions import S3_HOST_PREFIXES, Endpoint
from ghes_packages.config.values import OWN, SSE_KMS, SSE_S3, PreviousAccessKey, StorageClass
from ghes_packages.outputs import Outputs
from ghes_packages.template.rendering import at, rendered

Template = Mapping[str, Any]


def options_of(template: Template) -> dict[str, Any]:
    """Each option that changes a template, with the value of an `Instance`; those of other keys are not in it."""
    user = next(_properties(template, "AWS::IAM::User"), {})
    bucket = _packages_bucket(template)
    return {
        **_access_keys(template),
        "encryption": _encryption(template),
        "access_logs": _text(at(bucket, "LoggingConfiguration", "DestinationBucketName")) or OWN,
        "allowed_cidrs": tuple(_not_denied(template, "NotIpAddress", "aws:SourceIp")),
        "allowed_vpc_endpoints": tuple(_not_denied(template, "StringNotEquals", "aws:SourceVpce")),
        "permissions_boundary": _text(user.get("PermissionsBoundary")),
        "tags": {str(at(tag, "Key")): str(at(tag, "Value")) for tag in _list(user.get("Tags"))},
        "secret_readers": tuple(_secret_readers(template)),
        **_noncurrent_days(bucket),
        "storage_class": next(_storage_classes(bucket), StorageClass.STANDARD),
        "replica_region": next(_replica_regions(at(bucket, "ReplicationConfiguration")), None),
        "bucket_name": _text(at(bucket, "BucketName")),
        "existing_bucket": _text(_output(template, "bucket")),
        "endpoint": _endpoint(str(rendered(_output(template, "service_url"), {}))),
    }


def in_words(instance: Instance) -> set[str]:
    """Every option as it would stand in the table, for comparing what is deployed with what is configured."""
    return {f"{key} = {_written(getattr(instance, key))}" for key in OPTIONS}


def _written(value: Any) -> str:
    return json.dumps(value, default=str) if value not in (None, (), {}) else "none"


def _access_keys(template: Template) -> dict[str, Any]:
    statuses = {
        generation: at(resource, "Properties", "Status") or ACTIVE
        for logical_id, resource in template.get("Resources", {}).items()
        if (generation := logical_ids.generation(logical_id))
    }
    newest = max(statuses, default=1)
    before = str(statuses.get(newest - 1, PreviousAccessKey.DELETED)).lower()
    previous = next((each for each in PreviousAccessKey if each == before), None) if newest > 1 else None
    return {"access_key": newest, "previous_access_key": previous}


def _encryption(template: Template) -> str:
    if any(_properties(template, "AWS::KMS::Key")):
        return SSE_KMS
    secret = next(_properties(template, "AWS::SecretsManager::Secret"), {})
    return _text(secret.get("KmsKeyId")) or SSE_S3


def _not_denied(template: Template, operator: str, key: str) -> Iterator[str]:
    for policy in _properties(template, "AWS::IAM::ManagedPolicy"):
        for statement in _list(at(policy, "PolicyDocument", "Statement")):
            yield from _list(at(statement, "Condition", operator, key))


def _secret_readers(template: Template) -> Iterator[str]:
    for policy in _properties(template, "AWS::SecretsManager::ResourcePolicy"):
        for statement in _list(at(policy, "ResourcePolicy", "Statement")):
            yield from _list(at(statement, "Principal", "AWS"))


def _noncurrent_days(bucket: Mapping[str, Any]) -> dict[str, int]:
    rules = _list(at(bucket, "LifecycleConfiguration", "Rules"))
    days = [at(rule, "NoncurrentVersionExpiration", "NoncurrentDays") for rule in rules]
    return {"noncurrent_days": days[0]} if days else {}


def _storage_classes(bucket: Mapping[str, Any]) -> Iterator[StorageClass]:
    for rule in _list(at(bucket, "LifecycleConfiguration", "Rules")):
        for transition in _list(at(rule, "Transitions")):
            yield from (each for each in StorageClass if each.name == at(transition, "StorageClass"))


def _replica_regions(value: Any) -> Iterator[str]:
    match value:
        case {"Fn::GetStackOutput": {"Region": str(region)}}:
            yield region
        case dict() | list():
            for each in value.values() if isinstance(value, dict) else value:
                yield from _replica_regions(each)


def _endpoint(service_url: str) -> Endpoint:
    """The longest prefix that fits: that of the standard endpoint begins those of others too."""
    fitting = [kind for kind, prefix in S3_HOST_PREFIXES.items() if service_url.startswith(f"https://{prefix}.")]
    return max(fitting, key=lambda kind: len(S3_HOST_PREFIXES[kind]), default=Endpoint.STANDARD)


def _packages_bucket(template: Template) -> Mapping[str, Any]:
    """The properties of the bucket that the stack puts out; none where the stack does not make it."""
    named = at(_output(template, "bucket"), "Ref")
    properties: Mapping[str, Any] = at(template, "Resources", str(named), "Properties") or {}
    return properties


def _output(template: Template, name: str) -> Any:
    return at(template, "Outputs", str(Outputs.model_fields[name].alias), "Value")


def _properties(template: Template, kind: str) -> Iterator[Mapping[str, Any]]:
    for resource in template.get("Resources", {}).values():
        if resource["Type"] == kind:
            yield resource.get("Properties", {})


def _text(value: Any) -> str | None:
    """What is written out; a reference is to what the stack makes itself."""
    return value if isinstance(value, str) else None


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]

"""The values of an instance's options, as its template shows them.

Each function yields one value, as `instances.toml` has it, or nothing where the template does not show it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from ghes_packages import logical_ids
from ghes_packages.config.instance import ACTIVE, Instance
from ghes_packages.config.regions import S3_HOST_PREFIXES
from ghes_packages.config.values import OWN, SSE_KMS, SSE_S3, PreviousAccessKey, StorageClass
from ghes_packages.policies.permissions import ResourceType, actions
from ghes_packages.review import expected_access
from ghes_packages.review.options.written import OF_BUCKET, OF_SERVICE_URL, REGION_OF_THE_CALLER, WrittenStack
from ghes_packages.template.rendering import at, in_words

DESTINATION = re.compile(r"arn:[^:]+(?:::Partition\})?:s3:::\$\{output \w+ of [\w-]+ in (?P<region>[a-z0-9-]+)\}")


def values(written: WrittenStack) -> dict[str, Any]:
    """The value of each option that the template shows."""
    return {option: value for option, read in READ.items() for value in read(written)}


def can_be_configured(shown: Mapping[str, Any]) -> bool:
    """Whether `instances.toml` takes these values together: if not, no option made them."""
    try:
        Instance.model_validate({"name": "x", **{key: each for key, each in shown.items() if each is not None}})
    except ValidationError:
        return False
    return True


def _account(written: WrittenStack) -> Iterator[str | None]:
    yield written.account if written.account == written.stack.place["account"] else None


def _region(written: WrittenStack) -> Iterator[str | None]:
    yield None if written.region == REGION_OF_THE_CALLER else written.region


def _access_key(written: WrittenStack) -> Iterator[int]:
    if keys := access_keys(written):
        yield max(keys)


def _previous_access_key(written: WrittenStack) -> Iterator[str | None]:
    keys = access_keys(written)
    if (newest := max(keys, default=1)) > 1:
        yield str(keys[newest - 1].get("Status", ACTIVE)).lower() if newest - 1 in keys else PreviousAccessKey.DELETED
    else:
        yield None


def access_keys(written: WrittenStack) -> dict[int, dict[str, Any]]:
    """The properties of each access key by its generation."""
    found = {}
    for logical_id in written.stack.of_type("AWS::IAM::AccessKey"):
        properties = written.property(logical_id)
        if generation := logical_ids.generation(logical_id):
            found[generation] = dict(properties) if isinstance(properties, dict) else {}
    return found


def _encryption(written: WrittenStack) -> Iterator[str]:
    if len(written.kms_keys) == 1:
        [key] = written.kms_keys
        yield SSE_KMS if written.own_key else SSE_S3 if key is None else key


def _access_logs(written: WrittenStack) -> Iterator[str]:
    if destination := written.property(written.bucket, "LoggingConfiguration", "DestinationBucketName"):
        yield OWN if written.log_bucket else str(destination)


def _allowed_cidrs(written: WrittenStack) -> Iterator[list[str] | None]:
    return _not_denied(written, "aws:SourceIp")


def _allowed_vpc_endpoints(written: WrittenStack) -> Iterator[list[str] | None]:
    return _not_denied(written, "aws:SourceVpce")


def _not_denied(written: WrittenStack, key: str) -> Iterator[list[str] | None]:
    """What the one denial for the user lets pass, by that key of the request."""
    if written.user:
        user = written.reference(written.user)
        denials = [each for each in written.grants if each.who == user and expected_access.denial(each)]
        values = {each.values for denial in denials for each in denial.conditions if each.key == key}
        denied = {(each.action, each.resource) for each in denials}
        wanted = [{(each, f"{arn}/*") for each in actions(ResourceType.OBJECT)} for arn in written.bucket_arns]
        if not values:
            yield None
        elif len(values) == 1 and denied in wanted:
            yield list(values.pop())


def _permissions_boundary(written: WrittenStack) -> Iterator[str | None]:
    boundary = written.property(written.user, "PermissionsBoundary")
    own = [written.reference(each) for each in written.stack.of_type("AWS::IAM::ManagedPolicy")]
    if boundary is not None:
        yield None if boundary in own else str(boundary)


def _tags(written: WrittenStack) -> Iterator[dict[str, Any]]:
    tags = written.property(written.user or written.bucket, "Tags") or []
    if isinstance(tags, list):
        yield {str(at(tag, "Key")): at(tag, "Value") for tag in tags}


def _secret_readers(written: WrittenStack) -> Iterator[list[str] | None]:
    if written.secret:
        secret = written.reference(written.secret)
        readers = {each.who for each in written.grants if each.resource == secret and each.effect == "Allow"}
        yield sorted(each.removeprefix("AWS ") for each in readers) or None


def _noncurrent_days(written: WrittenStack) -> Iterator[int]:
    match written.property(written.bucket, "LifecycleConfiguration", "Rules"):
        case [{"NoncurrentVersionExpiration": {"NoncurrentDays": int(days)}}]:
            yield days


def _storage_class(written: WrittenStack) -> Iterator[StorageClass]:
    match written.property(written.bucket, "LifecycleConfiguration", "Rules"):
        case [{"Transitions": [{"StorageClass": str(name)}]}]:
            yield from (each for each in StorageClass if each.name == name)
        case [dict(rule)] if "Transitions" not in rule:
            yield StorageClass.STANDARD


def _replica_region(written: WrittenStack) -> Iterator[str | None]:
    if written.bucket and written.property(written.bucket, "ReplicationConfiguration") is None:
        yield None
    if found := DESTINATION.fullmatch(in_words(str(written.replica_of(written.bucket, "Bucket")))):
        yield found["region"]


def _bucket_name(written: WrittenStack) -> Iterator[str | None]:
    if written.bucket:
        name = written.property(written.bucket, "BucketName")
        yield None if name is None else str(name)


def _existing_bucket(written: WrittenStack) -> Iterator[str | None]:
    of_instance, _ = OF_BUCKET
    if (name := written.output(of_instance)) is not None:
        yield None if written.bucket else str(name)


def endpoint(written: WrittenStack) -> Iterator[str]:
    """The kind of S3 endpoint that GHES is to use."""
    url = written.output(*OF_SERVICE_URL)
    here = f"{written.region}.${{AWS::URLSuffix}}"
    yield from (str(kind) for kind, prefix in S3_HOST_PREFIXES.items() if url == f"https://{prefix}.{here}")


READ: Mapping[str, Callable[[WrittenStack], Iterator[Any]]] = {
    "account": _account,
    "region": _region,
    "access_key": _access_key,
    "previous_access_key": _previous_access_key,
    "encryption": _encryption,
    "access_logs": _access_logs,
    "allowed_cidrs": _allowed_cidrs,
    "allowed_vpc_endpoints": _allowed_vpc_endpoints,
    "permissions_boundary": _permissions_boundary,
    "tags": _tags,
    "secret_readers": _secret_readers,
    "noncurrent_days": _noncurrent_days,
    "storage_class": _storage_class,
    "replica_region": _replica_region,
    "bucket_name": _bucket_name,
    "existing_bucket": _existing_bucket,
    "endpoint": endpoint,
}

"""The options of an instance as its template shows them: what is deployed, whatever `instances.toml` says by now."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ghes_packages.config.instance import ACTIVE, Instance
from ghes_packages.config.options import OPTIONS
from ghes_packages.config.regions import S3_HOST_PREFIXES, Endpoint, dns_suffixes
from ghes_packages.config.values import OWN, SSE_KMS, SSE_S3, PreviousAccessKey, StorageClass
from ghes_packages.outputs import Outputs, ReplicaOutputs
from ghes_packages.policies.document import readable, statement
from ghes_packages.policies.statements import address_statement
from ghes_packages.template.rendered import DNS_SUFFIX, RenderedStack
from ghes_packages.template.rendering import at, listed
from ghes_packages.template.replica import replica_of

# The outputs that name a part, of an instance and of the stack with its replica.
OF_BUCKET, OF_SERVICE_URL, OF_REGION = (
    tuple(str(outputs.model_fields[name].alias) for outputs in (Outputs, ReplicaOutputs))
    for name in ("bucket", "service_url", "region")
)
REGION_OF_THE_CALLER = "${AWS::Region}"
# What an instance has that uses an existing bucket.
WITHOUT_A_BUCKET: Mapping[str, Any] = {
    "access_logs": OWN,
    "storage_class": StorageClass.STANDARD,
    "replica_region": None,
    "bucket_name": None,
}


def options_of(stack: RenderedStack) -> dict[str, Any]:
    """Each option that the template shows, with the value of an `Instance`.

    What the template does not show, or not as this project writes it, is not in it.
    """
    without = WITHOUT_A_BUCKET if stack.user and not stack.packages_bucket else {}
    return {**without, **{option: value for option, read in READ.items() for value in read(stack)}}


def place_of(stack: RenderedStack) -> dict[str, Any]:
    """The options `account` and `region`: None where they are those of whoever deploys."""
    region = stack.output(*OF_REGION)
    if region == REGION_OF_THE_CALLER:
        return {"account": None, "region": None}
    return {"account": stack.account, "region": None if region is None else str(region)}


def in_words(instance: Instance) -> set[str]:
    """Every option as it would stand in the table, for comparing what is deployed with what is configured."""
    return {f"{key} = {_written(getattr(instance, key))}" for key in OPTIONS}


def _written(value: Any) -> str:
    return json.dumps(value, default=str) if value not in (None, (), {}) else "none"


def kms_keys(stack: RenderedStack) -> set[str | None]:
    """The KMS keys that packages and secret are encrypted with, by their ARNs; None for keys that AWS keeps."""
    aliases = {each.at("AliasName"): each.at("TargetKeyId") for each in stack.of_type("AWS::KMS::Alias")}
    keys = [secret.at("KmsKeyId") for secret in stack.of_type("AWS::SecretsManager::Secret")]
    if stack.packages_bucket:
        for _, rule in stack.packages_bucket.each("BucketEncryption", "ServerSideEncryptionConfiguration"):
            default = at(rule, "ServerSideEncryptionByDefault")
            keys.append(at(default, "KMSMasterKeyID") if at(default, "SSEAlgorithm") != "AES256" else None)
    return {None if each is None else str(aliases.get(str(each), each)) for each in keys}


ADDRESSES, ENDPOINTS = ("NotIpAddress", "aws:SourceIp"), ("StringNotEquals", "aws:SourceVpce")


def _allowed(stack: RenderedStack, condition: tuple[str, str]) -> Iterator[Sequence[str]]:
    """What the user's policy does not deny, of what the condition is about; nothing where it denies otherwise."""
    policies = [policy.each("PolicyDocument", "Statement") for policy in stack.user_policies]
    denials = [each for policy in policies for _, each in policy if at(each, "Effect") == "Deny"]
    allowed = {
        each: tuple(str(value) for denial in denials for value in listed(at(denial, "Condition", *each)))
        for each in (ADDRESSES, ENDPOINTS)
    }
    ours = [statement(address_statement(f"{arn}/*", *allowed.values())) for arn in stack.packages_arns]
    if stack.user and (not denials or (len(denials) == 1 and readable(denials[0]) in ours)):
        yield allowed[condition]


def _previous_access_key(stack: RenderedStack) -> Iterator[PreviousAccessKey | None]:
    keys = stack.access_keys
    if (newest := max(keys, default=1)) > 1:
        before = str(keys[newest - 1].properties.get("Status", ACTIVE)).lower() if newest - 1 in keys else "deleted"
        yield from (each for each in PreviousAccessKey if each == before)
    else:
        yield None


def _encryption(stack: RenderedStack) -> Iterator[str]:
    keys = kms_keys(stack)
    if len(keys) == 1:
        [key] = keys
        own = [each.arn for each in stack.of_type("AWS::KMS::Key")]
        yield SSE_S3 if key is None else SSE_KMS if key in own else key


def _access_logs(stack: RenderedStack) -> Iterator[str]:
    bucket = stack.packages_bucket
    if bucket and (destination := bucket.at("LoggingConfiguration", "DestinationBucketName")):
        yield OWN if stack.log_bucket else str(destination)


def _permissions_boundary(stack: RenderedStack) -> Iterator[str | None]:
    boundary = stack.user and stack.user.at("PermissionsBoundary")
    if boundary:
        yield None if boundary in [each.ref for each in stack.user_policies] else str(boundary)


def _tags(stack: RenderedStack) -> Iterator[dict[str, str]]:
    tagged = stack.user or stack.packages_bucket
    if tagged:
        yield {str(at(tag, "Key")): str(at(tag, "Value")) for _, tag in tagged.each("Tags")}


def _secret_readers(stack: RenderedStack) -> Iterator[Sequence[str]]:
    if stack.of_type("AWS::SecretsManager::Secret"):
        yield tuple(
            str(role)
            for policy in stack.of_type("AWS::SecretsManager::ResourcePolicy")
            for _, each in policy.each("ResourcePolicy", "Statement")
            for role in listed(at(each, "Principal", "AWS"))
        )


def _rules(stack: RenderedStack) -> Any:
    return stack.packages_bucket and stack.packages_bucket.at("LifecycleConfiguration", "Rules")


def _noncurrent_days(stack: RenderedStack) -> Iterator[int]:
    match _rules(stack):
        case [{"NoncurrentVersionExpiration": {"NoncurrentDays": int(days)}}]:
            yield days


def _storage_class(stack: RenderedStack) -> Iterator[StorageClass]:
    match _rules(stack):
        case [{"Transitions": [{"StorageClass": str(name)}]}]:
            yield from (each for each in StorageClass if each.name == name)
        case [dict(rule)] if "Transitions" not in rule:
            yield StorageClass.STANDARD


def _replica_region(stack: RenderedStack) -> Iterator[str | None]:
    bucket = stack.packages_bucket
    if bucket and "ReplicationConfiguration" not in bucket.properties:
        yield None
    elif bucket and (replica := replica_of(stack, bucket)):
        yield replica.region


def _bucket_name(stack: RenderedStack) -> Iterator[str | None]:
    if stack.packages_bucket:
        name = stack.packages_bucket.at("BucketName")
        yield None if name is None else str(name)


def _existing_bucket(stack: RenderedStack) -> Iterator[str | None]:
    of_instance, _ = OF_BUCKET
    if (name := stack.output(of_instance)) is not None:
        yield None if stack.packages_bucket else str(name)


def endpoint(stack: RenderedStack) -> Iterator[Endpoint]:
    """The kind of S3 endpoint that GHES is to use."""
    url, region = stack.output(*OF_SERVICE_URL), stack.output(*OF_REGION)
    for kind, prefix in S3_HOST_PREFIXES.items():
        if url in [f"https://{prefix}.{region}.{suffix}" for suffix in (DNS_SUFFIX, *dns_suffixes())]:
            yield kind


READ: Mapping[str, Callable[[RenderedStack], Iterable[Any]]] = {
    "access_key": lambda stack: sorted(stack.access_keys)[-1:],
    "previous_access_key": _previous_access_key,
    "encryption": _encryption,
    "access_logs": _access_logs,
    "allowed_cidrs": lambda stack: _allowed(stack, ADDRESSES),
    "allowed_vpc_endpoints": lambda stack: _allowed(stack, ENDPOINTS),
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

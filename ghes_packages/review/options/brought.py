"""What of a change an option brings: the IDs of risks, and the access that is just what this project grants.

It must never be more. So a risk counts only where all that it is about follows from the value of the option, and access
only where the whole grant is one that the policies of this project have.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ghes_packages.guardrails import replica_in_step
from ghes_packages.outputs import ReplicaOutputs
from ghes_packages.policies import statements
from ghes_packages.policies.document import statement
from ghes_packages.review.replacement import REPLACING
from ghes_packages.template.grants import Grant
from ghes_packages.template.options import (
    OF_BUCKET,
    OF_REGION,
    OF_SERVICE_URL,
    access_keys,
    allowed,
    endpoint,
    kms_keys,
    place_of,
)
from ghes_packages.template.rendered import RenderedStack, Resource
from ghes_packages.template.replica import replica_of

Ids = Iterator[str]
Grants = Iterator[Grant]
DNS_SUFFIX = "${AWS::URLSuffix}"
ROLE = re.compile(r"AWS arn:[^:]+(?:::Partition\})?:iam::[0-9]{12}:role/.+")


def granted(stack: RenderedStack, who: str, element: Mapping[str, Any], itself: str = "") -> Grants:
    """The grants of a stack that the statement makes; in the policy of a key, or a secret, on that one `itself`."""
    wanted = statement(dict(element))
    on = {itself} if itself else wanted.resources
    for each in stack.grants:
        alike = (each.who, each.effect, each.conditions) == (who, wanted.effect, wanted.conditions)
        if alike and each.action in wanted.actions and each.resource in on:
            yield each


def _region(stack: RenderedStack) -> str:
    """The region of the stack as the template writes it: a reference where it is that of whoever deploys."""
    return str(stack.output(*OF_REGION))


def _account(stack: RenderedStack) -> str:
    """The account of the stack as the template writes it."""
    return place_of(stack)["account"] or "${AWS::AccountId}"


def _own_key(stack: RenderedStack) -> Resource | None:
    """The stack's own KMS key, where packages and secret are encrypted with it."""
    keys = kms_keys(stack)
    return next((each for each in stack.of_type("AWS::KMS::Key") if keys == {each.arn}), None)


def _secret(stack: RenderedStack) -> Resource | None:
    return next(iter(stack.of_type("AWS::SecretsManager::Secret")), None)


def _buckets(stack: RenderedStack) -> list[Resource]:
    """The two buckets, as far as the stack makes them."""
    return [each for each in (stack.packages_bucket, stack.log_bucket) if each]


def of_the_key(stack: RenderedStack) -> Grants:
    """Who may use the stack's own key: its account, the user, the readers of the secret, and S3 for the replica."""
    if key := _own_key(stack):
        account = ("Allow", f"account {_account(stack)}", key.ref)
        yield from (each for each in stack.grants if (each.effect, each.who, each.resource) == account)
        if stack.user and stack.packages_bucket:
            user = statements.user_statement("", stack.packages_bucket.arn, _region(stack), DNS_SUFFIX)
            yield from granted(stack, stack.user.ref, user, key.ref)
    yield from _readers_of_the_key(stack)
    for bucket in _buckets(stack):
        yield from _replication_of_keys(stack, bucket)


def of_the_readers(stack: RenderedStack) -> Grants:
    """Who may read the secret, and use its key for that."""
    if secret := _secret(stack):
        for who in _readers(stack, secret):
            yield from granted(stack, who, statements.readers_statement([]), secret.ref)
    yield from _readers_of_the_key(stack)


def _readers(stack: RenderedStack, secret: Resource) -> set[str]:
    return {each.who for each in stack.grants if each.resource == secret.ref and ROLE.fullmatch(each.who)}


def _readers_of_the_key(stack: RenderedStack) -> Grants:
    key, secret = _own_key(stack), _secret(stack)
    if key and secret:
        element = statements.reader_statement("", _region(stack), DNS_SUFFIX)
        for who in _readers(stack, secret):
            yield from granted(stack, who, element, key.ref)


def of_the_replica(stack: RenderedStack) -> Grants:
    """What the roles of replication may do, and that S3 assumes them."""
    for bucket in _buckets(stack):
        yield from _replication(stack, bucket)


def _replication(stack: RenderedStack, bucket: Resource) -> Grants:
    role, to = _role(stack, bucket), replica_of(stack, bucket)
    if role and to:
        for element in statements.replication_statements(bucket.arn, to.bucket_arn):
            yield from granted(stack, role.ref, element)
        yield from granted(stack, "Service s3", {"Effect": "Allow", "Action": "sts:AssumeRole"}, role.ref)
    yield from _replication_of_keys(stack, bucket)


def _role(stack: RenderedStack, bucket: Resource) -> Resource | None:
    """The role in which S3 replicates a bucket."""
    return stack.with_arn(bucket.at("ReplicationConfiguration", "Role"))


def _replication_of_keys(stack: RenderedStack, bucket: Resource) -> Grants:
    role, to, own_key = _role(stack, bucket), replica_of(stack, bucket), _own_key(stack)
    if role and to:
        for key, action, arn, region in (
            (own_key.arn if own_key else "", statements.SOURCE_KEY_ACTIONS, bucket.arn, _region(stack)),
            (to.key_arn, statements.REPLICA_KEY_ACTIONS, to.bucket_arn, to.region),
        ):
            element = statements.replication_key_statement(key, action, arn, region, DNS_SUFFIX)
            yield from granted(stack, role.ref, element)


def of_the_logs(stack: RenderedStack) -> Grants:
    """That S3 delivers access logs to the stack's own log bucket, and replicates them."""
    if stack.packages_bucket and stack.log_bucket:
        element = statements.log_delivery_statement(stack.log_bucket.arn, stack.packages_bucket.arn, _account(stack))
        yield from granted(stack, "Service logging.s3", element)
        yield from _replication(stack, stack.log_bucket)


def of_the_user(stack: RenderedStack) -> Grants:
    """The seven actions on the bucket of the instance."""
    if stack.user:
        for arn in stack.packages_arns:
            for element in statements.packages_statements(arn):
                yield from granted(stack, stack.user.ref, element)


def of_the_addresses(stack: RenderedStack) -> Grants:
    """The denial for addresses, and for VPC endpoints, that are not allowed."""
    if stack.user and (found := allowed(stack)):
        for arn in stack.packages_arns:
            yield from granted(stack, stack.user.ref, statements.address_statement(f"{arn}/*", *found))


def of_the_bucket(stack: RenderedStack) -> Grants:
    """All that the stack grants on account of its bucket."""
    for each in (of_the_user, of_the_logs, of_the_replica):
        yield from each(stack)


def of_the_place(stack: RenderedStack) -> Grants:
    """All that the stack grants, because account and region are in it."""
    for each in (of_the_bucket, of_the_key, of_the_readers):
        yield from each(stack)


GRANTS: Mapping[str, Callable[[RenderedStack], Grants]] = {
    "account": of_the_place,
    "region": of_the_place,
    "encryption": of_the_key,
    "access_logs": of_the_logs,
    "allowed_cidrs": of_the_addresses,
    "allowed_vpc_endpoints": of_the_addresses,
    "secret_readers": of_the_readers,
    "replica_region": of_the_replica,
    "existing_bucket": of_the_bucket,
}


def _stack_moves(before: RenderedStack, after: RenderedStack) -> Ids:
    if after.region == after.output(*OF_REGION):
        yield "stack-moved"
    yield from _output_changes(before, after, *OF_REGION)
    yield from _other_service_url(before, after)


def _output_changes(before: RenderedStack, after: RenderedStack, *keys: str) -> Ids:
    """An output of which nothing but the value changes."""
    for key in keys:
        had, gets = (each.outputs.get(key, {}) for each in (before, after))
        if all(had.get(part) == gets.get(part) for part in ("Condition", "Export")):
            yield f"output-changed-{key}"


def _other_service_url(before: RenderedStack, after: RenderedStack) -> Ids:
    if [*endpoint(after)]:
        yield from _output_changes(before, after, *OF_SERVICE_URL)


def _access_key_changes(before: RenderedStack, after: RenderedStack) -> Ids:
    had, gets = access_keys(before), access_keys(after)
    if gets.keys() - had.keys():
        yield "access-key-quota"
    for generation in had:
        old, new = had[generation], gets.get(generation)
        if new is None or (old != new and {**old, "Status": ""} == {**new, "Status": ""}):
            yield from (f"access-key-{generation}-{what}" for what in ("deleted", "in-use", "replaced"))


def _other_encryption(before: RenderedStack, after: RenderedStack) -> Ids:
    for stack in (before, after):
        if bucket := stack.packages_bucket:
            yield f"encryption-default-encryption-{bucket.logical_id}"
            yield f"encryption-default-KMS-key-{bucket.logical_id}"
        if secret := _secret(stack):
            yield f"encryption-KMS-key-{secret.logical_id}"
        if key := _own_key(stack):
            yield f"key-orphaned-{key.logical_id}"
            aliases = [each for each in stack.of_type("AWS::KMS::Alias") if each.at("TargetKeyId") == key.arn]
            yield from (f"alias-orphaned-{each.logical_id}" for each in aliases)
    if before.user is None:
        yield f"output-removed-{ReplicaOutputs.model_fields['key_arn'].alias}"
    old, new = (each.packages_bucket and replica_of(each, each.packages_bucket) for each in (before, after))
    if old and new and old.bucket_arn == new.bucket_arn:
        yield from _other_replica(before, after)


def _other_replica(before: RenderedStack, after: RenderedStack) -> Ids:
    """Replication that goes, or goes on to a replica of this instance as this project writes it."""
    out_of_step = {finding.logical_id for finding in replica_in_step.findings(after)}
    for bucket in _buckets(before):
        gets = after.resources.get(bucket.logical_id)
        if gets and ("ReplicationConfiguration" not in gets.properties or gets.logical_id not in out_of_step):
            yield f"retention-replication-{bucket.logical_id}"


def _other_logs(before: RenderedStack, after: RenderedStack) -> Ids:
    if before.log_bucket:
        yield from _orphaned(before, before.log_bucket)
    if before.packages_bucket:
        yield f"logging-access-logs-go-to-{before.packages_bucket.logical_id}"


def _policies_of(stack: RenderedStack, bucket: Resource) -> list[str]:
    """The logical IDs of the policies of a bucket."""
    policies = stack.of_type("AWS::S3::BucketPolicy")
    return [each.logical_id for each in policies if each.at("Bucket") == bucket.ref]


def _orphaned(before: RenderedStack, *buckets: Resource) -> Ids:
    for bucket in buckets:
        yield f"bucket-orphaned-{bucket.logical_id}"
        yield from (f"bucket-policy-orphaned-{each}" for each in _policies_of(before, bucket))


def _other_boundary(before: RenderedStack, after: RenderedStack) -> Ids:
    if before.user:
        yield f"identities-permissions-boundary-{before.user.logical_id}"


def _other_retention(before: RenderedStack, after: RenderedStack) -> Ids:
    if before.packages_bucket:
        yield f"retention-noncurrent-versions-stay-{before.packages_bucket.logical_id}"


def _other_name(before: RenderedStack, after: RenderedStack) -> Ids:
    old, new = before.packages_bucket, after.packages_bucket
    others = REPLACING["AWS::S3::Bucket"] - {"BucketName"}
    if old and new and all(old.at(each) == new.at(each) for each in others):
        yield f"bucket-replaced-{old.logical_id}"
        kept = _policies_of(after, new)
        yield from (f"bucket-policy-replaced-{each}" for each in _policies_of(before, old) if each in kept)


def _other_bucket(before: RenderedStack, after: RenderedStack) -> Ids:
    yield from _orphaned(before, *_buckets(before))
    yield from _output_changes(before, after, OF_BUCKET[0])


RISKS: Mapping[str, Callable[[RenderedStack, RenderedStack], Ids]] = {
    "account": _stack_moves,
    "region": _stack_moves,
    "access_key": _access_key_changes,
    "previous_access_key": _access_key_changes,
    "encryption": _other_encryption,
    "access_logs": _other_logs,
    "permissions_boundary": _other_boundary,
    "noncurrent_days": _other_retention,
    "replica_region": _other_replica,
    "bucket_name": _other_name,
    "existing_bucket": _other_bucket,
    "endpoint": _other_service_url,
}

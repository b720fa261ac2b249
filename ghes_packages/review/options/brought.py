"""What of a change an option brings: access that this project grants, and the IDs of risks.

It must never be more. So a risk counts only where all that it is about follows from the value of the option, and access
only where no guardrail finds fault with the statement that grants it: what the statement may say, the rules know.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from ghes_packages.guardrails import check, replica_in_step
from ghes_packages.outputs import ReplicaOutputs
from ghes_packages.review.replacement import REPLACING
from ghes_packages.template.grants import Grant
from ghes_packages.template.options import OF_BUCKET, OF_REGION, OF_SERVICE_URL, endpoint, kms_keys
from ghes_packages.template.rendered import RenderedStack, Resource
from ghes_packages.template.replica import replica_of

Ids = Iterable[str]
Grants = Iterable[Grant]


def _own_key(stack: RenderedStack) -> Resource | None:
    """The stack's own KMS key, where packages and secret are encrypted with it."""
    keys = kms_keys(stack)
    return next((each for each in stack.of_type("AWS::KMS::Key") if keys == {each.arn}), None)


def _buckets(stack: RenderedStack) -> list[Resource]:
    """The two buckets, as far as the stack makes them."""
    return [each for each in (stack.packages_bucket, stack.log_bucket) if each]


@lru_cache(maxsize=2)  # an option asks about its two stacks more than once
def _vouched_for(stack: RenderedStack) -> Sequence[Grant]:
    """The grants of a stack, but for those of a statement in which, or around which, a guardrail is broken."""
    broken = {(finding.logical_id, finding.path) for _, finding in check(stack)}
    return tuple(each for each in stack.grants if broken.isdisjoint(each.stands_in))


def of_the_key(stack: RenderedStack) -> Grants:
    """Who may use the stack's own key, and that of the replica."""
    own_key, replicas = _own_key(stack), [replica_of(stack, each) for each in _buckets(stack)]
    keys = {*([own_key.ref, own_key.arn] if own_key else []), *(each.key_arn for each in replicas if each)}
    return [each for each in _vouched_for(stack) if each.resource in keys]


def of_the_readers(stack: RenderedStack) -> Grants:
    """Who may read the secret, and use its key for that."""
    secrets = {each.ref for each in stack.of_type("AWS::SecretsManager::Secret")}
    reading = [each for each in _vouched_for(stack) if each.resource in secrets]
    readers = {each.who for each in reading}
    return [*reading, *(each for each in of_the_key(stack) if each.who in readers)]


def of_the_replica(stack: RenderedStack) -> Grants:
    """What the roles of replication may do, and that S3 assumes them."""
    return _replication(stack, _buckets(stack))


def _replication(stack: RenderedStack, buckets: Iterable[Resource]) -> Grants:
    replicated = [each for each in buckets if replica_of(stack, each)]
    roles = {role.ref for each in replicated if (role := stack.with_arn(each.at("ReplicationConfiguration", "Role")))}
    return [each for each in _vouched_for(stack) if not roles.isdisjoint((each.who, each.resource))]


def of_the_logs(stack: RenderedStack) -> Grants:
    """That S3 delivers access logs to the stack's own log bucket, and replicates them."""
    bucket = stack.log_bucket
    if bucket is None:
        return []
    delivery = [each for each in _vouched_for(stack) if each.effect == "Allow" and each.resource == f"{bucket.arn}/*"]
    return [*delivery, *_replication(stack, [bucket])]


def of_the_user(stack: RenderedStack, effect: str = "Allow") -> Grants:
    """The seven actions on the bucket of the instance."""
    users = [stack.user.ref] if stack.user else []
    of_the_user = [each for each in _vouched_for(stack) if each.who in users and each.effect == effect]
    return [each for each in of_the_user if each.resource.removesuffix("/*") in stack.packages_arns]


def of_the_addresses(stack: RenderedStack) -> Grants:
    """The denial for addresses, and for VPC endpoints, that are not allowed."""
    return of_the_user(stack, "Deny")


def of_the_bucket(stack: RenderedStack) -> Grants:
    """All that the stack grants on account of its bucket."""
    return [*of_the_user(stack), *of_the_logs(stack), *of_the_replica(stack)]


def of_the_place(stack: RenderedStack) -> Grants:
    """All that the stack grants, because account and region are in it."""
    return [*of_the_bucket(stack), *of_the_key(stack), *of_the_readers(stack)]


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


def _ids(resources: Iterable[Resource | None], *kinds: str) -> Ids:
    """The IDs of these kinds of risk, for each resource that there is."""
    return (f"{kind}-{each.logical_id}" for each in resources if each for kind in kinds)


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
    had, gets = ({n: each.properties for n, each in stack.access_keys.items()} for stack in (before, after))
    if gets.keys() - had.keys():
        yield "access-key-quota"
    for generation in had:
        old, new = had[generation], gets.get(generation)
        if new is None or (old != new and {**old, "Status": ""} == {**new, "Status": ""}):
            yield from (f"access-key-{generation}-{what}" for what in ("deleted", "in-use", "replaced"))


def _other_encryption(before: RenderedStack, after: RenderedStack) -> Ids:
    for stack in (before, after):
        yield from _ids([stack.packages_bucket], "encryption-default-encryption", "encryption-default-KMS-key")
        yield from _ids(stack.of_type("AWS::SecretsManager::Secret")[:1], "encryption-KMS-key")
        if key := _own_key(stack):
            aliases = [each for each in stack.of_type("AWS::KMS::Alias") if each.at("TargetKeyId") == key.arn]
            yield from (*_ids([key], "key-orphaned"), *_ids(aliases, "alias-orphaned"))
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
            yield from _ids([bucket], "retention-replication")


def _orphaned(before: RenderedStack, *buckets: Resource) -> Ids:
    for bucket in buckets:
        yield from _ids([bucket], "bucket-orphaned")
        yield from _ids(before.policies_of(bucket), "bucket-policy-orphaned")


def _other_name(before: RenderedStack, after: RenderedStack) -> Ids:
    old, new = before.packages_bucket, after.packages_bucket
    others = REPLACING["AWS::S3::Bucket"] - {"BucketName"}
    if old and new and all(old.at(each) == new.at(each) for each in others):
        kept = {each.logical_id for each in after.policies_of(new)}
        policies = [each for each in before.policies_of(old) if each.logical_id in kept]
        yield from (*_ids([old], "bucket-replaced"), *_ids(policies, "bucket-policy-replaced"))


def _other_bucket(before: RenderedStack, after: RenderedStack) -> Ids:
    yield from _orphaned(before, *_buckets(before))
    yield from _output_changes(before, after, OF_BUCKET[0])


RISKS: Mapping[str, Callable[[RenderedStack, RenderedStack], Ids]] = {
    "account": _stack_moves,
    "region": _stack_moves,
    "access_key": _access_key_changes,
    "previous_access_key": _access_key_changes,
    "encryption": _other_encryption,
    "access_logs": lambda before, _: [
        *_orphaned(before, *filter(None, [before.log_bucket])),
        *_ids([before.packages_bucket], "logging-access-logs-go-to"),
    ],
    "permissions_boundary": lambda before, _: _ids([before.user], "identities-permissions-boundary"),
    "noncurrent_days": lambda before, _: _ids([before.packages_bucket], "retention-noncurrent-versions-stay"),
    "replica_region": _other_replica,
    "bucket_name": _other_name,
    "existing_bucket": _other_bucket,
    "endpoint": _other_service_url,
}

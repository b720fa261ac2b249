"""What of a change an option brings: the IDs of risks, and the access that is just what this project grants.

It must never be more. So a risk counts only where all that it is about follows from the value of the option, and access
only where the whole grant is one that the policies of this project have.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ghes_packages.outputs import ReplicaOutputs
from ghes_packages.policies import statements
from ghes_packages.policies.document import statement
from ghes_packages.policies.permissions import ResourceType, actions
from ghes_packages.review import expected_access
from ghes_packages.review.options.values import DESTINATION, access_keys, endpoint
from ghes_packages.review.options.written import OF_BUCKET, OF_REGION, OF_SERVICE_URL, WrittenStack
from ghes_packages.review.replacement import REPLACING
from ghes_packages.review.settings.replication import replicated_elsewhere
from ghes_packages.template.grants import Grant
from ghes_packages.template.rendering import at, in_words

Ids = Iterator[str]
Grants = Iterator[Grant]
DNS_SUFFIX = "${AWS::URLSuffix}"
# How a rule replicates objects that are encrypted with a KMS key.
WHAT_IS_ENCRYPTED_TOO = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}


def granted(written: WrittenStack, who: str, element: Mapping[str, Any], itself: str = "") -> Grants:
    """The grants of a stack that the statement makes; in the policy of a key, or a secret, on that one `itself`."""
    wanted = statement(dict(element))
    on = {itself} if itself else wanted.resources
    for each in written.grants:
        alike = (each.who, each.effect, each.conditions) == (who, wanted.effect, wanted.conditions)
        if alike and each.action in wanted.actions and each.resource in on:
            yield each


def of_the_key(written: WrittenStack) -> Grants:
    """Who may use the stack's own key: its account, the user, the readers of the secret, and S3 for the replica."""
    if written.own_key:
        itself = written.reference(written.own_key)
        account = ("Allow", f"account {written.account}", itself)
        yield from (each for each in written.grants if (each.effect, each.who, each.resource) == account)
        if written.user and written.bucket:
            user = statements.user_statement("", written.arn(written.bucket), written.region, DNS_SUFFIX)
            yield from granted(written, written.reference(written.user), user, itself)
    yield from _readers_of_the_key(written)
    for bucket in written.buckets:
        yield from _replication_of_keys(written, bucket)


def of_the_readers(written: WrittenStack) -> Grants:
    """Who may read the secret, and use its key for that."""
    if written.secret:
        for who in _readers(written):
            yield from granted(written, who, statements.readers_statement([]), written.reference(written.secret))
    yield from _readers_of_the_key(written)


def _readers(written: WrittenStack) -> set[str]:
    secret = written.reference(written.secret) if written.secret else ""
    return {each.who for each in written.grants if each.resource == secret and expected_access.ROLE.fullmatch(each.who)}


def _readers_of_the_key(written: WrittenStack) -> Grants:
    if written.own_key:
        element = statements.reader_statement("", written.region, DNS_SUFFIX)
        for who in _readers(written):
            yield from granted(written, who, element, written.reference(written.own_key))


def of_the_replica(written: WrittenStack) -> Grants:
    """What the roles of replication may do, and that S3 assumes them."""
    for bucket in written.buckets:
        yield from _replication(written, bucket)


def _replication(written: WrittenStack, bucket: str) -> Grants:
    if role := written.role_of(bucket):
        who, here = written.reference(role), written.arn(bucket)
        there = str(written.replica_of(bucket, "Bucket"))
        for action, on in (
            (statements.SOURCE_BUCKET_ACTIONS, here),
            (statements.SOURCE_OBJECT_ACTIONS, f"{here}/*"),
            (statements.REPLICA_OBJECT_ACTIONS, f"{there}/*"),
        ):
            yield from granted(written, who, {"Effect": "Allow", "Action": list(action), "Resource": on})
        yield from granted(written, "Service s3", {"Effect": "Allow", "Action": "sts:AssumeRole"}, who)
    yield from _replication_of_keys(written, bucket)


def _replication_of_keys(written: WrittenStack, bucket: str) -> Grants:
    role, there = written.role_of(bucket), str(written.replica_of(bucket, "Bucket"))
    destination = DESTINATION.fullmatch(in_words(there))
    if role and destination:
        who, replica_key = (
            written.reference(role),
            written.replica_of(bucket, "EncryptionConfiguration", "ReplicaKmsKeyID"),
        )
        own_key = written.arn(written.own_key) if written.own_key else ""
        for key, action, arn, region in (
            (own_key, statements.SOURCE_KEY_ACTIONS, written.arn(bucket), written.region),
            (str(replica_key), statements.REPLICA_KEY_ACTIONS, there, destination["region"]),
        ):
            yield from granted(written, who, statements.replication_key_statement(key, action, arn, region, DNS_SUFFIX))


def of_the_logs(written: WrittenStack) -> Grants:
    """That S3 delivers access logs to the stack's own log bucket, and replicates them."""
    if written.bucket and written.log_bucket:
        log_bucket, bucket = written.arn(written.log_bucket), written.arn(written.bucket)
        element = statements.log_delivery_statement(log_bucket, bucket, written.account)
        yield from granted(written, "Service logging.s3", element)
        yield from _replication(written, written.log_bucket)


def of_the_user(written: WrittenStack) -> Grants:
    """The seven actions on the bucket of the instance."""
    if written.user:
        for arn in written.bucket_arns:
            for kind, on in ((ResourceType.BUCKET, arn), (ResourceType.OBJECT, f"{arn}/*")):
                element = {"Effect": "Allow", "Action": actions(kind), "Resource": on}
                yield from granted(written, written.reference(written.user), element)


def of_the_addresses(written: WrittenStack) -> Grants:
    """The denial for addresses that are not allowed."""
    user = written.reference(written.user) if written.user else ""
    yield from (each for each in written.grants if each.who == user and expected_access.denial(each))


def of_the_bucket(written: WrittenStack) -> Grants:
    """All that the stack grants on account of its bucket."""
    for each in (of_the_user, of_the_logs, of_the_replica):
        yield from each(written)


def of_the_place(written: WrittenStack) -> Grants:
    """All that the stack grants, because account and region are in it."""
    for each in (of_the_bucket, of_the_key, of_the_readers):
        yield from each(written)


GRANTS: Mapping[str, Callable[[WrittenStack], Grants]] = {
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


def _stack_moves(before: WrittenStack, after: WrittenStack) -> Ids:
    if after.stack.place["region"] == after.region:
        yield "stack-moved"
    yield from _output_changes(before, after, *OF_REGION)
    yield from _other_service_url(before, after)


def _output_changes(before: WrittenStack, after: WrittenStack, *keys: str) -> Ids:
    """An output of which nothing but the value changes."""
    for key in keys:
        had, gets = (dict(at(each.stack.template.get("Outputs", {}), key) or {}) for each in (before, after))
        if all(had.get(part) == gets.get(part) for part in ("Condition", "Export")):
            yield f"output-changed-{key}"


def _other_service_url(before: WrittenStack, after: WrittenStack) -> Ids:
    if [*endpoint(after)]:
        yield from _output_changes(before, after, *OF_SERVICE_URL)


def _access_key_changes(before: WrittenStack, after: WrittenStack) -> Ids:
    had, gets = access_keys(before), access_keys(after)
    if gets.keys() - had.keys():
        yield "access-key-quota"
    for generation in had:
        old, new = had[generation], gets.get(generation)
        if new is None or (old != new and {**old, "Status": ""} == {**new, "Status": ""}):
            yield from (f"access-key-{generation}-{what}" for what in ("deleted", "in-use", "replaced"))


def _other_encryption(before: WrittenStack, after: WrittenStack) -> Ids:
    for written in (before, after):
        if written.bucket:
            yield f"encryption-default-encryption-{written.bucket}"
            yield f"encryption-default-KMS-key-{written.bucket}"
        if written.secret:
            yield f"encryption-KMS-key-{written.secret}"
        if written.own_key:
            yield f"key-orphaned-{written.own_key}"
            own = written.arn(written.own_key)
            yield from (f"alias-orphaned-{each}" for each, key in written.aliases.items() if key == own)
    if before.user is None:
        yield f"output-removed-{ReplicaOutputs.model_fields['key_arn'].alias}"
    if before.bucket and before.replica_of(before.bucket, "Bucket") == after.replica_of(before.bucket, "Bucket"):
        yield from _other_replica(before, after)


def _other_replica(before: WrittenStack, after: WrittenStack) -> Ids:
    """Replication that goes, or goes on in the same way to a replica of this instance."""
    for bucket in before.buckets:
        had, gets = (each.property(bucket, "ReplicationConfiguration") for each in (before, after))
        alike = _but_for_the_replica(had) == _but_for_the_replica(gets)
        if gets is None or (alike and not replicated_elsewhere(None, gets)):
            yield f"retention-replication-{bucket}"


def _but_for_the_replica(configuration: Any) -> Any:
    """How a bucket is replicated, without where to and with which key."""
    match configuration:
        case {"Rules": [{"Destination": dict(destination), **rule}], **others}:
            key = destination.get("EncryptionConfiguration")
            if rule.pop("SourceSelectionCriteria", None) == (WHAT_IS_ENCRYPTED_TOO if key else None):
                kept = {part: destination[part] for part in destination.keys() - {"Bucket", "EncryptionConfiguration"}}
                return others, rule, kept
    return configuration


def _other_logs(before: WrittenStack, after: WrittenStack) -> Ids:
    if before.log_bucket:
        yield from _orphaned(before, before.log_bucket)
    if before.bucket:
        yield f"logging-access-logs-go-to-{before.bucket}"


def _orphaned(before: WrittenStack, *buckets: str) -> Ids:
    for bucket in buckets:
        yield f"bucket-orphaned-{bucket}"
        yield from (f"bucket-policy-orphaned-{each}" for each in before.policies_of(bucket))


def _other_boundary(before: WrittenStack, after: WrittenStack) -> Ids:
    yield f"identities-permissions-boundary-{before.user}"


def _other_retention(before: WrittenStack, after: WrittenStack) -> Ids:
    yield f"retention-noncurrent-versions-stay-{before.bucket}"


def _other_name(before: WrittenStack, after: WrittenStack) -> Ids:
    bucket = before.bucket
    others = REPLACING["AWS::S3::Bucket"] - {"BucketName"}
    if bucket and all(before.property(bucket, each) == after.property(bucket, each) for each in others):
        yield f"bucket-replaced-{bucket}"
        yield from (
            f"bucket-policy-replaced-{each}" for each in before.policies_of(bucket) if each in after.policies_of(bucket)
        )


def _other_bucket(before: WrittenStack, after: WrittenStack) -> Ids:
    yield from _orphaned(before, *before.buckets)
    yield from _output_changes(before, after, OF_BUCKET[0])


RISKS: Mapping[str, Callable[[WrittenStack, WrittenStack], Ids]] = {
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

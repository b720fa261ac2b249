"""A replica must be complete, in step, and the instance's own.

S3 replicates every bucket, with all its objects, to the stack in `replica_region`. S3's metrics show how far behind
the replica is.
"""

from typing import Any

from ghes_packages.guardrails import Finding, Findings, RenderedStack, Resource, at
from ghes_packages.template.replica import Replica, replica_of

ENABLED = {"Status": "Enabled"}
EVERYTHING = "Replicate everything, by one rule: leave filter out"
HERE = "Keep the replica in this account: leave account and access_control_transition out"
# By the part of a rule that is not as it must be; any other part is one too many.
REMEDIES = {
    "Status": "Leave the rule enabled",
    "DeleteMarkerReplication": "Keep the replica in step: delete_marker_replication=True",
    "SourceSelectionCriteria": "Also replicate objects encrypted with KMS: sse_kms_encrypted_objects=True",
    "Destination.AccessControlTranslation": HERE,
    "Destination.Account": HERE,
    "Destination.Bucket": "Replicate to the bucket of the replica's stack: destination=replica",
    "Destination.EncryptionConfiguration": "Name the key of the replica: kms_key=replica_key",
    "Destination.Metrics": "Let `status` see how far behind the replica is: metrics=…",
    "Destination.StorageClass": "Keep the storage class: GHES must be able to read the replica at once",
}


def findings(stack: RenderedStack) -> Findings:
    replicating = any("ReplicationConfiguration" in bucket.properties for bucket in stack.buckets)
    roles = [role.arn for role in stack.of_type("AWS::IAM::Role")]
    for bucket in stack.buckets if replicating else ():
        rules = bucket.each("ReplicationConfiguration", "Rules")
        if bucket.at("ReplicationConfiguration", "Role") not in roles:
            yield Finding(
                bucket, "Properties.ReplicationConfiguration.Role", "Replicate with a role of this stack: role=role"
            )
        if len(rules) != 1:
            remedy = "Replicate every bucket of the stack, by one rule: replication=Replication(…)"
            yield Finding(bucket, "Properties.ReplicationConfiguration", remedy)
        for path, rule in rules:
            has, wanted = _parts(rule), _parts(_wanted(bucket, replica_of(stack, bucket)))
            for part in sorted((has.keys() | wanted.keys()) - {"Id", "Priority"}):
                if has.get(part) != wanted.get(part):
                    yield Finding(bucket, f"{path}.{part}", REMEDIES.get(part, EVERYTHING))


def _parts(rule: Any) -> dict[str, Any]:
    """The parts of a rule, those of its destination one by one."""
    parts = dict(rule) if isinstance(rule, dict) else {}
    destination = parts.pop("Destination", None)
    inside = destination.items() if isinstance(destination, dict) else ()
    return {**parts, **{f"Destination.{name}": value for name, value in inside}}


def _wanted(bucket: Resource, replica: Replica | None) -> dict[str, Any]:
    destination: dict[str, Any] = {"Bucket": replica and replica.bucket_arn, "Metrics": ENABLED}
    rule = {**ENABLED, "Filter": {"Prefix": ""}, "DeleteMarkerReplication": ENABLED, "Destination": destination}
    for _, each in bucket.each("BucketEncryption", "ServerSideEncryptionConfiguration"):
        if at(each, "ServerSideEncryptionByDefault", "SSEAlgorithm") != "AES256":
            rule["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": ENABLED}
            destination["EncryptionConfiguration"] = {"ReplicaKmsKeyID": replica and replica.key_arn}
    return rule

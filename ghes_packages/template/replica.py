"""Where a bucket is replicated to, as its template says it: the outputs of the stack with the replica."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ghes_packages.config.instance import REPLICA_SUFFIX
from ghes_packages.outputs import ReplicaOutputs
from ghes_packages.template.rendered import RenderedStack, Resource
from ghes_packages.template.rendering import at, rendered

_STACK_NAME = re.compile(rf".+{REPLICA_SUFFIX}")


@dataclass(frozen=True)
class Replica:
    """Bucket and KMS key of a replica, as text of the template that refers to them, and its region."""

    bucket_arn: str
    key_arn: str
    region: str


def replica_of(stack: RenderedStack, bucket: Resource) -> Replica | None:
    """The replica of the packages, or of their access logs, that the bucket is replicated to; None for any other."""
    fields = ReplicaOutputs.model_fields
    outputs = (fields["access_logs" if bucket is stack.log_bucket else "bucket"].alias, fields["key_arn"].alias)
    destinations = [at(rule, "Destination", "Bucket") for _, rule in bucket.each("ReplicationConfiguration", "Rules")]
    for stack_name, region in _read_from(stack.template["Resources"][bucket.logical_id]):
        name, key_arn = (
            rendered({"Fn::GetStackOutput": {"StackName": stack_name, "Region": region, "OutputName": output}}, {})
            for output in outputs
        )
        for partition in stack.partitions:
            if (bucket_arn := f"arn:{partition}:s3:::{name}") in destinations:
                return Replica(bucket_arn, key_arn, region)
    return None


def _read_from(value: Any) -> Iterator[tuple[str, str]]:
    """Name and region of each stack of a replica, the outputs of which CloudFormation puts into the value."""
    match value:
        case {"Fn::GetStackOutput": {"StackName": str(name), "Region": str(region)}} if _STACK_NAME.fullmatch(name):
            yield name, region
        case dict():
            for each in value.values():
                yield from _read_from(each)
        case list():
            for each in value:
                yield from _read_from(each)

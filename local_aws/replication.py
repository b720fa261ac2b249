"""S3 replicates some time after a write, MiniStack at once. Here replication waits for a read of the replica.

Versions and delete markers wait in order, until a request for objects of the replica or for metrics. A version deleted
before that cannot be replicated. S3 documents this as SrcKeyNotFound, and counts such operations in CloudWatch's
OperationsFailedReplication, in the region of the source.
"""

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, s3

METRIC = "OperationsFailedReplication"
LISTINGS = frozenset({"list-type", "versions"})


class _Operation(NamedTuple):
    """A version or delete marker to replicate, and MiniStack's function that replicates it.

    `record` is MiniStack's own record of the object, which has no `version_id` before the write is complete. `minute`
    is when it was written, as CloudWatch's metrics have it.
    """

    minute: int
    region: str
    bucket: str
    key: str
    rule: Mapping[str, Any]
    record: dict[str, Any]
    replicate: Callable[[], None]

    @property
    def destination(self) -> str:
        arn: str = self.rule["Destination"]["Bucket"]
        return arn.rpartition(":")[2]


_pending: list[_Operation] = []


def install() -> None:
    """Replace the replication of this process's MiniStack."""
    replicate, replicate_delete_marker = s3._maybe_replicate, s3._maybe_replicate_delete_marker
    answer, get_metric_data = s3._dispatch, cloudwatch._get_metric_data

    def later(bucket: str, key: str, record: dict[str, Any], data: Any, tags: dict[str, str] | None = None) -> None:
        if rule := _rule(bucket, key, tags):
            record["replication_status"] = "PENDING"
            now = functools.partial(replicate, bucket, key, record, data, tags)
            _pending.append(_Operation(_this_minute(), get_region(), bucket, key, rule, record, now))

    def delete_marker_later(bucket: str, key: str) -> None:
        if rule := _rule(bucket, key):
            marker = s3._object_versions[bucket, key][-1]
            now = functools.partial(replicate_delete_marker, bucket, key)
            _pending.append(_Operation(_this_minute(), get_region(), bucket, key, rule, marker, now))

    def answer_after_it(method: str, bucket: str, key: str, headers: Any, body: bytes, query: Mapping[str, Any]) -> Any:
        if key or LISTINGS & query.keys():
            _replicate_to(bucket)
        return answer(method, bucket, key, headers, body, query)

    def get_metric_data_after_it(*arguments: Any) -> Any:
        for bucket in {operation.destination for operation in _pending}:
            _replicate_to(bucket)
        return get_metric_data(*arguments)

    s3._maybe_replicate, s3._maybe_replicate_delete_marker = later, delete_marker_later
    s3._dispatch, cloudwatch._get_metric_data = answer_after_it, get_metric_data_after_it


def _rule(bucket: str, key: str, tags: dict[str, str] | None = None) -> Mapping[str, Any] | None:
    rule: Mapping[str, Any] | None = s3._replication_rule_for(bucket, key, tags)[0]
    return rule


def _this_minute() -> int:
    return int(time.time()) // 60 * 60


def _replicate_to(destination: str) -> None:
    due = [operation for operation in _pending if operation.destination == destination]
    _pending[:] = [operation for operation in _pending if operation.destination != destination]
    for operation in due:
        versions = s3._object_versions.get((operation.bucket, operation.key), [])
        there = [version for version in versions if version["version_id"] == operation.record["version_id"]]
        if there:
            operation.replicate()
            there[0]["replication_status"] = operation.record.get("replication_status")
        if not there or there[0]["replication_status"] == "FAILED":
            _count_failure(operation)


def _count_failure(operation: _Operation) -> None:
    dimensions = {
        "SourceBucket": operation.bucket,
        "DestinationBucket": operation.destination,
        "RuleId": operation.rule["ID"],
    }
    with request_scope(get_account_id(), operation.region):
        cloudwatch._store_datum("AWS/S3", METRIC, dimensions, operation.minute, "Count", 1, None, None, None)

"""What `status` says of a replica. That CloudWatch is asked rightly, tests/end_to_end/test_replica.py shows."""

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from ghes_packages.live.replication import Replication, Rule, faults_of
from ghes_packages.status import Status
from tests.keys import NOW, instance, key

KEY = "arn:aws:kms:us-east-1:111122223333:key/replica"
RULE: dict[str, Any] = {
    "ID": "everything",
    "Priority": 1,
    "Filter": {"Prefix": ""},
    "Status": "Enabled",
    "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
    "Destination": {
        "Bucket": "arn:aws:s3:::the-replica",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY},
        "Metrics": {"Status": "Enabled"},
    },
    "DeleteMarkerReplication": {"Status": "Enabled"},
}
IN_STEP = Rule("Enabled")


def replication(rule: Rule | None = IN_STEP, **figures: Any) -> Replication:
    return Replication("the-replica", "us-east-1", rule, **figures)


def status(found: Replication) -> Status:
    return Status(instance(), instance(), "UPDATE_COMPLETE", (key(1, unused=timedelta(hours=2)),), NOW, found)


@pytest.mark.parametrize(
    ("found", "in_short"),
    [
        (replication(), "no data yet"),
        (replication(latency=timedelta()), "0 s behind"),
        (replication(latency=timedelta(minutes=15), operations_pending=4, failed=0), "900 s behind"),
    ],
)
def test_a_replica_in_step_is_fine_also_where_cloudwatch_has_no_figure_yet(found: Replication, in_short: str) -> None:
    assert list(status(found).problems()) == []
    assert status(found).exit_status == 0
    assert status(found).row()[-1] == in_short


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (
            replication(None),
            "nothing is replicated to the-replica: somebody removed the rule everything of the packages bucket;"
            " restore it as docs/replica.md says",
        ),
        (
            replication(Rule("Disabled", ("is Disabled",))),
            "the rule everything of the packages bucket is Disabled: somebody changed it; restore it as"
            " docs/replica.md says",
        ),
        (
            replication(failed=3),
            "3 operations failed to replicate in the last day, and S3 does not retry them;"
            " replicate them with S3 Batch Replication: docs/replica.md",
        ),
        (
            replication(latency=timedelta(seconds=901)),
            "the replica is 0:15:01 behind, and 0:15:00 are allowed: check S3 in the AWS Health Dashboard, and do not"
            " rely on the replica until then",
        ),
    ],
)
def test_a_problem_of_the_replica_is_one_line_with_what_to_do(found: Replication, problem: str) -> None:
    assert list(status(found).problems()) == [problem]
    assert status(found).exit_status == 1


def test_the_rule_of_the_stack_has_no_fault_with_a_key_or_without() -> None:
    assert list(faults_of(RULE, KEY)) == []
    destination = {key: value for key, value in RULE["Destination"].items() if key != "EncryptionConfiguration"}
    assert list(faults_of({**RULE, "SourceSelectionCriteria": {}, "Destination": destination}, None)) == []
    # What S3 answers for a filter without a prefix.
    assert list(faults_of({**RULE, "Filter": {}}, KEY)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"Status": "Disabled"}, "is Disabled"),
        ({"Filter": {"Prefix": "a/"}}, "covers only a part of the bucket"),
        ({"Filter": {"Tag": {"Key": "a", "Value": "b"}}}, "covers only a part of the bucket"),
        ({"DeleteMarkerReplication": {"Status": "Disabled"}}, "does not replicate deletions"),
        (
            {"Destination": {**RULE["Destination"], "Metrics": {"Status": "Disabled"}}},
            "publishes no metrics, so the delay of the replica is not known",
        ),
        ({"SourceSelectionCriteria": {}}, "leaves out objects encrypted with a KMS key"),
        (
            {"Destination": {**RULE["Destination"], "EncryptionConfiguration": {"ReplicaKmsKeyID": "another"}}},
            f"does not encrypt with {KEY}",
        ),
    ],
)
def test_a_rule_that_somebody_changed_has_a_fault(change: dict[str, Any], fault: str) -> None:
    assert list(faults_of({**RULE, **change}, KEY)) == [fault]


def test_the_figures_are_in_the_table_and_in_json() -> None:
    figures: dict[str, Any] = {
        "latency": timedelta(seconds=12),
        "operations_pending": 3,
        "bytes_pending": 4096,
        "failed": 0,
    }
    found = status(replication(**figures))
    console = Console(width=80, record=True, file=io.StringIO())
    found.write_table(console)
    rows = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert "replica the-replica" in rows
    assert "replication 12 s behind" in rows
    assert "operations pending 3" in rows
    assert found.for_machines()["replication"] == {
        "bucket": "the-replica",
        "region": "us-east-1",
        "rule": "Enabled",
        "rule_faults": [],
        "latency_seconds": 12.0,
        "operations_pending": 3,
        "bytes_pending": 4096,
        "failed_in_the_last_day": 0,
    }


def test_an_instance_without_a_replica_says_nothing_of_one() -> None:
    found = Status(instance(), instance(), "UPDATE_COMPLETE", (key(1, unused=timedelta(hours=2)),), NOW)
    assert found.row()[-1] == ""
    assert found.for_machines()["replication"] is None

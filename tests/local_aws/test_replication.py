"""Replication happens some time after a write, and what is deleted by then is a failed operation, as on AWS."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack

THERE = "eu-west-1"
VERSIONED = {"VersioningConfiguration": {"Status": "Enabled"}}


class Buckets(NamedTuple):
    aws: EmbeddedAws
    s3: Any
    source: str
    replica: str

    def put(self, key: str = "package") -> str:
        version: str = self.s3.put_object(Bucket=self.source, Key=key, Body=b"content")["VersionId"]
        return version

    def delete(self, key: str = "package", **version: str) -> str:
        deleted: str = self.s3.delete_object(Bucket=self.source, Key=key, **version)["VersionId"]
        return deleted

    def status(self, key: str = "package") -> str:
        found: str = self.s3.head_object(Bucket=self.source, Key=key)["ReplicationStatus"]
        return found

    def replicated(self) -> list[str]:
        """The keys that are current in the replica."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.replica).get("Contents", [])]

    def failed(self, region: str) -> float:
        """What CloudWatch counted there."""
        now = datetime.now(UTC)
        dimensions = {"SourceBucket": self.source, "DestinationBucket": self.replica, "RuleId": "all"}
        metric = {
            "Namespace": "AWS/S3",
            "MetricName": "OperationsFailedReplication",
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        answer = self.aws.client("cloudwatch", region_name=region).get_metric_data(
            MetricDataQueries=[{"Id": "asked", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
        )
        return float(sum(answer["MetricDataResults"][0]["Values"]))


@pytest.fixture
def buckets(embedded_aws: EmbeddedAws) -> Buckets:
    there, here = Stack(embedded_aws, region=THERE), Stack(embedded_aws)
    there.create({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": VERSIONED}})
    replica = there.physical_id("Bucket")
    rule = {
        "Id": "all",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{replica}"},
    }
    replication = {"Role": "arn:aws:iam::111122223333:role/x", "Rules": [rule]}
    here.create(
        {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {**VERSIONED, "ReplicationConfiguration": replication}}}
    )
    return Buckets(embedded_aws, embedded_aws.client("s3"), here.physical_id("Bucket"), replica)


def test_a_version_is_pending_until_somebody_looks_at_the_replica(buckets: Buckets) -> None:
    buckets.put()
    assert buckets.status() == "PENDING"
    assert buckets.replicated() == ["package"]
    assert buckets.status() == "COMPLETED"
    assert buckets.failed(buckets.aws.region) == 0


def test_to_look_at_the_settings_of_the_replica_or_at_the_source_is_not_enough(buckets: Buckets) -> None:
    buckets.put()
    buckets.s3.get_bucket_versioning(Bucket=buckets.replica)
    buckets.s3.list_object_versions(Bucket=buckets.source)
    assert buckets.status() == "PENDING"


def test_what_was_deleted_without_a_version_is_replicated_and_then_deleted_there(buckets: Buckets) -> None:
    buckets.put()
    buckets.delete()
    assert buckets.replicated() == []
    listed = buckets.s3.list_object_versions(Bucket=buckets.replica)
    assert (len(listed["Versions"]), len(listed["DeleteMarkers"])) == (1, 1)
    assert buckets.failed(buckets.aws.region) == 0


def test_a_version_that_is_deleted_before_is_a_failed_operation_in_the_region_of_the_source(buckets: Buckets) -> None:
    buckets.delete(VersionId=buckets.put())
    buckets.put("another")
    assert buckets.replicated() == ["another"]
    assert (buckets.failed(buckets.aws.region), buckets.failed(THERE)) == (1, 0)


def test_a_delete_marker_that_is_deleted_before_leaves_the_object_in_the_replica(buckets: Buckets) -> None:
    version = buckets.put()
    assert buckets.replicated() == ["package"]
    buckets.delete(VersionId=buckets.delete())
    buckets.delete(VersionId=version)
    assert buckets.failed(buckets.aws.region) == 1
    assert buckets.replicated() == ["package"]


def test_what_cannot_be_written_to_the_replica_is_failed(buckets: Buckets) -> None:
    buckets.s3.put_bucket_versioning(Bucket=buckets.replica, VersioningConfiguration={"Status": "Suspended"})
    buckets.put()
    assert buckets.failed(buckets.aws.region) == 1
    assert buckets.status() == "FAILED"

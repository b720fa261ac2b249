"""How far the replica of an instance is behind: S3's replication rule and CloudWatch's metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError

from ghes_packages.config.instance import Instance
from ghes_packages.live import deployed
from ghes_packages.live.aws import CONFIG, S3_CONFIG, code, explained

# The one rule of each bucket that is replicated, for all that is in it.
RULE_ID = "everything"
ENABLED = "Enabled"
# S3's ways to say so in the filter of a rule.
EVERYTHING: tuple[Mapping[str, str], ...] = ({}, {"Prefix": ""})
# What S3 Replication Time Control promises, and replication without it mostly keeps.
MOST_BEHIND = timedelta(minutes=15)
LATELY, A_DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """S3's status of a replication rule, and its faults in the words of `faults_of`."""

    status: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Replication:
    """The replica of the packages bucket. A figure is None if CloudWatch has none.

    `rule` is the one that leads to `bucket`, None where there is no such rule. `latency` is how far the replica is
    behind; `failed` counts the operations of the last day that S3 gave up.
    """

    bucket: str
    region: str
    rule: Rule | None
    latency: timedelta | None = None
    operations_pending: int | None = None
    bytes_pending: int | None = None
    failed: int | None = None

    @property
    def in_short(self) -> str:
        """How far behind it is, in one or two words."""
        if self.rule is None or self.rule.status != ENABLED:
            return "not replicated"
        return "no data yet" if self.latency is None else f"{self.latency.total_seconds():.0f} s behind"

    def rows(self) -> Iterator[tuple[str, str]]:
        """Its titles and values."""
        yield "replica", self.bucket
        yield "in", self.region
        yield "replication", self.in_short
        yield "operations pending", _or_no_data(self.operations_pending)
        yield "bytes pending", _or_no_data(self.bytes_pending)
        # S3 publishes this one only when it replicates.
        yield "failed in the last day", str(self.failed or 0)

    def problems(self) -> Iterator[str]:
        """The problems for an administrator; one line each, with what to do."""
        if self.rule is None:
            yield (
                f"nothing is replicated to {self.bucket}: somebody removed the rule {RULE_ID} of the packages bucket;"
                " restore it as docs/replica.md says"
            )
        else:
            for fault in self.rule.faults:
                yield (
                    f"the rule {RULE_ID} of the packages bucket {fault}: somebody changed it; restore it as"
                    " docs/replica.md says"
                )
        if self.failed:
            yield (
                f"{self.failed} operations failed to replicate in the last day, and S3 does not retry them;"
                " replicate them with S3 Batch Replication: docs/replica.md"
            )
        if self.latency and self.latency > MOST_BEHIND:
            yield (
                f"the replica is {self.latency} behind, and {MOST_BEHIND} are allowed: check S3 in the AWS Health"
                " Dashboard, and do not rely on the replica until then"
            )

    def for_machines(self) -> dict[str, Any]:
        """As JSON; the latency is in seconds."""
        return {
            "bucket": self.bucket,
            "region": self.region,
            "rule": self.rule.status if self.rule else None,
            "rule_faults": list(self.rule.faults) if self.rule else [],
            "latency_seconds": self.latency.total_seconds() if self.latency is not None else None,
            "operations_pending": self.operations_pending,
            "bytes_pending": self.bytes_pending,
            "failed_in_the_last_day": self.failed,
        }


def read(replica: Instance, bucket: str, here: boto3.Session, there: boto3.Session, now: datetime) -> Replication:
    """The replication of a packages bucket; the sessions are for its region and for that of the replica.

    S3 publishes failures in the region of the source, and everything else in that of the destination. Raises what
    `deployed.read_replica` raises.
    """
    outputs = deployed.read_replica(replica, there)
    to = outputs.bucket
    source, destination = (Metrics(session, bucket, to, now) for session in (here, there))
    with explained():
        latency = destination.latest("ReplicationLatency")
        return Replication(
            bucket=to,
            region=str(replica.region),
            rule=rule_to(to, outputs.key_arn, bucket, here),
            latency=None if latency is None else timedelta(seconds=latency),
            operations_pending=_whole(destination.latest("OperationsPendingReplication")),
            bytes_pending=_whole(destination.latest("BytesPendingReplication")),
            failed=_whole(source.in_the_last_day("OperationsFailedReplication")),
        )


@dataclass(frozen=True)
class Metrics:
    """S3's metrics of the rule, in the region of the session. Raises botocore's errors."""

    session: boto3.Session
    source: str
    destination: str
    now: datetime

    def latest(self, name: str) -> float | None:
        """The last value of the last hour."""
        values = self._values(name, "Maximum", LATELY, period=60)
        return max(values)[1] if values else None

    def in_the_last_day(self, name: str) -> float | None:
        """The sum of the last day."""
        values = self._values(name, "Sum", A_DAY, period=3600)
        return sum(value for _, value in values) if values else None

    def _values(self, name: str, statistic: str, since: timedelta, period: int) -> list[tuple[datetime, float]]:
        dimensions = {"SourceBucket": self.source, "DestinationBucket": self.destination, "RuleId": RULE_ID}
        metric = {
            "Namespace": "AWS/S3",
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        }
        query = {"Id": "asked", "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}
        client: Any = self.session.client("cloudwatch", config=CONFIG)
        answer = client.get_metric_data(MetricDataQueries=[query], StartTime=self.now - since, EndTime=self.now)
        result = answer["MetricDataResults"][0]
        return list(zip(result["Timestamps"], result["Values"], strict=True))


def rule_to(destination: str, key_arn: str | None, bucket: str, session: boto3.Session) -> Rule | None:
    """The rule that replicates a bucket to another, with the KMS key there; None if there is no such rule.

    Raises botocore's errors.
    """
    try:
        answer = session.client("s3", config=S3_CONFIG).get_bucket_replication(Bucket=bucket)
    except ClientError as error:
        if code(error) == "ReplicationConfigurationNotFoundError":
            return None
        raise
    for rule in answer["ReplicationConfiguration"]["Rules"]:
        if rule.get("ID") == RULE_ID and rule["Destination"]["Bucket"].endswith(f":::{destination}"):
            return Rule(rule["Status"], tuple(faults_of(rule, key_arn)))
    return None


def faults_of(rule: Mapping[str, Any], key_arn: str | None) -> Iterator[str]:
    """What a rule of S3's leaves undone of what the stack made it for: the ends of sentences about it.

    `rule` has the shape of a rule in S3's GetBucketReplication.
    """
    destination = rule["Destination"]
    if rule["Status"] != ENABLED:
        yield f"is {rule['Status']}"
    if rule.get("Filter", {}) not in EVERYTHING:
        yield "covers only a part of the bucket"
    if not _enabled(rule, "DeleteMarkerReplication"):
        yield "does not replicate deletions"
    if not _enabled(destination, "Metrics"):
        yield "publishes no metrics, so the delay of the replica is not known"
    if key_arn and not _enabled(rule.get("SourceSelectionCriteria", {}), "SseKmsEncryptedObjects"):
        yield "leaves out objects encrypted with a KMS key"
    if destination.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID") != key_arn:
        yield f"does not encrypt with {key_arn or 'the key of S3'}"


def _enabled(setting: Mapping[str, Any], key: str) -> bool:
    return key in setting and bool(setting[key]["Status"] == ENABLED)


def _whole(figure: float | None) -> int | None:
    return None if figure is None else round(figure)


def _or_no_data(figure: int | None) -> str:
    return "no data yet" if figure is None else str(figure)

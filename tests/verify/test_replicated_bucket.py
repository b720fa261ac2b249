"""What `verify` leaves in a bucket that is replicated: S3 replicates some time after a write, and must find it then."""

import signal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from ghes_packages.interruption import Interrupted
from ghes_packages.live.aws import session as session_of
from ghes_packages.live.replication import RULE_ID, Metrics
from ghes_packages.verify import verify
from ghes_packages.verify.report import Outcome
from tests.verify.conftest import Storage, policy
from tests.verify.test_promises import LEAST

KEPT = "old versions go in 30 days; S3 may still have to replicate them"


@dataclass
class Replica:
    """Somebody else's, so that the stack knows nothing of it."""

    storage: Storage
    bucket: str

    def failed(self) -> float | None:
        """The operations that S3 gave up, once it has replicated."""
        self.current()
        metrics = Metrics(session_of(self.storage.instance), self.storage.bucket, self.bucket, datetime.now(UTC))
        return metrics.in_the_last_day("OperationsFailedReplication")

    def current(self) -> list[Any]:
        listed: list[Any] = self.storage.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return listed


@pytest.fixture
def replicated(storage: Storage) -> Replica:
    there: Any = storage.aws.client("s3", region_name="us-east-1")
    replica = Replica(storage, f"replica-{uuid.uuid4().hex}")
    there.create_bucket(Bucket=replica.bucket)
    there.put_bucket_versioning(Bucket=replica.bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": RULE_ID,
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "Status": "Enabled",
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{replica.bucket}"},
    }
    storage.s3.put_bucket_replication(
        Bucket=storage.bucket,
        ReplicationConfiguration={"Role": "arn:aws:iam::111122223333:role/x", "Rules": [rule]},
    )
    return replica


def test_no_version_is_deleted_before_it_is_replicated(storage: Storage, replicated: Replica) -> None:
    clean_up = storage.verify().findings[-1]
    assert (clean_up.outcome, clean_up.happened) == (Outcome.PASSED, KEPT)
    assert_hidden(storage, replicated)


def test_the_key_deletes_what_the_operator_may_not(
    storage: Storage, replicated: Replica, operator_with: Callable[..., None]
) -> None:
    operator_with(policy(*LEAST, "s3:GetReplicationConfiguration", "cloudwatch:GetMetricData"))
    clean_up = storage.verify().findings[-1]
    assert (clean_up.outcome, clean_up.happened) == (Outcome.PASSED, KEPT)
    assert_hidden(storage, replicated)


def test_where_nobody_may_see_whether_it_is_replicated_versions_stay_too(
    storage: Storage, replicated: Replica, operator_with: Callable[..., None]
) -> None:
    operator_with(policy(*LEAST, "cloudwatch:GetMetricData", "s3:ListBucketVersions", "s3:DeleteObjectVersion"))
    clean_up = storage.verify().findings[-1]
    lacking = f"s3:GetReplicationConfiguration on arn:aws:s3:::{storage.bucket}"
    assert clean_up.happened == f"old versions go in 30 days; to go now you need {lacking}"
    assert_hidden(storage, replicated)


def test_an_interruption_leaves_no_less_and_no_more(storage: Storage, replicated: Replica) -> None:
    def interrupt(title: str) -> None:
        if title == "list its parts":
            raise Interrupted(signal.SIGINT)

    with pytest.raises(Interrupted) as interruption:
        verify(storage.instance, interrupt, patience=0)
    assert interruption.value.__notes__ == [KEPT]
    assert_hidden(storage, replicated)


def assert_hidden(storage: Storage, replica: Replica) -> None:
    assert replica.failed() is None
    assert replica.current() == []
    assert storage.s3.list_objects_v2(Bucket=storage.bucket)["KeyCount"] == 0
    assert "Uploads" not in storage.s3.list_multipart_uploads(Bucket=storage.bucket)
    assert storage.s3.list_object_versions(Bucket=storage.bucket)["Versions"] != []

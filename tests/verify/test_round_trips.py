"""What a command waits for where each call takes long."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.round_trips import measured
from ghes_packages.verify import verify
from ghes_packages.verify.report import Report
from tests.verify.conftest import Storage

OPTIONS = {
    "without options": {},
    "with a KMS key and a replica": {"encryption": "kms", "replica_region": "us-east-1"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_verify_waits_for_few_round_trips_and_reports_as_one_check_after_the_other(
    storage_with: Callable[..., Storage], options: dict[str, Any]
) -> None:
    storage, reports = storage_with(**options), list[Report]()
    storage.s3.put_bucket_versioning(Bucket=storage.bucket, VersioningConfiguration={"Status": "Suspended"})
    found = measured(lambda: reports.append(storage.verify()))
    assert found.round_trips <= 15
    assert found.most_at_once <= 8
    one_by_one = verify(storage.instance, storage.titles.append, patience=0, at_once=1)
    assert reports[0].for_machines() == one_by_one.for_machines()

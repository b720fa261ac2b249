"""What `verify` says of a bucket that held packages before the stack was made for it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ghes_packages.verify.existing_bucket import takes_current_objects
from ghes_packages.verify.report import Outcome
from local_aws.embedded_aws import EmbeddedAws
from tests.verify.aws_cli import run_aws_cli
from tests.verify.conftest import Storage, failed, with_outcome

NOT_KEPT = ["public access blocked", "ACLs off", "versioned", "TLS only", "access logged"]


@pytest.fixture
def storage(storage_with: Callable[..., Storage], embedded_aws: EmbeddedAws) -> Storage:
    s3, name = embedded_aws.client("s3"), f"packages-{uuid.uuid4().hex[:8]}"
    for bucket in name, f"{name}-logs":
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": embedded_aws.region})
    # As buckets were made until 2023, when AWS changed what a new one has.
    s3.delete_public_access_block(Bucket=name)
    s3.delete_bucket_ownership_controls(Bucket=name)
    s3.put_object(Bucket=name, Key="a/package", Body=b"content")
    return storage_with(existing_bucket=name)


def test_the_stack_touches_nothing_on_the_bucket_and_the_key_works(storage: Storage) -> None:
    report = storage.verify()
    assert {finding.check.section for finding in with_outcome(report, Outcome.FAILED)} <= {
        "The packages bucket",
        "With the deployed access key, what GHES does not need",
    }
    resources = storage.aws.client("cloudformation").list_stack_resources(StackName=storage.instance.stack_name)
    assert not [each for each in resources["StackResourceSummaries"] if "S3" in each["ResourceType"]]
    assert [entry["Key"] for entry in storage.left_behind()] == ["a/package"]


def test_each_promise_that_the_bucket_does_not_keep_has_a_command_that_mends_it(storage: Storage) -> None:
    wrong = with_outcome(storage.check_bucket(), Outcome.FAILED)
    assert [finding.check.title for finding in wrong] == NOT_KEPT
    for finding in wrong:
        command, _, _ = finding.check.remedy.partition(" where ")
        run_aws_cli(storage, command.replace("LOG-BUCKET", f"{storage.bucket}-logs"))
    assert storage.verify().exit_status == 0


RULE = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}}


@pytest.mark.parametrize(
    ("rule", "takes"),
    [
        ({"Expiration": {"Days": 365}}, True),
        ({"Expiration": {"Date": "2030-01-01T00:00:00Z"}}, True),
        ({"Transitions": [{"Days": 30, "StorageClass": "DEEP_ARCHIVE"}]}, True),
        ({"Expiration": {"Days": 365}, "Status": "Disabled"}, False),
        ({"Expiration": {"ExpiredObjectDeleteMarker": True}}, False),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}, False),
        ({"Transitions": [{"Days": 0, "StorageClass": "GLACIER"}]}, True),
        ({"Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}]}, False),
        ({"Transitions": [{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}]}, False),
        ({"Transitions": [{"Days": 90, "StorageClass": "GLACIER_IR"}]}, False),
    ],
)
def test_only_a_rule_that_makes_packages_unreadable_breaks_the_promise(rule: dict[str, Any], takes: bool) -> None:
    assert takes_current_objects({**RULE, **rule}) is takes


def test_a_lifecycle_that_takes_packages_away_is_reported_and_the_remedy_switches_it_off(storage: Storage) -> None:
    rules = [{**RULE, "Expiration": {"Days": 365}}]
    storage.s3.put_bucket_lifecycle_configuration(Bucket=storage.bucket, LifecycleConfiguration={"Rules": rules})
    wrong = {finding.check.title: finding for finding in with_outcome(storage.check_bucket(), Outcome.FAILED)}
    run_aws_cli(storage, wrong["lifecycle"].check.remedy)
    assert "lifecycle" not in failed(storage.check_bucket())
    [kept] = storage.s3.get_bucket_lifecycle_configuration(Bucket=storage.bucket)["Rules"]
    assert kept["Status"] == "Disabled"


def test_a_bucket_that_logs_to_itself_is_reported(storage: Storage) -> None:
    logging = {"LoggingEnabled": {"TargetBucket": storage.bucket, "TargetPrefix": "logs/"}}
    storage.s3.put_bucket_logging(Bucket=storage.bucket, BucketLoggingStatus=logging)
    happened = {finding.happened for finding in with_outcome(storage.check_bucket(), Outcome.FAILED)}
    assert "to itself, among the packages" in happened

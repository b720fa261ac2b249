"""What `verify` says of storages with the other options of an instance's table, against an IAM that enforces."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ghes_packages.live.aws import ACCESS_DENIED, code
from ghes_packages.verify.addresses import OUTSIDE
from ghes_packages.verify.report import Outcome
from local_aws.embedded_aws import EmbeddedAws
from tests.verify.aws_cli import run_aws_cli
from tests.verify.conftest import Storage, failed, policy, with_outcome
from tests.vpc_endpoint import through

StorageWith = Callable[..., Storage]
ELSEWHERE = ["203.0.113.0/24"]


def as_ghes(storage: Storage, service: str = "s3") -> Any:
    """A client that signs with the deployed access key."""
    arn = storage.deployed.outputs.secret_key_reference
    value = json.loads(storage.aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    return storage.aws.client(
        service, aws_access_key_id=value["access_key_id"], aws_secret_access_key=value["secret_access_key"]
    )


# --- allowed_cidrs


def test_from_elsewhere_the_key_reads_and_writes_no_object_and_verify_finds_nothing_wrong(
    storage_with: StorageWith,
) -> None:
    storage = storage_with(allowed_cidrs=ELSEWHERE)
    s3, target = as_ghes(storage), {"Bucket": storage.bucket, "Key": "a/package"}
    storage.s3.put_object(**target, Body=b"content")
    for call in (s3.get_object, s3.put_object, s3.delete_object):
        with pytest.raises(ClientError, match=r"AccessDenied.*explicit deny in an identity-based policy"):
            call(**target)
    assert s3.list_objects_v2(Bucket=storage.bucket)["KeyCount"] == 1
    assert storage.s3.get_object(**target)["Body"].read() == b"content"

    report = storage.verify()
    assert failed(report) == []
    assert report.exit_status == 3
    not_checked = {finding.check.title: finding.happened for finding in with_outcome(report, Outcome.NOT_CHECKED)}
    assert (not_checked["put an object"], not_checked["get it"]) == (OUTSIDE, "needs: put an object")
    assert "list its prefix" not in not_checked


def test_from_inside_everything_passes(storage_with: StorageWith, monkeypatch: pytest.MonkeyPatch) -> None:
    # The table takes no private address; a stack can be deployed with one all the same.
    monkeypatch.setattr("ghes_packages.config.values.PRIVATE", ())
    assert storage_with(allowed_cidrs=["127.0.0.0/8"]).verify().exit_status == 0


def test_a_policy_that_lets_other_addresses_in_is_reported(storage_with: StorageWith) -> None:
    storage = storage_with(allowed_cidrs=ELSEWHERE)
    arn = storage.parts.policy_arn
    document = storage.iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    [denial] = [each for each in document["Statement"] if each["Effect"] == "Deny"]
    denial["Condition"]["NotIpAddress"]["aws:SourceIp"].append("198.51.100.0/24")
    storage.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
    [finding] = with_outcome(storage.check_user(), Outcome.FAILED)
    assert finding.check.title == "what the policy allows"
    assert "198.51.100.0/24" in finding.happened


# --- allowed_vpc_endpoints

ENDPOINT, ANOTHER_ENDPOINT = "vpce-0123456789abcdef0", "vpce-1a2b3c4d"


@pytest.mark.parametrize("addresses", [{}, {"allowed_cidrs": ELSEWHERE}], ids=["alone", "with addresses"])
def test_through_the_endpoint_everything_passes_and_from_elsewhere_no_object_is_read(
    storage_with: StorageWith, monkeypatch: pytest.MonkeyPatch, addresses: dict[str, Any]
) -> None:
    storage = storage_with(allowed_vpc_endpoints=[ENDPOINT], **addresses)
    s3, target = as_ghes(storage), {"Bucket": storage.bucket, "Key": "a/package"}

    def refused() -> None:
        for call in (s3.get_object, s3.put_object, s3.delete_object):
            with pytest.raises(ClientError, match=r"AccessDenied.*explicit deny in an identity-based policy"):
                call(**target)

    refused()
    link = s3.generate_presigned_url("get_object", Params=target)
    storage.s3.put_object(**target, Body=b"content")
    assert fetched(storage, link) == 403
    report = storage.verify()
    assert (failed(report), report.exit_status) == ([], 3)
    assert OUTSIDE in {finding.happened for finding in with_outcome(report, Outcome.NOT_CHECKED)}
    with monkeypatch.context() as elsewhere:
        through(elsewhere, ANOTHER_ENDPOINT)
        refused()
    through(monkeypatch, ENDPOINT)
    assert fetched(storage, link) == b"content"
    assert storage.verify().exit_status == 0


def fetched(storage: Storage, link: str) -> bytes | int:
    """What a client gets by a link; the HTTP status if it gets nothing."""
    tls = ssl.create_default_context(cafile=storage.aws.environment["AWS_CA_BUNDLE"])
    try:
        with urllib.request.urlopen(link, context=tls) as response:
            content: bytes = response.read()
            return content
    except urllib.error.HTTPError as error:
        return error.code


def test_from_an_address_that_is_allowed_beside_the_endpoint_everything_passes(
    storage_with: StorageWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ghes_packages.config.values.PRIVATE", ())
    storage = storage_with(allowed_cidrs=["127.0.0.0/8"], allowed_vpc_endpoints=[ENDPOINT])
    assert storage.verify().exit_status == 0


# --- permissions_boundary


def test_the_boundary_of_the_organisation_is_expected_and_another_one_is_reported(
    storage_with: StorageWith, embedded_aws: EmbeddedAws
) -> None:
    boundary = embedded_aws.client("iam").create_policy(PolicyName="boundary", PolicyDocument=policy("s3:*"))
    storage = storage_with(permissions_boundary=boundary["Policy"]["Arn"])
    assert storage.check_user().exit_status == 0
    storage.iam.put_user_permissions_boundary(UserName=storage.user, PermissionsBoundary=storage.parts.policy_arn)
    [finding] = with_outcome(storage.check_user(), Outcome.FAILED)
    run_aws_cli(storage, finding.check.remedy)
    assert storage.check_user().exit_status == 0


# --- secret_readers


@pytest.fixture
def role(embedded_aws: EmbeddedAws) -> Callable[[str], str]:
    """Makes a role without any policy, that the administrator may assume; gives its ARN."""
    iam = embedded_aws.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{embedded_aws.account}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    return lambda name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


def reads_the_secret(storage: Storage, role_arn: str) -> bool:
    answer = storage.aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="reader")["Credentials"]
    client = storage.aws.client(
        "secretsmanager",
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
    )
    try:
        client.get_secret_value(SecretId=storage.deployed.outputs.secret_key_reference)
    except client.exceptions.ClientError as error:
        if code(error) not in ACCESS_DENIED:
            raise
        return False
    return True


def test_the_named_role_reads_the_secret_and_another_one_does_not(
    storage_with: StorageWith, role: Callable[[str], str]
) -> None:
    named, another = role("named"), role("another")
    storage = storage_with(secret_readers=[named])
    assert (reads_the_secret(storage, named), reads_the_secret(storage, another)) == (True, False)
    assert storage.check_secret().exit_status == 0


@pytest.mark.parametrize("readers", [[], ["arn:aws:iam::111122223333:role/reader"]], ids=["nobody", "one role"])
def test_a_reader_too_many_is_reported_by_name_and_the_remedy_mends_it(
    storage_with: StorageWith, readers: list[str]
) -> None:
    storage = storage_with(**({"secret_readers": readers} if readers else {}))
    everybody = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*", *readers]},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    storage.aws.client("secretsmanager").put_resource_policy(
        SecretId=storage.deployed.outputs.secret_key_reference,
        ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}),
    )
    [finding] = with_outcome(storage.check_secret(), Outcome.FAILED)
    assert finding.happened.endswith("stray: AWS *: secretsmanager:GetSecretValue on *")
    run_aws_cli(storage, finding.check.remedy)
    assert storage.check_secret().exit_status == 0


# --- storage_class


def moving_to(storage_class: str, days: int = 0) -> dict[str, Any]:
    return {"Transitions": [{"Days": days, "StorageClass": storage_class}]}


TIERED = moving_to("INTELLIGENT_TIERING")


@pytest.mark.parametrize(
    ("options", "by_hand"),
    [
        ({"storage_class": "intelligent-tiering"}, {}),
        ({"storage_class": "intelligent-tiering"}, moving_to("INTELLIGENT_TIERING", 30)),
        ({"storage_class": "intelligent-tiering"}, moving_to("DEEP_ARCHIVE", 90)),
        ({}, TIERED),
    ],
    ids=["no move", "a later move", "an archive", "a move that nobody asked for"],
)
def test_another_move_of_packages_is_reported_and_the_remedy_mends_it(
    storage_with: StorageWith, options: dict[str, str], by_hand: dict[str, Any]
) -> None:
    storage = storage_with(**options)
    assert storage.check_bucket().exit_status == 0
    [as_deployed] = rules_of(storage)
    assert as_deployed.pop("Transitions", []) == (TIERED["Transitions"] if options else [])
    storage.s3.put_bucket_lifecycle_configuration(
        Bucket=storage.bucket, LifecycleConfiguration={"Rules": [{**as_deployed, **by_hand}]}
    )
    [finding] = with_outcome(storage.check_bucket(), Outcome.FAILED)
    assert finding.check.title == "lifecycle"
    run_aws_cli(storage, finding.check.remedy)
    assert storage.check_bucket().exit_status == 0
    [mended] = rules_of(storage)
    assert mended.get("Transitions", []) == (TIERED["Transitions"] if options else [])


def rules_of(storage: Storage) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = storage.s3.get_bucket_lifecycle_configuration(Bucket=storage.bucket)["Rules"]
    return rules


# --- access_logs


def test_a_central_log_bucket_is_logged_to_and_left_to_its_owner(
    storage_with: StorageWith, embedded_aws: EmbeddedAws
) -> None:
    make_bucket(embedded_aws, "central-logs")
    storage = storage_with(access_logs="central-logs")
    assert storage.parts.log_bucket is None
    report = storage.verify()
    assert report.exit_status == 0
    assert ("access logged", "to the central one") in {(each.check.title, each.happened) for each in report.findings}
    assert "list the access logs" in {finding.check.title for finding in report.findings}
    assert "The bucket of its access logs" not in {finding.check.section for finding in report.findings}


def test_logs_below_another_prefix_are_reported_and_the_remedy_mends_it(
    storage_with: StorageWith, embedded_aws: EmbeddedAws
) -> None:
    make_bucket(embedded_aws, "prefixed-logs")
    storage = storage_with(access_logs="prefixed-logs")
    storage.s3.put_bucket_logging(
        Bucket=storage.bucket,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "prefixed-logs", "TargetPrefix": ""}},
    )
    [finding] = with_outcome(storage.check_bucket(), Outcome.FAILED)
    assert finding.happened == "logged to prefixed-logs/"
    run_aws_cli(storage, finding.check.remedy)
    assert storage.check_bucket().exit_status == 0


def make_bucket(aws: EmbeddedAws, name: str) -> None:
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})

"""What `verify` says of the deployed key, against an IAM that enforces."""

import copy
import io
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError
from rich.console import Console

from ghes_packages.errors import AwsRefused
from ghes_packages.interruption import Stop
from ghes_packages.policies.permissions import PERMISSIONS
from ghes_packages.verify import verify
from ghes_packages.verify.key_checks import CANNOT
from ghes_packages.verify.report import Outcome
from ghes_packages.verify.writing import write
from tests.verify.conftest import Storage, failed, with_outcome

ACTIONS = [permission.action for permission in PERMISSIONS]


@pytest.fixture
def storage(shared_storage: Storage) -> Storage:
    """What a test changes, it puts back."""
    return shared_storage


@contextmanager
def policy_of(storage: Storage, *, without: str = "", also: str = "") -> Iterator[None]:
    """With a version of the managed policy that has one action less, or one more on everything it covers."""
    policy = {"PolicyArn": storage.parts.policy_arn}
    as_deployed = storage.iam.get_policy(**policy)["Policy"]["DefaultVersionId"]
    document = storage.iam.get_policy_version(**policy, VersionId=as_deployed)["PolicyVersion"]["Document"]
    changed = copy.deepcopy(document)
    for statement in changed["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != without] + ([also] if also else [])
    version = put_policy(storage, changed)
    try:
        yield
    finally:
        put_policy(storage, document)
        for each in as_deployed, version:
            storage.iam.delete_policy_version(**policy, VersionId=each)


def put_policy(storage: Storage, document: Any) -> str:
    """The version that is the default from now on."""
    made = storage.iam.create_policy_version(
        PolicyArn=storage.parts.policy_arn, PolicyDocument=json.dumps(document), SetAsDefault=True
    )
    version: str = made["PolicyVersion"]["VersionId"]
    return version


def test_everything_passes_on_what_the_stack_deploys_and_each_action_has_a_probe(storage: Storage) -> None:
    report = storage.verify()
    assert [finding for finding in report.findings if finding.outcome is not Outcome.PASSED] == []
    assert report.exit_status == 0
    assert {finding.check.action for finding in report.findings} - {""} == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_without_one_action_just_its_probes_fail(storage: Storage, action: str) -> None:
    with policy_of(storage, without=action):
        report = storage.verify()
    wrong = with_outcome(report, Outcome.FAILED)
    assert {finding.check.action for finding in wrong if finding.check.action} == {action}
    assert [finding.check.title for finding in wrong if not finding.check.action] == ["what the policy allows"]
    assert all(action in finding.check.remedy for finding in wrong if finding.check.action)
    assert report.exit_status == 1
    assert storage.left_behind() == []


@pytest.mark.parametrize(
    ("action", "title"),
    [
        ("s3:GetBucketLocation", "read the location"),
        ("s3:DeleteObjectVersion", "delete a version of its object"),
    ],
)
def test_an_eighth_action_is_reported(storage: Storage, action: str, title: str) -> None:
    with policy_of(storage, also=action):
        report = storage.verify()
    assert failed(report) == [title, "what the policy allows"]
    assert storage.left_behind() == []


def test_the_boundary_holds_a_user_with_administrator_access_to_the_seven_actions(storage: Storage) -> None:
    administrator = {"UserName": storage.user, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    storage.iam.attach_user_policy(**administrator)
    assert failed(storage.verify()) == ["policies of the user"]
    storage.iam.detach_user_policy(**administrator)


def test_a_leaked_key_cannot_read_the_bucket_policy_nor_reach_anything_else(storage: Storage) -> None:
    findings = storage.verify().findings
    refused = [finding for finding in findings if finding.happened == "refused"]
    assert {"read the bucket policy", "list all buckets", "read its secret", "read its IAM user"} <= {
        finding.check.title for finding in refused
    }
    section = [finding for finding in findings if finding.check.section == CANNOT]
    assert [finding.check.title for finding in refused] == [finding.check.title for finding in section]


def test_plain_http_gets_through_without_the_rule_and_that_is_reported(storage: Storage) -> None:
    policy = storage.s3.get_bucket_policy(Bucket=storage.bucket)["Policy"]
    storage.s3.delete_bucket_policy(Bucket=storage.bucket)
    report = storage.verify()
    storage.s3.put_bucket_policy(Bucket=storage.bucket, Policy=policy)
    assert failed(report) == ["get over plain HTTP", "TLS only"]
    [over_plain_http, _] = with_outcome(report, Outcome.FAILED)
    assert over_plain_http.check.remedy == (
        "the bucket policy does not deny requests without TLS: see the check TLS only below"
    )


def test_a_public_bucket_is_reported(storage_with: Callable[..., Storage]) -> None:
    storage = storage_with()
    storage.s3.delete_public_access_block(Bucket=storage.bucket)
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{storage.bucket}", f"arn:aws:s3:::{storage.bucket}/*"],
    }
    policy = json.loads(storage.s3.get_bucket_policy(Bucket=storage.bucket)["Policy"])
    policy["Statement"].append(everybody)
    storage.s3.put_bucket_policy(Bucket=storage.bucket, Policy=json.dumps(policy))
    assert failed(storage.verify()) == [
        "get without credentials",
        "list without credentials",
        "public access blocked",
        "policy grants",
    ]


def test_with_a_key_that_s3_does_not_know_nothing_else_is_claimed_of_the_key(storage: Storage) -> None:
    key = {"UserName": storage.user, "AccessKeyId": storage.deployed.outputs.access_key}
    storage.iam.update_access_key(**key, Status="Inactive")
    report = storage.verify()
    storage.iam.update_access_key(**key, Status="Active")
    assert failed(report) == ["sign in", "access keys"]
    not_checked = with_outcome(report, Outcome.NOT_CHECKED)
    assert {finding.check.section for finding in not_checked} == {
        "With the deployed access key, as GHES",
        "With the deployed access key, what GHES does not need",
    }
    assert "read the bucket policy" in {finding.check.title for finding in not_checked}


def test_it_touches_nothing_beyond_its_own_prefix(
    storage_with: Callable[..., Storage], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storage_with()
    storage.s3.put_object(Bucket=storage.bucket, Key="a/package", Body=b"of somebody else")
    requests: list[tuple[str, dict[str, Any]]] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        requests.append((operation, parameters))
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    assert storage.verify().exit_status == 0
    [prefix] = {parameters["Prefix"] for _, parameters in requests if "Prefix" in parameters}
    keys = {parameters["Key"] for _, parameters in requests if "Key" in parameters}
    assert all(key.startswith(prefix) for key in keys)
    listings = {operation for operation, parameters in requests if "Prefix" in parameters}
    assert listings == {"ListObjectsV2", "ListMultipartUploads", "ListObjectVersions"}
    assert all("Prefix" in parameters for operation, parameters in requests if operation in listings)
    assert [entry["Key"] for entry in storage.left_behind()] == ["a/package"]


def test_a_key_that_is_new_to_aws_is_waited_for(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"UserName": storage.user, "AccessKeyId": storage.deployed.outputs.access_key}
    storage.iam.update_access_key(**key, Status="Inactive")
    pauses: list[float] = []

    def pause(_: Stop, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            storage.iam.update_access_key(**key, Status="Active")

    monkeypatch.setattr(Stop, "sleep", pause)
    # One check at a time: the one of the user's keys comes when this one is active.
    assert verify(storage.instance, storage.titles.append, patience=30, at_once=1).exit_status == 0
    assert pauses == [1.0, 2.0]


def test_the_secret_key_is_in_nothing_that_is_shown(storage: Storage) -> None:
    arn = storage.deployed.outputs.secret_key_reference
    secret = json.loads(storage.aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    report = storage.verify()
    console = Console(record=True, file=io.StringIO(), width=400)
    write(report, console)
    shown = [str(report.for_machines()), console.export_text(), repr(report.findings), *storage.titles]
    assert len(secret["secret_access_key"]) > 30
    assert not [text for text in shown if secret["secret_access_key"] in text]


def test_a_network_that_fails_proves_no_refusal(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def cut_off(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "GetBucketLocation":  # which only a refusal asks for
            raise ReadTimeoutError(endpoint_url="https://s3")
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", cut_off)
    with pytest.raises(AwsRefused):
        storage.verify()
    assert storage.left_behind() == []


def test_plain_http_that_nobody_answers_is_refused_too(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "")
    monkeypatch.setenv("http_proxy", "")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(
            "ghes_packages.verify.plain_http.plain", lambda _: f"http://127.0.0.1:{unused.getsockname()[1]}"
        )
        [finding] = [each for each in storage.verify().findings if each.check.title == "get over plain HTTP"]
    assert (finding.outcome, finding.happened) == (Outcome.PASSED, "refused: nothing answers")

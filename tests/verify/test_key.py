"""What `verify` says of the deployed key, against an IAM that enforces."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient

from ghes_packages.permissions import PERMISSIONS
from ghes_packages.verify.report import Outcome
from tests.verify.conftest import Storage, failed, with_outcome

ACTIONS = [permission.action for permission in PERMISSIONS]


def set_policy(storage: Storage, *, without: str = "", also: str = "") -> None:
    """Make a version of the managed policy that has one action less, or one more on everything it covers."""
    arn = storage.parts.policy_arn
    version = storage.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = storage.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != without] + ([also] if also else [])
    storage.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)


def test_everything_passes_on_what_the_stack_deploys(storage: Storage) -> None:
    report = storage.verify()
    assert [finding for finding in report.findings if finding.outcome is not Outcome.PASSED] == []
    assert report.exit_status == 0


def test_each_of_the_seven_actions_has_a_probe(storage: Storage) -> None:
    assert {finding.check.action for finding in storage.verify().findings} - {""} == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_without_one_action_just_its_probes_fail(storage: Storage, action: str) -> None:
    set_policy(storage, without=action)
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
        ("s3:PutObjectTagging", "tag its object"),
    ],
)
def test_an_eighth_action_is_reported(storage: Storage, action: str, title: str) -> None:
    set_policy(storage, also=action)
    report = storage.verify()
    assert failed(report) == [title, "what the policy allows"]
    assert storage.left_behind() == []


def test_the_boundary_holds_a_user_with_administrator_access_to_the_seven_actions(storage: Storage) -> None:
    storage.iam.attach_user_policy(UserName=storage.user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert failed(storage.verify()) == ["policies of the user"]


def test_a_leaked_key_cannot_read_the_bucket_policy_nor_reach_anything_else(storage: Storage) -> None:
    refused = [finding for finding in storage.verify().findings if finding.happened == "refused"]
    assert {"read the bucket policy", "list all buckets", "read its secret", "read its IAM user"} <= {
        finding.check.title for finding in refused
    }
    assert len(refused) == 16


def test_plain_http_gets_through_without_the_rule_and_that_is_reported(storage: Storage) -> None:
    storage.s3.delete_bucket_policy(Bucket=storage.bucket)
    assert failed(storage.verify()) == ["get over plain HTTP", "TLS only"]


def test_a_public_bucket_is_reported(storage: Storage) -> None:
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
    key = storage.deployed.outputs.access_key
    storage.iam.update_access_key(UserName=storage.user, AccessKeyId=key, Status="Inactive")
    report = storage.verify()
    assert failed(report) == ["sign in", "access keys"]
    not_checked = with_outcome(report, Outcome.NOT_CHECKED)
    assert {finding.check.section for finding in not_checked} == {
        "With the deployed access key, as GHES",
        "With the deployed access key, what GHES has no need of",
    }
    assert "read the bucket policy" in {finding.check.title for finding in not_checked}


def test_it_touches_nothing_beyond_its_own_prefix(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
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

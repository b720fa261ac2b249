"""What `verify` says of buckets, user and stack when somebody has changed them by hand."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError

from ghes_packages.errors import AwsRefused
from ghes_packages.verify.report import Outcome
from tests.verify.aws_cli import run_aws_cli
from tests.verify.conftest import Storage, failed, policy, with_outcome


@pytest.fixture
def storage(shared_storage: Storage) -> Storage:
    """What a test changes, it puts back."""
    return shared_storage


@pytest.fixture
def policies_put_back(storage: Storage) -> Iterator[None]:
    """Of both buckets."""
    buckets = (storage.bucket, storage.parts.log_bucket)
    policies = {bucket: storage.s3.get_bucket_policy(Bucket=bucket)["Policy"] for bucket in buckets}
    yield
    for bucket, document in policies.items():
        storage.s3.put_bucket_policy(Bucket=bucket, Policy=document)


LENIENT_RULE = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}
MOVING_RULE = {
    "ID": "x",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
}


def lifecycle_of(*rules: dict[str, Any]) -> Callable[[Storage, str], object]:
    return lambda storage, bucket: storage.s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}
    )


CHANGES_OF_A_BUCKET: dict[str, tuple[str, Callable[[Storage, str], object]]] = {
    "no public access block": (
        "public access blocked",
        lambda storage, bucket: storage.s3.delete_public_access_block(Bucket=bucket),
    ),
    "one of four blocks off": (
        "public access blocked",
        lambda storage, bucket: storage.s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": False,
                "RestrictPublicBuckets": True,
            },
        ),
    ),
    "ACLs on": (
        "ACLs off",
        lambda storage, bucket: storage.s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
    ),
    "other encryption": (
        "encrypted by default",
        lambda storage, bucket: storage.s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
            },
        ),
    ),
    "versioning suspended": (
        "versioned",
        lambda storage, bucket: storage.s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
        ),
    ),
    "no lifecycle": ("lifecycle", lambda storage, bucket: storage.s3.delete_bucket_lifecycle(Bucket=bucket)),
    "a rule that expires": ("lifecycle", lifecycle_of(LENIENT_RULE)),
    "a rule that moves": ("lifecycle", lifecycle_of(MOVING_RULE)),
}


@pytest.mark.parametrize(("title", "change"), CHANGES_OF_A_BUCKET.values(), ids=CHANGES_OF_A_BUCKET)
def test_a_changed_bucket_is_reported_and_the_remedy_mends_it(
    storage: Storage, title: str, change: Callable[[Storage, str], object]
) -> None:
    for bucket, check in (
        (storage.bucket, storage.check_bucket),
        (str(storage.parts.log_bucket), storage.check_log_bucket),
    ):
        change(storage, bucket)
        report = check()
        assert failed(report) == [title]
        [finding] = with_outcome(report, Outcome.FAILED)
        run_aws_cli(storage, finding.check.remedy)
        assert check().exit_status == 0


def test_a_bucket_whose_access_is_not_logged_is_reported_and_the_remedy_mends_it(storage: Storage) -> None:
    storage.s3.put_bucket_logging(Bucket=storage.bucket, BucketLoggingStatus={})
    report = storage.check_bucket()
    assert failed(report) == ["access logged"]
    run_aws_cli(storage, with_outcome(report, Outcome.FAILED)[0].check.remedy)
    assert storage.check_bucket().exit_status == 0


@pytest.mark.usefixtures("policies_put_back")
def test_an_older_tls_version_let_in_is_reported(storage: Storage) -> None:
    policy = json.loads(storage.s3.get_bucket_policy(Bucket=storage.bucket)["Policy"])
    [old_tls] = [each for each in policy["Statement"] if "NumericLessThan" in each["Condition"]]
    old_tls["Condition"]["NumericLessThan"]["s3:TlsVersion"] = 1.0
    storage.s3.put_bucket_policy(Bucket=storage.bucket, Policy=json.dumps(policy))
    [finding] = with_outcome(storage.check_bucket(), Outcome.FAILED)
    assert (finding.check.title, finding.happened) == (
        "TLS only",
        'not denied: {"NumericLessThan": {"s3:TlsVersion": 1.2}}',
    )


def log_policy(storage: Storage) -> Any:
    return json.loads(storage.s3.get_bucket_policy(Bucket=storage.parts.log_bucket)["Policy"])


def put_log_policy(storage: Storage, policy: Any) -> str:
    """What is then said to be wrong."""
    storage.s3.put_bucket_policy(Bucket=storage.parts.log_bucket, Policy=json.dumps(policy))
    [finding] = with_outcome(storage.check_log_bucket(), Outcome.FAILED)
    assert finding.check.title == "policy grants"
    return finding.happened


@pytest.mark.usefixtures("policies_put_back")
def test_somebody_who_may_read_the_logs_is_reported_by_name(storage: Storage) -> None:
    policy, objects = log_policy(storage), f"arn:aws:s3:::{storage.parts.log_bucket}/*"
    reader = f"arn:aws:iam::{storage.aws.account}:root"
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": reader}, "Action": "s3:GetObject", "Resource": objects}
    )
    assert put_log_policy(storage, policy) == f"stray: AWS {reader}: s3:GetObject on {objects}"


@pytest.mark.usefixtures("policies_put_back")
def test_log_delivery_for_other_buckets_is_reported(storage: Storage) -> None:
    policy = log_policy(storage)
    [delivery] = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    del delivery["Condition"]
    assert "stray: Service logging.s3: s3:PutObject on" in put_log_policy(storage, policy)


@pytest.mark.usefixtures("policies_put_back")
def test_a_log_bucket_that_takes_no_logs_is_reported(storage: Storage) -> None:
    policy = log_policy(storage)
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert put_log_policy(storage, policy).startswith("missing: Service logging.s3: s3:PutObject on")


@pytest.mark.usefixtures("policies_put_back")
@pytest.mark.parametrize("somebody", [{"Federated": "*"}, {"Service": "*"}, {"AWS": "arn:aws:iam::111122223333:root"}])
def test_a_rule_that_refuses_plain_http_to_somebody_only_is_reported(storage: Storage, somebody: Any) -> None:
    policy = json.loads(storage.s3.get_bucket_policy(Bucket=storage.bucket)["Policy"])
    for statement in policy["Statement"]:
        statement["Principal"] = somebody
    storage.s3.put_bucket_policy(Bucket=storage.bucket, Policy=json.dumps(policy))
    assert failed(storage.check_bucket()) == ["TLS only"]


@pytest.mark.usefixtures("policies_put_back")
def test_a_bucket_without_the_tls_rules_is_mended_by_the_remedy_and_keeps_its_other_statements(
    storage: Storage,
) -> None:
    policy = log_policy(storage)
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    storage.s3.put_bucket_policy(Bucket=storage.parts.log_bucket, Policy=json.dumps(policy))
    [finding] = with_outcome(storage.check_log_bucket(), Outcome.FAILED)
    run_aws_cli(storage, finding.check.remedy)
    assert storage.check_log_bucket().exit_status == 0


# --- The user


def another_group(storage: Storage) -> None:
    storage.iam.create_group(GroupName=f"other-{storage.instance.name}")
    storage.iam.add_user_to_group(UserName=storage.user, GroupName=f"other-{storage.instance.name}")


def another_member(storage: Storage) -> None:
    storage.iam.create_user(UserName=f"other-{storage.instance.name}")
    storage.iam.add_user_to_group(UserName=f"other-{storage.instance.name}", GroupName=storage.parts.group)


def conditional_policy(storage: Storage) -> None:
    arn = storage.parts.policy_arn
    document = storage.iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    document["Statement"][0]["Condition"] = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    storage.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)


CHANGES_OF_THE_USER: dict[str, tuple[str, Callable[[Storage], object]]] = {
    "another group": ("groups of the user", another_group),
    "another member of the group": ("members of the group", another_member),
    "a condition in the policy": ("what the policy allows", conditional_policy),
    "an inline policy on the group": (
        "policies of the group",
        lambda storage: storage.iam.put_group_policy(
            GroupName=storage.parts.group, PolicyName="more", PolicyDocument=policy("s3:ListAllMyBuckets")
        ),
    ),
    "an inactive key": (
        "access keys",
        lambda storage: storage.iam.update_access_key(
            UserName=storage.user, AccessKeyId=storage.deployed.outputs.access_key, Status="Inactive"
        ),
    ),
    "another policy on the group": (
        "policies of the group",
        lambda storage: storage.iam.attach_group_policy(
            GroupName=storage.parts.group, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
        ),
    ),
    "an inline policy on the user": (
        "policies of the user",
        lambda storage: storage.iam.put_user_policy(
            UserName=storage.user,
            PolicyName="more",
            PolicyDocument=policy("s3:ListAllMyBuckets"),
        ),
    ),
    "a console password": (
        "console password",
        lambda storage: storage.iam.create_login_profile(UserName=storage.user, Password="not a Real 1 password"),
    ),
    "no boundary": (
        "permissions boundary",
        lambda storage: storage.iam.delete_user_permissions_boundary(UserName=storage.user),
    ),
    "another key": ("access keys", lambda storage: storage.iam.create_access_key(UserName=storage.user)),
    "no termination protection": (
        "termination protection",
        lambda storage: storage.aws.client("cloudformation").update_termination_protection(
            StackName=storage.instance.stack_name, EnableTerminationProtection=False
        ),
    ),
}


def test_each_change_of_the_user_is_reported_under_its_title_alone(storage_with: Callable[..., Storage]) -> None:
    storage = storage_with()
    before = storage.check_user().findings
    for name, (title, change) in CHANGES_OF_THE_USER.items():
        change(storage)
        after = storage.check_user().findings
        [changed] = [now for now, then in zip(after, before, strict=True) if now.happened != then.happened]
        assert (changed.check.title, changed.outcome) == (title, Outcome.FAILED), name
        assert changed.check.remedy.partition("aws ")[2], name
        before = after


def test_a_secret_that_names_another_bucket_is_reported(storage: Storage) -> None:
    arn = storage.deployed.outputs.secret_key_reference
    secrets: Any = storage.aws.client("secretsmanager")
    value = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({**value, "bucket": "another"}))
    [finding] = with_outcome(storage.check_secret(), Outcome.FAILED)
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(value))
    assert finding.happened == f"missing: bucket {storage.bucket}; stray: bucket another"


@pytest.mark.parametrize("answer", ["SlowDown", "AccessDenied"])
def test_no_remedy_takes_the_place_of_a_policy_that_could_not_be_read(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]
    refusals = [answer]

    def refused_once(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "GetBucketPolicy" and refusals:
            raise ClientError({"Error": {"Code": refusals.pop()}}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refused_once)
    remedies = [finding.check.remedy for finding in storage.check_log_bucket().findings]
    assert refusals == []
    assert not [remedy for remedy in remedies if "--policy {" in remedy or "--policy '" in remedy]
    assert any("look at the policy first: aws s3api get-bucket-policy" in remedy for remedy in remedies)


# --- The operator's own rights


LEAST = (
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "secretsmanager:GetSecretValue",
)


def test_what_the_operator_may_not_see_or_remove_is_told_with_the_missing_action(
    storage_with: Callable[..., Storage], operator_with: Callable[..., None]
) -> None:
    storage = storage_with()
    operator_with(policy(*LEAST))
    report = storage.verify()
    assert failed(report) == []
    not_checked = with_outcome(report, Outcome.NOT_CHECKED)
    lacking = f"your credentials lack iam:ListGroupsForUser on arn:aws:iam::{storage.aws.account}:user/{storage.user}"
    assert lacking in {finding.happened for finding in not_checked}
    assert report.exit_status == 3
    clean_up = report.findings[-1]
    assert clean_up.outcome is Outcome.PASSED
    assert clean_up.happened.startswith("old versions go in 30 days; to go now you need ")
    assert storage.s3.list_objects_v2(Bucket=storage.bucket)["KeyCount"] == 0
    assert not storage.s3.list_multipart_uploads(Bucket=storage.bucket).get("Uploads")


# --- Interruption


def test_what_the_network_leaves_behind_is_told(
    storage_with: Callable[..., Storage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one request on nothing answers any more, so nothing can be removed either."""
    storage = storage_with()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]
    dead: list[str] = []

    def cut_off(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if dead or operation == "ListParts":
            dead.append(operation)
            raise EndpointConnectionError(endpoint_url=client.meta.endpoint_url)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", cut_off)
    with pytest.raises(AwsRefused, match="AWS cannot be reached") as told:
        storage.verify()
    [note] = told.value.__notes__
    assert "could not be emptied" in note
    assert f"--bucket {storage.bucket} for what is below ghes-packages-verify-" in note


def test_a_clean_up_that_fails_for_another_reason_than_rights_is_a_failure(
    storage_with: Callable[..., Storage], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storage_with()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def slow_down(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "ListObjectVersions":
            raise ClientError({"Error": {"Code": "SlowDown"}}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", slow_down)
    assert failed(storage.verify()) == ["nothing is left behind"]


@pytest.mark.parametrize("title", ["get it", "list its parts", "nothing is left behind"])
def test_nothing_is_left_behind_when_it_is_interrupted(storage: Storage, title: str) -> None:
    from ghes_packages.verify import verify

    def interrupt(announced: str) -> None:
        if announced == title:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupted:
        verify(storage.instance, interrupt)
    assert storage.left_behind() == []
    assert not hasattr(interrupted.value, "__notes__")

"""What `verify` says of buckets, user and stack when somebody has changed them by hand."""

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name

from ghes_packages.verify.operator import RIGHTS
from ghes_packages.verify.report import Outcome
from tests.verify.conftest import Storage, failed, with_outcome


def run_aws_cli(storage: Storage, command: str) -> None:
    """What the AWS CLI does with such a command: its options are the parameters of the operation."""
    words = shlex.split(command)
    assert words[0] == "aws"
    service, operation = words[1].replace("s3api", "s3"), words[2]
    client = storage.aws.client(service)
    model = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[operation.replace("-", "_")]
    ).input_shape
    names = {xform_name(name, "-"): name for name in model.members}
    parameters: dict[str, Any] = {}
    options = iter(words[3:])
    for option in options:
        if option.startswith("--enable-"):
            parameters[names[option[2:]]] = True
            continue
        name, value = names[option[2:]], next(options)
        structured = model.members[name].type_name == "structure"
        parameters[name] = json.loads(value) if structured else value
    getattr(client, operation.replace("-", "_"))(**parameters)


def policy(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


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
        (storage.parts.log_bucket, storage.check_log_bucket),
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


def test_somebody_who_may_read_the_logs_is_reported_by_name(storage: Storage) -> None:
    bucket = storage.parts.log_bucket
    policy = json.loads(storage.s3.get_bucket_policy(Bucket=bucket)["Policy"])
    reader = {"AWS": f"arn:aws:iam::{storage.aws.account}:root"}
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": reader, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    )
    storage.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    [finding] = with_outcome(storage.check_log_bucket(), Outcome.FAILED)
    assert finding.happened == f"arn:aws:iam::{storage.aws.account}:root: s3:GetObject"


# --- The user


def another_group(storage: Storage) -> None:
    storage.iam.create_group(GroupName=f"other-{storage.instance.name}")
    storage.iam.add_user_to_group(UserName=storage.user, GroupName=f"other-{storage.instance.name}")


CHANGES_OF_THE_USER: dict[str, tuple[str, Callable[[Storage], object]]] = {
    "another group": ("groups of the user", another_group),
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


@pytest.mark.parametrize(("title", "change"), CHANGES_OF_THE_USER.values(), ids=CHANGES_OF_THE_USER)
def test_a_changed_user_is_reported(storage: Storage, title: str, change: Callable[[Storage], object]) -> None:
    change(storage)
    report = storage.check_user()
    assert failed(report) == [title]
    assert with_outcome(report, Outcome.FAILED)[0].check.remedy


def test_a_secret_that_names_another_bucket_is_reported(storage: Storage) -> None:
    arn = storage.deployed.outputs.secret_key_reference
    secrets: Any = storage.aws.client("secretsmanager")
    value = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({**value, "bucket": "another"}))
    [finding] = with_outcome(storage.check_user(), Outcome.FAILED)
    assert finding.happened == f"missing: bucket {storage.bucket}; stray: bucket another"


# --- The operator's own rights


@pytest.fixture
def operator_with(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Go on as an IAM user that may do only this."""

    def become(*actions: str) -> None:
        name = f"operator-{storage.instance.name}"
        storage.iam.create_user(UserName=name)
        storage.iam.put_user_policy(
            UserName=name,
            PolicyName="operator",
            PolicyDocument=policy(*actions),
        )
        key = storage.iam.create_access_key(UserName=name)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    return become


LEAST = ("cloudformation:DescribeStacks", "cloudformation:ListStackResources", "secretsmanager:GetSecretValue")


def test_the_rights_that_the_readme_names_are_enough(storage: Storage, operator_with: Callable[..., None]) -> None:
    operator_with(*RIGHTS)
    assert storage.verify().exit_status == 0
    assert storage.left_behind() == []


def test_what_the_operator_may_not_see_is_not_checked_and_names_the_missing_action(
    storage: Storage, operator_with: Callable[..., None]
) -> None:
    operator_with(*LEAST)
    report = storage.verify()
    assert failed(report) == []
    not_checked = with_outcome(report, Outcome.NOT_CHECKED)
    assert "your credentials lack iam:ListGroupsForUser" in {finding.happened for finding in not_checked}
    assert report.exit_status == 3


def test_without_the_operators_rights_old_versions_are_left_to_the_lifecycle_rule(
    storage: Storage, operator_with: Callable[..., None]
) -> None:
    operator_with(*LEAST)
    clean_up = storage.verify().findings[-1]
    assert clean_up.outcome is Outcome.PASSED
    assert clean_up.happened.startswith("old versions go in 30 days; to go now you need ")
    assert storage.s3.list_objects_v2(Bucket=storage.bucket)["KeyCount"] == 0
    assert not storage.s3.list_multipart_uploads(Bucket=storage.bucket).get("Uploads")


# --- Interruption


@pytest.mark.parametrize("title", ["get it", "list its parts", "tag its object", "versioned", "nothing is left behind"])
def test_nothing_is_left_behind_when_it_is_interrupted(storage: Storage, title: str) -> None:
    from ghes_packages.verify import verify

    def interrupt(announced: str) -> None:
        if announced == title:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupted:
        verify(storage.instance, interrupt)
    assert storage.left_behind() == []
    assert not hasattr(interrupted.value, "__notes__")

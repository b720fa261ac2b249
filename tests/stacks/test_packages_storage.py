import json
from pathlib import Path
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.policies.permissions import PERMISSIONS, ResourceType
from tests.synthesis import INSTANCE, Json, resources_of, stack_of, template_of

SNAPSHOT = Path(__file__).with_name("GhesPackages-production.template.json")

BUCKET = "PackagesBucket3210E67E"
BUCKET_ARN = {"Fn::GetAtt": [BUCKET, "Arn"]}
OBJECTS_ARN = {"Fn::Join": ["", [BUCKET_ARN, "/*"]]}


def only(kind: str) -> Json:
    [resource] = resources_of(kind).values()
    properties: Json = resource.get("Properties", {})
    return properties


def statements(kind: str) -> list[Json]:
    return [
        statement
        for resource in resources_of(kind).values()
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- What the user may do


def test_the_user_is_granted_the_seven_actions_each_on_its_one_resource_type() -> None:
    arns = {ResourceType.BUCKET: BUCKET_ARN, ResourceType.OBJECT: OBJECTS_ARN}
    granted = [
        (action, statement["Resource"])
        for statement in statements("AWS::IAM::ManagedPolicy")
        for action in as_list(statement["Action"])
    ]
    wanted = [(permission.action, arns[permission.resource_type]) for permission in PERMISSIONS]
    assert sorted(granted, key=str) == sorted(wanted, key=str)


# --- The buckets


@pytest.mark.parametrize("logical_id", resources_of("AWS::S3::Bucket"))
def test_the_policy_of_a_bucket_refuses_plain_http_and_old_tls(logical_id: str) -> None:
    """The embedded AWS never applies the second one: it does not tell a policy the version of TLS."""
    [policy] = [
        resource["Properties"]["PolicyDocument"]
        for resource in resources_of("AWS::S3::BucketPolicy").values()
        if resource["Properties"]["Bucket"] == {"Ref": logical_id}
    ]
    arn = {"Fn::GetAtt": [logical_id, "Arn"]}
    everything = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*"}
    resources = [arn, {"Fn::Join": ["", [arn, "/*"]]}]
    denied = [statement for statement in policy["Statement"] if statement["Effect"] == "Deny"]
    assert denied == [
        {**everything, "Resource": resources, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**everything, "Resource": resources, "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}},
    ]


def test_the_only_grant_of_a_bucket_policy_is_log_delivery_from_this_bucket_and_account() -> None:
    [grant] = [statement for statement in statements("AWS::S3::BucketPolicy") if statement["Effect"] == "Allow"]
    assert grant["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert grant["Action"] == "s3:PutObject"
    assert grant["Condition"] == {
        "ArnLike": {"aws:SourceArn": BUCKET_ARN},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


def test_access_is_logged_to_a_bucket_that_forgets_after_a_year() -> None:
    target = resources_of("AWS::S3::Bucket")[BUCKET]["Properties"]["LoggingConfiguration"]["DestinationBucketName"]
    logs = resources_of("AWS::S3::Bucket")[target["Ref"]]["Properties"]
    [rule] = logs["LifecycleConfiguration"]["Rules"]
    assert rule == {
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        "ExpirationInDays": 365,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    }


# --- What survives


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"])
def test_buckets_and_their_policies_outlive_stack_and_replacement_but_not_a_failed_first_deploy(kind: str) -> None:
    policies = [(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in resources_of(kind).values()]
    assert policies == [("RetainExceptOnCreate", "Retain")] * 2


def test_the_stack_cannot_be_deleted_by_mistake() -> None:
    assert stack_of(INSTANCE).termination_protection is True


def test_logical_ids_never_change() -> None:
    """Renaming one makes CloudFormation replace what bears it: packages, the key that GHES uses, the secret's ARN."""
    assert {logical_id: resource["Type"] for logical_id, resource in template_of()["Resources"].items()} == {
        "PackagesBucket3210E67E": "AWS::S3::Bucket",
        "PackagesBucketPolicyC2FF34FE": "AWS::S3::BucketPolicy",
        "PackagesAccessLogs000D49E7": "AWS::S3::Bucket",
        "PackagesAccessLogsPolicyDF7C529F": "AWS::S3::BucketPolicy",
        "AccessGroup8B65D982": "AWS::IAM::Group",
        "AccessPolicy24F350C1": "AWS::IAM::ManagedPolicy",
        "AccessUser138A70BB": "AWS::IAM::User",
        "AccessAccessKey1D123CC98": "AWS::IAM::AccessKey",
        "AccessSecretD1770891": "AWS::SecretsManager::Secret",
    }


def test_aws_chooses_every_physical_name() -> None:
    names = {"BucketName", "UserName", "GroupName", "ManagedPolicyName", "Name"}
    assert not [
        (logical_id, name)
        for logical_id, resource in template_of()["Resources"].items()
        for name in names & resource.get("Properties", {}).keys()
        if isinstance(resource["Properties"][name], str)
    ]


# --- What it hands on


def test_the_outputs_are_the_contract() -> None:
    outputs = template_of()["Outputs"]
    assert {key: output["Value"] for key, output in outputs.items()} == {
        "AwsServiceUrl": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]]},
        "AwsS3Bucket": {"Ref": BUCKET},
        "AwsS3Region": {"Ref": "AWS::Region"},
        "AwsS3AccessKey": {"Ref": "AccessAccessKey1D123CC98"},
        "AwsS3SecretKeyReference": {"Ref": "AccessSecretD1770891"},
        "IamUserName": {"Ref": "AccessUser138A70BB"},
    }
    assert all("Export" not in output for output in outputs.values())


@pytest.mark.parametrize(
    ("key", "label"),
    [
        (str(field.alias), str(field.title))
        for field in Outputs.model_fields.values()
        if str(field.title).startswith("AWS")
    ],
)
def test_the_description_of_an_output_carries_the_label_of_the_console(key: str, label: str) -> None:
    assert label in template_of()["Outputs"][key]["Description"]


def test_the_secret_is_the_json_that_the_commands_read() -> None:
    joined = only("AWS::SecretsManager::Secret")["SecretString"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else "resolved" for part in joined)
    assert json.loads(text).keys() == PackagesSecret.model_fields.keys()


# --- As a whole


def test_an_account_and_region_of_its_own_change_nothing_but_references() -> None:
    fixed = template_of(Instance(name="production", account="111122223333", region="us-west-2"))
    assert fixed["Resources"].keys() == template_of()["Resources"].keys()
    assert fixed["Outputs"].keys() == template_of()["Outputs"].keys()


def test_the_template_is_the_one_that_was_reviewed() -> None:
    """If the change is meant: python -m tests.synthesis > tests/stacks/GhesPackages-production.template.json"""
    assert template_of() == json.loads(SNAPSHOT.read_text())

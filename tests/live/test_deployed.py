"""What is read of a deployed stack, from answers of CloudFormation that the embedded AWS does not give."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ghes_packages.config.instance import Instance
from ghes_packages.errors import FoundWrong
from ghes_packages.live import deployed
from ghes_packages.outputs import Outputs

INSTANCE = Instance(name="production")
STACK = {
    "StackId": "arn:aws:cloudformation:us-west-2:111122223333:stack/GhesPackages-production/1",
    "StackName": "GhesPackages-production",
    "CreationTime": datetime(2026, 3, 1, tzinfo=UTC),
}
OUTPUTS = Outputs(
    AwsServiceUrl="https://s3.us-west-2.amazonaws.com",
    AwsS3Bucket="packages",
    AwsS3Region="us-west-2",
    AwsS3AccessKey="key-1",
    AwsS3SecretKeyReference="secret",
    IamUserName="user",
)
DENIED_BY_AN_SCP = (
    'Resource handler returned message: "User: arn:aws:sts::111122223333:assumed-role/deployer/me is not authorized to'
    " perform: iam:CreateUser on resource: arn:aws:iam::111122223333:user/GhesPackages-production-AccessUser138A70BB-1"
    ' with an explicit deny in a service control policy (Service: Iam, Status Code: 403)"'
)


class Session:
    """A session whose one client gives the answers of a test."""

    region_name = "us-west-2"

    def __init__(self) -> None:
        self.cloudformation: Any = boto3.client(
            "cloudformation", "us-west-2", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(self.cloudformation)
        self.stub.activate()

    def client(self, service: str, **options: Any) -> Any:
        return self.cloudformation


@pytest.fixture
def session() -> Any:
    return Session()


def event(logical_id: str, kind: str, status: str, reason: str) -> dict[str, Any]:
    return {
        "StackId": STACK["StackId"],
        "EventId": logical_id + status,
        "StackName": STACK["StackName"],
        "Timestamp": datetime(2026, 3, 1, tzinfo=UTC),
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_a_first_deploy_that_a_service_control_policy_denied_says_so(session: Any) -> None:
    session.stub.add_response("describe_stacks", {"Stacks": [{**STACK, "StackStatus": "ROLLBACK_COMPLETE"}]})
    newest_first = [
        event("AccessGroup8B65D982", "AWS::IAM::Group", "CREATE_FAILED", "Resource creation cancelled"),
        event("AccessUser138A70BB", "AWS::IAM::User", "CREATE_FAILED", DENIED_BY_AN_SCP),
        event("AccessUser138A70BB", "AWS::IAM::User", "CREATE_IN_PROGRESS", ""),
    ]
    session.stub.add_response("describe_stack_events", {"StackEvents": newest_first})
    with pytest.raises(FoundWrong) as told:
        deployed.read(INSTANCE, session)
    line = str(told.value)
    assert "\n" not in line
    assert "AccessUser138A70BB (AWS::IAM::User): Resource handler returned message" in line
    assert (
        "a service control policy of your organization denies it: send its owners the request in docs/iam-user.md"
        in line
    )
    assert "Resource creation cancelled" not in line


def test_why_a_first_deploy_failed_is_not_known_to_who_may_not_read_it(session: Any) -> None:
    session.stub.add_response("describe_stacks", {"Stacks": [{**STACK, "StackStatus": "ROLLBACK_COMPLETE"}]})
    message = "User: x is not authorized to perform: cloudformation:DescribeStackEvents on resource: y"
    session.stub.add_client_error("describe_stack_events", "AccessDenied", message)
    with pytest.raises(FoundWrong, match="the cause is not known: AWS refused DescribeStackEvents: AccessDenied: your"):
        deployed.read(INSTANCE, session)


def resource(logical_id: str, kind: str, status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": f"name-of-{logical_id}",
        "ResourceType": kind,
        "ResourceStatus": status,
        "LastUpdatedTimestamp": datetime(2026, 3, 1, tzinfo=UTC),
    }


EVERY_STACK = [
    resource("AccessGroup8B65D982", "AWS::IAM::Group"),
    resource("AccessPolicy24F350C1", "AWS::IAM::ManagedPolicy"),
    resource("AccessAccessKey10A1B2C3D", "AWS::IAM::AccessKey"),
]


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "DELETE_SKIPPED"])
def test_what_an_earlier_template_had_is_not_the_stacks_any_more(session: Any, status: str) -> None:
    gone = [
        resource("PackagesAccessLogs1", "AWS::S3::Bucket", status),
        resource("Key1", "AWS::KMS::Key", status),
        resource("Alias1", "AWS::KMS::Alias", status),
    ]
    session.stub.add_response("list_stack_resources", {"StackResourceSummaries": [*EVERY_STACK, *gone]})
    parts = deployed.parts(INSTANCE, OUTPUTS, deployed.resources(INSTANCE, session))
    assert (parts.log_bucket, parts.kms_key) == (None, None)
    assert parts.access_keys == {1: "name-of-AccessAccessKey10A1B2C3D"}


@pytest.mark.parametrize(
    "resources",
    [
        [],
        EVERY_STACK[1:],
        [*EVERY_STACK, resource("Other8B65D982", "AWS::IAM::Group")],
        [*EVERY_STACK, resource("Logs1", "AWS::S3::Bucket"), resource("Logs2", "AWS::S3::Bucket")],
    ],
    ids=["nothing", "no group", "two groups", "two log buckets"],
)
def test_a_stack_of_another_kind_is_told_apart(session: Any, resources: list[Any]) -> None:
    session.stub.add_response("list_stack_resources", {"StackResourceSummaries": resources})
    with pytest.raises(FoundWrong, match="is not from this project"):
        deployed.parts(INSTANCE, OUTPUTS, deployed.resources(INSTANCE, session))


AS_THE_CDK_CLI_WRITES_IT = """\
Resources:
  AccessPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Resource:
              Fn::GetAtt:
                - Bucket
                - Arn
"""


@pytest.mark.parametrize("text", [AS_THE_CDK_CLI_WRITES_IT, AS_THE_CDK_CLI_WRITES_IT.replace('"', "")])
def test_a_template_that_the_cdk_cli_handed_over_is_read_as_cdk_wrote_it(session: Any, text: str) -> None:
    session.stub.add_response("get_template", {"TemplateBody": text})
    policy = deployed.template(INSTANCE, session)["Resources"]["AccessPolicy"]["Properties"]["PolicyDocument"]
    statement = {"Effect": "Allow", "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]}}
    assert policy == {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize("text", ["Resources: {Bucket: !Ref Other}", "a: b: c", "text", "[1]", "&a [*a]", "{" * 1_000])
def test_a_template_of_somebody_elses_is_told_apart(session: Any, text: str) -> None:
    session.stub.add_response("get_template", {"TemplateBody": text})
    with pytest.raises(FoundWrong) as refused:
        deployed.template(INSTANCE, session)
    assert str(refused.value) == (
        "stack GhesPackages-production was not deployed from CDK's template: its template is not JSON, or YAML with"
        " full function names; read it with:"
        " aws cloudformation get-template --stack-name"
        " GhesPackages-production"
    )

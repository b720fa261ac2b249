"""What the commands say when they cannot go on: one line on stderr, nothing on stdout, no traceback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.cdk_cli import PROJECT
from tests.end_to_end.conftest import Cloud

STACK = "GhesPackages-refuses"


@pytest.fixture(scope="module")
def deployed(cloud: Cloud) -> Cloud:
    cloud.deploy(STACK)
    return cloud


def refusal(done: subprocess.CompletedProcess[str], exit_status: int) -> str:
    assert (done.returncode, done.stdout) == (exit_status, "")
    [line] = done.stderr.splitlines()
    return line


# --- Usage and configuration


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("vrify",), "No such command 'vrify'. Did you mean 'verify'?; see: ghes-packages --help"),
        (("settings", "--format", "xml"), "Invalid value for '--format': 'xml' is not one of"),
        (
            ("settings", "works", "again"),
            "Got unexpected extra argument(s) (again); see: ghes-packages settings --help",
        ),
        (("settings", "wroks"), "no instance wroks, did you mean works?; instances: again, fails-first,"),
        (("verify",), " instances; name one: again, fails-first, "),
    ],
)
def test_wrong_usage_is_told_in_one_line(cloud: Cloud, arguments: tuple[str, ...], line: str) -> None:
    assert line in refusal(cloud.ghes_packages(*arguments), 2)


def test_a_file_of_instances_that_is_not_there_is_told_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ghes_packages", "verify"],
        cwd="/",  # in no project
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "instances.toml: no such file in " in refusal(done, 2)


# --- The stack and the secret


def test_a_stack_that_is_not_deployed_is_told_with_the_command_that_deploys_it(cloud: Cloud) -> None:
    """No test deploys this one in another region."""
    environment = {**cloud.aws.environment, "AWS_REGION": "eu-west-1"}
    line = refusal(cloud.ghes_packages("settings", "refuses", environment=environment), 3)
    assert line.startswith(f"stack {STACK} is not deployed in eu-west-1; deploy it with: cdk deploy {STACK};")


def test_a_first_deploy_that_was_not_confirmed_is_told_with_the_way_on(cloud: Cloud, tmp_path: Path) -> None:
    instances = tmp_path / "instances.toml"
    instances.write_text("[instances.reviewed]")
    cloud.aws.client("cloudformation").create_change_set(
        StackName="GhesPackages-reviewed",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Group": {"Type": "AWS::IAM::Group"}}}),
        Capabilities=["CAPABILITY_IAM"],
    )
    line = refusal(Cloud(cloud.aws, instances, cloud.assembly).ghes_packages("settings"), 1)
    assert line.startswith("stack GhesPackages-reviewed is empty (REVIEW_IN_PROGRESS): ")
    assert line.endswith("; deploy it with: cdk deploy GhesPackages-reviewed")


def test_a_stack_in_another_account_than_configured_is_refused(deployed: Cloud, tmp_path: Path) -> None:
    instances = tmp_path / "instances.toml"
    instances.write_text('[instances.refuses]\naccount = "999999999999"\nregion = "us-west-2"')
    line = refusal(Cloud(deployed.aws, instances, deployed.assembly).ghes_packages("settings"), 1)
    assert line.startswith(f'stack {STACK} is in account 111122223333, and [instances.refuses] says account = "9999')


def test_a_stack_without_an_output_is_told_which_one_it_lacks(cloud: Cloud, tmp_path: Path) -> None:
    instances = tmp_path / "instances.toml"
    instances.write_text("[instances.bare]")
    cloud.aws.client("cloudformation").create_stack(
        StackName="GhesPackages-bare",
        TemplateBody=json.dumps(
            {"Resources": {"Group": {"Type": "AWS::IAM::Group"}}, "Outputs": {"AwsS3Region": {"Value": "x"}}}
        ),
        Capabilities=["CAPABILITY_IAM"],
    )
    cloud.aws.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName="GhesPackages-bare", WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    line = refusal(Cloud(cloud.aws, instances, cloud.assembly).ghes_packages("settings"), 1)
    assert line.startswith("stack GhesPackages-bare lacks the output AwsServiceUrl, AwsS3Bucket, AwsS3AccessKey,")


@pytest.fixture
def secret(deployed: Cloud) -> Iterator[Any]:
    """Somebody else's change of the secret, which is taken back afterwards."""
    client: Any = deployed.aws.client("secretsmanager")
    arn = deployed.outputs("refuses")["AwsS3SecretKeyReference"]
    value = client.get_secret_value(SecretId=arn)["SecretString"]

    class Secret:
        def becomes(self, text: str) -> None:
            client.put_secret_value(SecretId=arn, SecretString=text)

        def goes(self) -> None:
            client.delete_secret(SecretId=arn, RecoveryWindowInDays=7)

    yield Secret()
    if "DeletedDate" in client.describe_secret(SecretId=arn):
        client.restore_secret(SecretId=arn)
    client.put_secret_value(SecretId=arn, SecretString=value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("not/a/json+secret", "it is not JSON"),
        ("[]", "its JSON lacks an object"),
        ('{"access_key_id": "x"}', "its JSON lacks secret_access_key, bucket, service_url, region"),
    ],
)
def test_a_secret_that_somebody_changed_is_told_without_showing_it(
    deployed: Cloud, secret: Any, text: str, problem: str
) -> None:
    secret.becomes(text)
    for command in (("verify", "refuses"), ("settings", "refuses", "--show-secret")):
        line = refusal(deployed.ghes_packages(*command), 1)
        assert f"is not as the stack wrote it: {problem}; somebody changed it" in line
        assert text not in line


def test_a_secret_that_is_gone_is_told_with_the_way_back(deployed: Cloud, secret: Any) -> None:
    secret.goes()
    line = refusal(deployed.ghes_packages("verify", "refuses"), 3)
    assert "is deleted or scheduled for deletion" in line
    assert "aws secretsmanager restore-secret --secret-id arn:" in line
    assert deployed.ghes_packages("settings", "refuses").returncode == 0


# --- Credentials and the network


CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.mark.parametrize(
    ("without", "instead", "line"),
    [
        (CREDENTIALS, {}, "no AWS credentials: Unable to locate credentials; set AWS_PROFILE, or sign in"),
        ((), {"AWS_ACCESS_KEY_ID": "not-a-key"}, "AWS does not know your access key; set AWS_PROFILE, or sign in"),
        ((), {"AWS_SECRET_ACCESS_KEY": "wrong"}, "your secret access key does not match your access key ID"),
        ((), {"AWS_ENDPOINT_URL": "https://127.0.0.1:9"}, "AWS cannot be reached: Could not connect"),
        (("AWS_CA_BUNDLE",), {}, "its own certificate authority, set AWS_CA_BUNDLE to its certificate"),
    ],
    ids=["no-credentials", "unknown-key", "wrong-secret", "no-network", "untrusted-certificate"],
)
def test_what_aws_or_the_network_refuses_is_told_with_what_to_do(
    deployed: Cloud, without: tuple[str, ...], instead: dict[str, str], line: str
) -> None:
    environment = {key: value for key, value in deployed.aws.environment.items() if key not in without}
    assert line in refusal(deployed.ghes_packages("verify", "refuses", environment={**environment, **instead}), 3)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("AWS_PROFILE", "nobody", "(nobody) could not be found; set AWS_PROFILE"),
        ("AWS_ENDPOINT_URL", "here", "your AWS settings cannot be used: Invalid endpoint: here"),
    ],
)
def test_aws_settings_that_cannot_be_used_are_wrong_configuration(
    cloud: Cloud, name: str, value: str, line: str
) -> None:
    environment = {**cloud.aws.environment, name: value}
    assert line in refusal(cloud.ghes_packages("settings", "refuses", environment=environment), 2)


@pytest.mark.parametrize(
    ("allowed", "lacking"),
    [
        (["iam:GetUser"], "cloudformation:DescribeStacks"),
        (["cloudformation:DescribeStacks"], "secretsmanager:GetSecretValue"),
        (["cloudformation:DescribeStacks", "secretsmanager:GetSecretValue"], "cloudformation:ListStackResources"),
    ],
)
def test_too_few_rights_name_the_action_that_is_missing(deployed: Cloud, allowed: list[str], lacking: str) -> None:
    iam: Any = deployed.aws.client("iam")
    name = f"operator-without-{lacking.replace(':', '-')}"
    statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name,
        PolicyName="operator",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    environment = {
        **deployed.aws.environment,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    line = refusal(deployed.ghes_packages("verify", "refuses", environment=environment), 3)
    assert f"your credentials lack {lacking} on arn:aws:" in line
    assert line.endswith("; ask for that permission, or use another profile")

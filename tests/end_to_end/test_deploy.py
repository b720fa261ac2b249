"""What `cdk deploy` leaves, and what a user runs on it."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from ghes_packages.config.instances import load
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.end_to_end.conftest import Cloud
from tests.synthesis import assembly_of


def everything_of(aws: EmbeddedAws, name: str) -> list[str]:
    """What exists in the account that bears the stack's name."""
    iam: Any = aws.client("iam")
    found = [
        *(bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]),
        *(user["UserName"] for user in iam.list_users()["Users"]),
        *(group["GroupName"] for group in iam.list_groups()["Groups"]),
        *(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        *(secret["Name"] for secret in aws.client("secretsmanager").list_secrets()["SecretList"]),
    ]
    return [each for each in found if each.lower().startswith(f"ghespackages-{name}-")]


@pytest.fixture(scope="module")
def all_deployed(quick_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """Two instances, of which one has a replica, by one run of the CDK CLI."""
    folder = tmp_path_factory.mktemp("all")
    (file := folder / "instances.toml").write_text(
        "[instances.again]\n"
        '[instances.works]\naccount = "111122223333"\nregion = "us-west-2"\nreplica_region = "us-east-1"\n'
    )
    cloud = Cloud(quick_aws, file, assembly_of(load(file).values(), folder / "cdk.out"))
    cloud.cdk("deploy", "--all", "--concurrency", "4")
    return cloud


def test_a_deployed_instance_has_its_settings_and_verifies(all_deployed: Cloud) -> None:
    cloud = all_deployed
    outputs = cloud.outputs("works")

    settings = cloud.ghes_packages("settings", "works")
    assert (settings.returncode, settings.stderr) == (0, "")
    assert outputs["AwsS3Bucket"] in settings.stdout
    assert outputs["AwsServiceUrl"] == "https://s3.us-west-2.amazonaws.com"

    machine = json.loads(cloud.ghes_packages("settings", "works", "--json", "--show-secret").stdout)
    secret = cloud.aws.client("secretsmanager").get_secret_value(SecretId=outputs["AwsS3SecretKeyReference"])
    assert machine.pop("AwsS3SecretKey") == json.loads(secret["SecretString"])["secret_access_key"]
    assert machine == outputs

    verified = cloud.ghes_packages("verify", "works")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert re.fullmatch(r"works: \d+ passed, 0 failed", verified.stdout.splitlines()[-1])
    assert max(len(line) for line in verified.stdout.splitlines()) <= 80


def test_all_instances_are_deployed_together_and_shown_side_by_side(all_deployed: Cloud) -> None:
    shown = all_deployed.ghes_packages("status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[-1] == "2 instances: 2 fine, 0 not"
    reports = json.loads(all_deployed.ghes_packages("verify", "--all", "--json").stdout)
    assert [(each["instance"], each["failed"], each["not_checked"]) for each in reports] == [
        ("again", 0, 0),
        ("works", 0, 0),
    ]
    assert all(each["passed"] == len(each["checks"]) > 50 for each in reports)


def deploy_one_that_cannot_be_made(cloud: Cloud, name: str) -> Stack:
    """A deploy that fails at the last resource, when everything else is there."""
    template = json.loads((cloud.assembly / f"GhesPackages-{name}.template.json").read_text())
    nobodys = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "nobody"}}
    template["Resources"]["Impossible"] = {**nobodys, "DependsOn": sorted(template["Resources"])}
    stack = Stack(cloud.aws, f"GhesPackages-{name}")
    with pytest.raises(WaiterError):
        stack.deploy(json.dumps(template))
    assert "nobody" in stack.failures()
    return stack


def test_a_first_deploy_that_fails_leaves_nothing_and_the_way_on_is_told(cloud: Cloud) -> None:
    stack = deploy_one_that_cannot_be_made(cloud, "fails-first")
    stack.protect(on=True)  # so the CDK CLI would
    assert everything_of(cloud.aws, "fails-first") == []

    settings = cloud.ghes_packages("settings", "fails-first")
    assert (settings.returncode, settings.stdout) == (1, "")
    assert "its first deploy failed (ROLLBACK_COMPLETE)" in settings.stderr
    assert "--no-enable-termination-protection --stack-name GhesPackages-fails-first" in settings.stderr
    stack.protect(on=False)
    cloud.cdk("deploy", "GhesPackages-fails-first")
    assert cloud.ghes_packages("verify", "fails-first").returncode == 0


def test_an_update_that_fails_leaves_everything_as_it_was(cloud: Cloud) -> None:
    cloud.deploy("GhesPackages-fails-later")
    before, had = cloud.outputs("fails-later"), everything_of(cloud.aws, "fails-later")
    cloud.aws.client("s3").put_object(Bucket=before["AwsS3Bucket"], Key="a/package", Body=b"content")
    deploy_one_that_cannot_be_made(cloud, "fails-later")
    assert cloud.status("fails-later") == "UPDATE_ROLLBACK_COMPLETE"
    assert (cloud.outputs("fails-later"), everything_of(cloud.aws, "fails-later")) == (before, had)
    assert cloud.aws.client("s3").get_object(Bucket=before["AwsS3Bucket"], Key="a/package")["Body"].read() == b"content"
    assert cloud.ghes_packages("verify", "fails-later").returncode == 0

"""From `cdk deploy` to `cdk destroy`, with what a user runs in between."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cdk_cli import CdkCliError
from tests.end_to_end.conftest import NAMES, Cloud

Edit = Callable[[str, Callable[[Any], None]], Path]


def add_a_resource_that_cannot_be_made(template: Any) -> None:
    """It comes last, so that everything else is there when it fails."""
    template["Resources"]["Impossible"] = {
        "Type": "AWS::IAM::AccessKey",
        "Properties": {"UserName": "nobody"},
        "DependsOn": sorted(template["Resources"]),
    }


def everything_of(cloud: Cloud, name: str) -> list[str]:
    """What exists in the account that bears the stack's name."""
    iam: Any = cloud.aws.client("iam")
    found = [
        *(bucket["Name"] for bucket in cloud.aws.client("s3").list_buckets()["Buckets"]),
        *(user["UserName"] for user in iam.list_users()["Users"]),
        *(group["GroupName"] for group in iam.list_groups()["Groups"]),
        *(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        *(secret["Name"] for secret in cloud.aws.client("secretsmanager").list_secrets()["SecretList"]),
    ]
    return [each for each in found if each.lower().startswith(f"ghespackages-{name}-")]


def test_a_deployed_instance_has_its_settings_and_verifies(cloud: Cloud) -> None:
    cloud.cdk("deploy", "GhesPackages-works")
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

    report = json.loads(cloud.ghes_packages("verify", "works", "--json").stdout)
    assert (report["instance"], report["failed"], report["not_checked"]) == ("works", 0, 0)
    assert report["passed"] == len(report["checks"]) > 50


def test_all_instances_are_deployed_together_and_shown_side_by_side(cloud: Cloud, tmp_path: Path) -> None:
    instances, assembly = tmp_path / "instances.toml", tmp_path / "cdk.out"
    instances.write_text("[instances.again]\n[instances.works]")
    shutil.copytree(cloud.assembly, assembly)
    manifest = json.loads((assembly / "manifest.json").read_text())
    others = {f"GhesPackages-{name}" for name in NAMES} - {"GhesPackages-again", "GhesPackages-works"}
    manifest["artifacts"] = {
        name: artifact for name, artifact in manifest["artifacts"].items() if name.removesuffix(".assets") not in others
    }
    (assembly / "manifest.json").write_text(json.dumps(manifest))
    two = Cloud(cloud.aws, instances, assembly)
    two.cdk("deploy", "--all", "--concurrency", "4")

    shown = two.ghes_packages("status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[-1] == "2 instances: 2 fine, 0 not"
    reports = json.loads(two.ghes_packages("verify", "--all", "--json").stdout)
    assert [(each["instance"], each["failed"], each["not_checked"]) for each in reports] == [
        ("again", 0, 0),
        ("works", 0, 0),
    ]


def test_a_second_deploy_changes_nothing_and_diff_shows_nothing(cloud: Cloud) -> None:
    cloud.cdk("deploy", "GhesPackages-again")
    before = cloud.outputs("again")
    assert "(no changes)" in cloud.cdk("deploy", "GhesPackages-again")
    assert "There were no differences" in cloud.cdk("diff", "GhesPackages-again", "--fail")
    assert cloud.outputs("again") == before


def test_a_first_deploy_that_fails_leaves_nothing_and_the_way_on_is_told(cloud: Cloud, edited: Edit) -> None:
    with pytest.raises(CdkCliError, match="nobody"):
        cloud.cdk(
            "deploy", "GhesPackages-fails-first", assembly=edited("fails-first", add_a_resource_that_cannot_be_made)
        )
    assert everything_of(cloud, "fails-first") == []

    settings = cloud.ghes_packages("settings", "fails-first")
    assert (settings.returncode, settings.stdout) == (1, "")
    assert "its first deploy failed (ROLLBACK_COMPLETE)" in settings.stderr
    assert "--no-enable-termination-protection --stack-name GhesPackages-fails-first" in settings.stderr
    cloud.aws.client("cloudformation").update_termination_protection(
        StackName="GhesPackages-fails-first", EnableTerminationProtection=False
    )
    cloud.cdk("deploy", "GhesPackages-fails-first")
    assert cloud.ghes_packages("verify", "fails-first").returncode == 0


def test_an_update_that_fails_leaves_everything_as_it_was(cloud: Cloud, edited: Edit) -> None:
    cloud.deploy("GhesPackages-fails-later")
    before, had = cloud.outputs("fails-later"), everything_of(cloud, "fails-later")
    cloud.aws.client("s3").put_object(Bucket=before["AwsS3Bucket"], Key="a/package", Body=b"content")
    with pytest.raises(CdkCliError, match="nobody"):
        cloud.cdk(
            "deploy", "GhesPackages-fails-later", assembly=edited("fails-later", add_a_resource_that_cannot_be_made)
        )
    assert cloud.status("fails-later") == "UPDATE_ROLLBACK_COMPLETE"
    assert (cloud.outputs("fails-later"), everything_of(cloud, "fails-later")) == (before, had)
    assert cloud.aws.client("s3").get_object(Bucket=before["AwsS3Bucket"], Key="a/package")["Body"].read() == b"content"
    assert cloud.ghes_packages("verify", "fails-later").returncode == 0


def test_destroy_is_refused_and_then_leaves_bucket_policy_and_packages(cloud: Cloud) -> None:
    cloud.cdk("deploy", "GhesPackages-goes")  # which protects it
    bucket = cloud.outputs("goes")["AwsS3Bucket"]
    s3: Any = cloud.aws.client("s3")
    s3.put_object(Bucket=bucket, Key="a/package", Body=b"content")
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]

    with pytest.raises(CdkCliError, match="TerminationProtection"):
        cloud.cdk("destroy", "GhesPackages-goes")
    cloud.aws.client("cloudformation").update_termination_protection(
        StackName="GhesPackages-goes", EnableTerminationProtection=False
    )
    cloud.cdk("destroy", "GhesPackages-goes")

    with pytest.raises(ClientError, match="does not exist"):
        cloud.status("goes")
    assert s3.get_object(Bucket=bucket, Key="a/package")["Body"].read() == b"content"
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    left = everything_of(cloud, "goes")
    assert len(left) == 2
    assert all(each.startswith("ghespackages-goes-packages") for each in left)

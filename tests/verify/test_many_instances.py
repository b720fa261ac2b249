"""Instances in two accounts of their own, which are reached with a profile and a role each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ghes_packages.cli import app
from ghes_packages.command_line.answer import Answer
from ghes_packages.config.instance import Instance
from ghes_packages.errors import AwsRefused
from ghes_packages.live import aws, deployed
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.synthesis import deployable
from tests.verify.conftest import Storage

ACCOUNT, REGION = "444455556666", "eu-central-1"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/operators/packages"


def allowing(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def profile(name: str, aws: EmbeddedAws, key: dict[str, str]) -> str:
    return f"""
[profile {name}]
endpoint_url = {aws.endpoint_url}
ca_bundle = {aws.environment["AWS_CA_BUNDLE"]}
region = {aws.region}
aws_access_key_id = {key["AccessKeyId"]}
aws_secret_access_key = {key["SecretAccessKey"]}
"""


@pytest.fixture(scope="module")
def other() -> Iterator[tuple[EmbeddedAws, dict[str, str]]]:
    """Another account, with a role that may do everything, and the key of a user that may assume it and no more."""
    with EmbeddedAws(ACCOUNT, REGION) as aws:
        Stack(aws, "GhesPackages-other").create(*deployable())
        iam = aws.client("iam")
        user = iam.create_user(UserName="somebody")["User"]["Arn"]
        iam.create_role(
            RoleName="packages",
            Path="/operators/",
            AssumeRolePolicyDocument=allowing(Principal={"AWS": user}, Action="sts:AssumeRole"),
        )
        everything = allowing(Action="*", Resource="*")
        iam.put_role_policy(RoleName="packages", PolicyName="everything", PolicyDocument=everything)
        iam.put_user_policy(
            UserName="somebody", PolicyName="role", PolicyDocument=allowing(Action="sts:AssumeRole", Resource=ROLE_ARN)
        )
        yield aws, iam.create_access_key(UserName="somebody")["AccessKey"]


@pytest.fixture
def here(
    storage: Storage, other: tuple[EmbeddedAws, dict[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Storage:
    """The settings of both accounts are in profiles, and nowhere else."""
    environment = storage.aws.environment
    key = {"AccessKeyId": environment["AWS_ACCESS_KEY_ID"], "SecretAccessKey": environment["AWS_SECRET_ACCESS_KEY"]}
    config = tmp_path / "config"
    config.write_text(profile("here", storage.aws, key) + profile("there", *other))
    for name in environment:
        if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    # What a profile names comes before what lies around in the environment.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobodys")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobodys")
    return storage


def run(tmp_path: Path, toml: str, *arguments: str) -> Answer:
    file = tmp_path / "instances.toml"
    file.write_text(toml)
    answer = app([*arguments, "--instances", str(file)], standalone_mode=False)
    assert isinstance(answer, Answer)
    return answer


THERE = f"""
[instances.other]
account = "{ACCOUNT}"
region = "{REGION}"
profile = "there"
role_arn = "{ROLE_ARN}"
"""
HERE = 'account = "111122223333"\nregion = "us-west-2"\nprofile = "here"\n'
UNREACHABLE = '[instances.unreachable]\naccount = "111122223333"\nregion = "us-west-2"\nprofile = "nobody"\n'


def test_each_instance_is_reached_with_its_profile_and_role(here: Storage, tmp_path: Path) -> None:
    toml = f"[instances.{here.instance.name}]\n{HERE}{THERE}"
    answer = run(tmp_path, toml, "status", "--json")
    other, mine = json.loads(answer.text)
    assert (other["instance"], other["stack_status"]) == ("other", "CREATE_COMPLETE")
    assert (mine["instance"], mine["stack_status"]) == (here.instance.name, "CREATE_COMPLETE")
    assert answer.exit_status == 0


def test_what_fails_hides_nothing_and_the_exit_status_is_the_worst(here: Storage, tmp_path: Path) -> None:
    toml = f"{THERE}{UNREACHABLE}[instances.{here.instance.name}]\n{HERE}"
    here.iam.create_access_key(UserName=here.user)
    answer = run(tmp_path, toml, "status")
    lines = answer.text.splitlines()
    signs = {tuple(line.split()[:2]) for line in lines}
    assert {("ok", "other"), ("WRONG", here.instance.name), ("?", "unreachable")} <= signs
    assert f"{here.instance.name}: stray access key " in answer.text
    assert "unreachable: The config profile (nobody) could not be found; set AWS_PROFILE, or profile" in answer.text
    assert "3 instances: 1 fine, 2 not" in lines
    assert lines[-1].startswith("unreachable: ")
    assert answer.exit_status == 1


def test_all_are_verified_and_the_key_works_with_the_settings_of_the_profile(here: Storage, tmp_path: Path) -> None:
    missing = f"[instances.missing]\n{HERE}"
    toml = f"{missing}[instances.{here.instance.name}]\n{HERE}"
    answer = run(tmp_path, toml, "verify", "--all", "--json")
    unseen, report = json.loads(answer.text)
    assert (unseen["instance"], unseen["exit_status"]) == ("missing", 3)
    assert unseen["error"].startswith("stack GhesPackages-missing is not deployed in us-west-2;")
    assert (report["instance"], report["failed"], report["not_checked"]) == (here.instance.name, 0, 0)
    assert answer.exit_status == 3
    assert here.left_behind() == []


def test_a_role_that_cannot_be_assumed_is_told_with_what_it_needs(here: Storage) -> None:
    instance = Instance(
        name="x", account=ACCOUNT, region=REGION, profile="there", role_arn=ROLE_ARN.replace("packages", "none")
    )
    with pytest.raises(AwsRefused, match=r"none\" of \[instances.x\] cannot be assumed: .* sts:AssumeRole on it"):
        aws.session(instance)


def test_without_its_role_the_profile_may_do_nothing(here: Storage) -> None:
    instance = Instance(name="other", account=ACCOUNT, region=REGION, profile="there")
    with pytest.raises(AwsRefused, match="your credentials lack cloudformation:DescribeStacks"):
        deployed.read(instance, aws.session(instance))

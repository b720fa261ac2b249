"""The two policies of docs/deploy-permissions.md, as far as the embedded AWS asks for rights.

It checks whoever calls CloudFormation, and nobody behind that. So `caller` is tried by deploys of the real CDK CLI, and
`resources` is compared with what the deploys made.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ghes_packages.config.instance import Instance
from local_aws.cdk_cli import CdkCli
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.deploy_permissions import AUTHORIZED_AS, main, needed, policies, stacks_of
from tests.deploy_permissions import Stack as PermittedStack
from tests.end_to_end.operator import Operator, refused
from tests.end_to_end.test_deploy import everything_of
from tests.handler_permissions import authorized_on
from tests.runbook import blocks
from tests.synthesis import assembly_of

HERE = {"account": "111122223333", "region": "us-west-2"}
DEPLOYED = Instance.model_validate({"name": "permitted", **HERE})
CHANGED = Instance.model_validate({"name": "permitted", **HERE, "noncurrent_days": 60})


@dataclass(frozen=True)
class Caller:
    """Somebody whom nothing but the policy `caller` of DEPLOYED allows anything."""

    aws: EmbeddedAws
    credentials: dict[str, str]

    def cdk(self, command: str, assembly: Path) -> str:
        variables = {name.upper(): value for name, value in self.credentials.items()}
        cli = CdkCli({**self.aws.environment, **variables}, app=str(assembly))
        done = cli.run(command, DEPLOYED.stack_name)
        return done.stdout + done.stderr

    @property
    def region(self) -> str:
        return self.aws.region

    def client(self, service: str, **overrides: Any) -> Any:
        return self.aws.client(service, **self.credentials, **overrides)


@pytest.fixture
def caller(embedded_aws: EmbeddedAws) -> Iterator[Caller]:
    iam: Any = embedded_aws.client("iam")
    iam.create_user(UserName="caller")
    document = json.dumps(policies(DEPLOYED)["caller"])
    iam.put_user_policy(UserName="caller", PolicyName="caller", PolicyDocument=document)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    yield Caller(
        embedded_aws,
        {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]},
    )
    iam.delete_access_key(UserName="caller", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="caller", PolicyName="caller")
    iam.delete_user(UserName="caller")


def test_with_the_policy_of_the_caller_the_cdk_cli_deploys_changes_and_destroys_a_stack_and_packages_stay(
    caller: Caller, tmp_path: Path
) -> None:
    assembly = assembly_of([DEPLOYED], tmp_path / "deployed")
    caller.cdk("deploy", assembly)
    stack = Stack(caller, DEPLOYED.stack_name)
    before = stack.outputs()
    changed = assembly_of([CHANGED], tmp_path / "changed")
    shown = caller.cdk("diff", changed)
    assert re.findall(r"^\[.\] (\S+ \S+)", shown, re.MULTILINE) == ["AWS::S3::Bucket Packages/Bucket"]
    caller.cdk("deploy", changed)
    assert stack.outputs() == before

    s3, bucket = caller.aws.client("s3"), before["AwsS3Bucket"]
    s3.put_object(Bucket=bucket, Key="a/package", Body=b"content")
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    with pytest.raises(ClientError, match="TerminationProtection"):
        stack.delete()
    stack.protect(on=False)
    caller.cdk("destroy", changed)
    assert refused(stack.cloudformation.describe_stacks, StackName=stack.name) == "ValidationError"
    assert s3.get_object(Bucket=bucket, Key="a/package")["Body"].read() == b"content"
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    left = everything_of(caller.aws, DEPLOYED.name)
    assert len(left) == 2
    assert all(each.startswith("ghespackages-permitted-packages") for each in left)


def test_the_caller_of_one_instance_can_do_nothing_to_another_and_nothing_but_through_cloudformation(
    caller: Caller,
) -> None:
    cloudformation = caller.client("cloudformation")
    assert refused(cloudformation.describe_stacks, StackName="GhesPackages-other") == "AccessDenied"
    assert refused(cloudformation.delete_stack, StackName="GhesPackages-other") == "AccessDenied"
    assert refused(caller.client("iam").create_user, UserName="GhesPackages-permitted-user") == "AccessDenied"
    assert refused(caller.client("s3").create_bucket, Bucket="ghespackages-permitted-bucket") == "AccessDenied"


def test_the_policy_for_resources_covers_what_a_deploy_makes_and_nothing_of_another_instance(
    operator: Operator, embedded_aws: EmbeddedAws
) -> None:
    options = {**HERE, "encryption": "kms", "replica_region": "us-east-1"}
    mine, others = (Instance.model_validate({"name": name, **options}) for name in ("mine", "theirs"))
    operator.deploy(mine.name, **options)
    for stack in stacks_of(mine):
        for kind, arn in made(embedded_aws, stack):
            actions = unconditional(stack, kind)
            assert actions
            assert decisions(embedded_aws, mine, actions, arn) == {"allowed"}, arn
            if kind[0] in ("iam", "s3"):
                assert decisions(embedded_aws, others, actions, arn) == {"implicitDeny"}, arn


def test_the_commands_of_the_page_make_both_policies_of_an_instance(
    operator: Operator, embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.configure("production", **HERE)
    monkeypatch.chdir(operator.folder)

    def in_this_process(line: str) -> None:
        """Another Python would take three seconds for CDK."""
        words, _, file = line.removeprefix("python -m ").partition(" > ")
        monkeypatch.setattr("sys.argv", words.split())
        main()
        Path(file).write_text(capsys.readouterr().out)

    page = "docs/deploy-permissions.md"
    printed = [line for line in blocks(page)[0].splitlines() if line.startswith("python -m tests.deploy_permissions ")]
    operator.follow(page, {line: partial(in_this_process, line) for line in printed}).next()
    iam = embedded_aws.client("iam")
    instance = Instance.model_validate({"name": "production", **HERE})
    for name, which in (("DeployGhesPackages", "caller"), ("MakeGhesPackages", "resources")):
        arn = f"arn:aws:iam::{embedded_aws.account}:policy/{name}"
        version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
        assert version["Document"] == policies(instance)[which]
        iam.delete_policy(PolicyArn=arn)


def made(aws: EmbeddedAws, stack: PermittedStack) -> Iterator[tuple[tuple[str, str], str]]:
    """The ARNs of what a stack has, under what each is authorized as."""
    region = stack.instance.region
    cloudformation = aws.client("cloudformation", region_name=region)
    for each in cloudformation.describe_stack_resources(StackName=stack.instance.stack_name)["StackResources"]:
        kind = AUTHORIZED_AS.get(each["ResourceType"])
        name = each["PhysicalResourceId"]
        match kind:
            case None:
                continue
            case "s3", _:
                yield kind, f"arn:aws:s3:::{name}"
            case "secretsmanager", _:
                # The embedded AWS puts the name of the stack first; AWS does not.
                yield kind, stack.arn_of("secretsmanager", f"secret:{each['LogicalResourceId']}-qa4X020B9S3f-UI3sIs")
            case "kms", "alias":
                yield kind, stack.arn_of("kms", name)
            case "iam", "policy":
                yield kind, name
            case service, resource:
                yield kind, stack.arn_of(service, f"{resource}/{name}")


def unconditional(stack: PermittedStack, kind: tuple[str, str]) -> list[str]:
    """The actions on such a resource, but for those with a condition: the simulation knows nothing of the request."""
    statements = policies(stack.instance)["resources"]["Statement"]
    conditional = {action for each in statements if "Condition" in each for action in each["Action"]}
    actions = {action for _, _, action in needed(stack, [kind])} - conditional
    service, resource = kind
    return sorted(
        each for each in actions if each.startswith(f"{service}:") and resource in (authorized_on(each) or ())
    )


def decisions(aws: EmbeddedAws, instance: Instance, actions: list[str], arn: str) -> set[str]:
    answer = aws.client("iam").simulate_custom_policy(
        PolicyInputList=[json.dumps(policies(instance)["resources"])], ActionNames=actions, ResourceArns=[arn]
    )
    return {each["EvalDecision"] for each in answer["EvaluationResults"]}

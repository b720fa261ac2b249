"""The ways to deploy in docs/: what is made is the same, and the commands find it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import load
from ghes_packages.template.__main__ import commands
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.end_to_end.conftest import Cloud
from tests.end_to_end.operator import Operator
from tests.runbook import blocks
from tests.synthesis import assembly_of, template_of

NAME = "bootstrapped"
STACK_SET_COMMANDS = ("create-stack-set", "create-stack-instances", "list-stack-instances", "update-stack-set")


def configured(aws: EmbeddedAws, folder: Path, **options: Any) -> Cloud:
    """The instance with those options, its file and its assembly."""
    folder.mkdir()
    file = folder / "instances.toml"
    file.write_text(f"[instances.{NAME}]\n" + "".join(f"{key} = {json.dumps(each)}\n" for key, each in options.items()))
    return Cloud(aws, file, assembly_of(load(file).values(), folder / "cdk.out"))


def changed_since(cloud: Cloud, events: list[str]) -> list[str]:
    """The resources of which CloudFormation tells something since those events; the stack itself is none."""
    told = cloud.aws.client("cloudformation").describe_stack_events(StackName=f"GhesPackages-{NAME}")["StackEvents"]
    new = [each for each in told if each["EventId"] not in events]
    events += [each["EventId"] for each in new]
    return [each["LogicalResourceId"] for each in new if each["LogicalResourceId"] != f"GhesPackages-{NAME}"]


def test_a_stack_of_the_bootstrap_is_deployed_without_it_and_back_and_no_resource_changes(
    embedded_aws: EmbeddedAws, tmp_path: Path
) -> None:
    through, direct = (
        configured(embedded_aws, tmp_path / "through", bootstrap=True),
        configured(embedded_aws, tmp_path / "direct"),
    )
    [bootstrap] = blocks("docs/deploying.md")[0].splitlines()
    through.cdk(*bootstrap.split()[1:])
    through.cdk("deploy", f"GhesPackages-{NAME}")
    outputs, events = through.outputs(NAME), list[str]()
    assert changed_since(through, events)

    for way in (direct, through):
        reviewed = way.ghes_packages("review", "--deployed", NAME, "--assembly", str(way.assembly))
        assert (reviewed.returncode, reviewed.stdout) == (0, f"{NAME}: no risk found\n"), reviewed.stderr
        way.cdk("deploy", f"GhesPackages-{NAME}")
        assert changed_since(way, events) == []
        assert way.outputs(NAME) == outputs
        assert way.ghes_packages("verify", NAME).returncode == 0


@pytest.fixture
def made_by_others(embedded_aws: EmbeddedAws) -> Iterator[list[Stack]]:
    """Stacks that no runbook deletes again."""
    stacks: list[Stack] = []
    yield stacks
    for stack in stacks:
        stack.cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
        stack.delete()


def test_the_commands_of_make_template_deploy_a_stack_of_any_name(
    operator: Operator, made_by_others: list[Stack]
) -> None:
    [default, named] = blocks("docs/deploying.md", "text"), blocks("docs/deploying.md", "toml")[1]
    assert default == ["\n".join(commands(Instance(name="production"), Path("instances.toml"))) + "\n"]
    file = operator.folder / "instances.toml"
    file.write_text(named)
    [instance] = load(file).values()
    made_by_others.append(Stack(operator.aws, instance.stack_name))
    assembly_of([instance], operator.folder / "cdk.out")
    printed = list(commands(instance, Path("instances.toml")))
    assert "a first deploy" in operator.shell.run("\n".join(printed))
    assert ", 0 failed" in operator.shell.run("ghes-packages verify production")
    again = operator.shell.run("\n".join(printed))
    assert "production: no risk found" in again
    assert "No changes to deploy" in again


def test_the_stack_sets_runbook_leads_to_a_stack_that_the_commands_find(
    operator: Operator, made_by_others: list[Stack]
) -> None:
    page = "docs/stacksets.md"
    for name, table in zip(("stackset.toml", "accounts.toml"), blocks(page, "toml"), strict=True):
        (operator.folder / name).write_text(table)
    stack = Stack(operator.aws, load(operator.folder / "accounts.toml")["berlin"].stack_name)
    shown = []
    for block in blocks(page):
        if block.startswith("make template"):
            [packages] = load(operator.folder / "stackset.toml").values()
            berlin = load(operator.folder / "accounts.toml")["berlin"]
            assert template_of(packages)["Resources"] == template_of(berlin)["Resources"]
            assembly_of([packages], operator.folder / "cdk.out")
            block = block.partition("\n")[2]
        for command in re.split(r"(?<!\\)\n", block.strip()):
            if any(f"cloudformation {each} " in command for each in STACK_SET_COMMANDS):
                # The AWS CLI checks the request, and does not send it.
                operator.shell.run(f"{command} --generate-cli-skeleton output")
                stack_sets_would(command, stack, operator.folder)
                made_by_others[:] = [stack]
            elif command:
                # `status` is not content until GHES has the new key.
                shown.append(operator.shell.run(command + (" || [ $? = 1 ]" if " status " in command else "")))
        if "rotate" in block:
            (operator.folder / "stackset.toml").write_text(
                blocks(page, "toml")[0] + 'access_key = 2\nprevious_access_key = "active"\n'
            )
    _, verified, settings, _, status = shown
    assert ", 0 failed" in verified
    assert json.loads(secret(operator, stack))["access_key_id"] in status
    assert "access key 1 is still in use" in status
    assert "AWS S3 Secret Key" in settings


def stack_sets_would(command: str, stack: Stack, folder: Path) -> None:
    """What AWS documents that StackSets do in one account."""
    template = json.loads((folder / "cdk.out" / "GhesPackages-packages.template.json").read_text())
    assert template.keys() == {"Description", "Metadata", "Resources", "Outputs"}
    if "create-stack-instances" in command:
        stack.create(template["Resources"], template["Outputs"])
    if "update-stack-set" in command:
        stack.update(template["Resources"], template["Outputs"])


def secret(operator: Operator, stack: Stack) -> str:
    [described] = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    arns = [each["OutputValue"] for each in described["Outputs"] if each["OutputKey"] == "AwsS3SecretKeyReference"]
    text: str = operator.aws.client("secretsmanager").get_secret_value(SecretId=arns[0])["SecretString"]
    return text


def test_the_terraform_runbook_deploys_what_verify_passes(operator: Operator, made_by_others: list[Stack]) -> None:
    """The provider's resource makes just these requests, says its source; tests bring no Terraform along."""
    page = "docs/terraform.md"
    operator.configure("production")
    instance = Instance(name="production")
    made_by_others.append(stack := Stack(operator.aws, instance.stack_name))
    assembly_of([instance], operator.folder / "cdk.out")
    [configuration] = blocks(page, "hcl")
    given = dict(re.findall(r"^  (\w+) += (.+)$", configuration.partition("output ")[0], re.MULTILINE))
    body = re.fullmatch(r'file\("(.+)"\)', given.pop("template_body"))
    assert body
    wanted = {"StackName": json.loads(given.pop("name")), "Capabilities": json.loads(given.pop("capabilities"))}
    assert given == {}

    def apply(operation: str) -> None:
        template = json.loads((operator.folder / body[1]).read_text())
        getattr(stack.cloudformation, f"{operation}_stack")(**wanted, TemplateBody=json.dumps(template))
        stack.cloudformation.get_waiter(f"stack_{operation}_complete").wait(StackName=stack.name)

    make_and_review, apply_and_verify = blocks(page)
    shown = operator.shell.run(make_and_review.removeprefix("make template INSTANCE=production\n"))
    assert "production: a first deploy" in shown
    apply("create")
    assert ", 0 failed" in operator.shell.run(apply_and_verify.removeprefix("terraform apply\n"))

    operator.configure("production", access_key=2, previous_access_key="active")
    assembly_of(load(operator.folder / "instances.toml").values(), operator.folder / "cdk.out")
    assert "production: no risk found" in operator.shell.run(make_and_review.partition("\n")[2])
    apply("update")
    assert ", 0 failed" in operator.shell.run("ghes-packages verify production")

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
    quick_aws: EmbeddedAws, tmp_path: Path
) -> None:
    through = configured(quick_aws, tmp_path / "through", bootstrap=True)
    direct = configured(quick_aws, tmp_path / "direct")
    [bootstrap] = blocks("docs/deploying.md")[0].splitlines()
    through.cdk(*bootstrap.split()[1:])
    through.cdk("deploy", f"GhesPackages-{NAME}")
    outputs, events = through.outputs(NAME), list[str]()
    assert changed_since(through, events)

    for way in (direct, through):
        reviewed = way.ghes_packages("review", "--deployed", NAME, "--assembly", str(way.assembly))
        assert (reviewed.returncode, reviewed.stdout) == (0, f"{NAME}: no risk found\n"), reviewed.stderr
        # By a change set, as `cdk deploy` does it.
        template = (way.assembly / f"GhesPackages-{NAME}.template.json").read_text()
        change_set = {"StackName": f"GhesPackages-{NAME}", "ChangeSetName": way.assembly.parent.name}
        cloudformation = quick_aws.client("cloudformation")
        cloudformation.create_change_set(**change_set, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
        assert cloudformation.describe_change_set(**change_set)["Changes"] == []
        assert changed_since(way, events) == []
        assert way.outputs(NAME) == outputs
        assert way.ghes_packages("verify", NAME).returncode == 0


@pytest.fixture
def made_by_others(embedded_aws: EmbeddedAws) -> Iterator[list[Stack]]:
    """Stacks that no runbook deletes again."""
    stacks: list[Stack] = []
    yield stacks
    for stack in stacks:
        stack.protect(on=False)
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
    # As the page runs them.
    [make] = [block for block in blocks("docs/deploying.md") if block.startswith("make template")]
    printed = operator.run(make)
    assert [*commands(instance, Path("instances.toml"))] == printed.splitlines()[-3:]
    assert "a first deploy" in operator.run(printed.partition("\n")[2])
    assert ", 0 failed" in operator.run("ghes-packages verify production")
    # The AWS CLI names its change sets by the second.
    cloudformation = made_by_others[0].cloudformation
    for each in cloudformation.list_change_sets(StackName=instance.stack_name)["Summaries"]:
        cloudformation.delete_change_set(ChangeSetName=each["ChangeSetId"])
    again = operator.run(printed.partition("\n")[2])
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
        for command in re.split(r"(?<!\\)\n", block.strip()):
            if any(f"cloudformation {each} " in command for each in STACK_SET_COMMANDS):
                # The AWS CLI checks the request, and does not send it.
                operator.run(f"{command} --generate-cli-skeleton output")
                stack_sets_would(command, stack, operator.folder)
                made_by_others[:] = [stack]
            else:
                # `status` is not content until GHES has the new key.
                shown.append(operator.run(command + (" || [ $? = 1 ]" if " status " in command else "")))
        if "rotate" in block:
            (operator.folder / "stackset.toml").write_text(
                blocks(page, "toml")[0] + 'access_key = 2\nprevious_access_key = "active"\n'
            )
    _, _, verified, settings, _, _, status = shown
    assert ", 0 failed" in verified
    assert json.loads(secret(operator, stack))["access_key_id"] in status
    assert "access key 1 is still in use" in status
    assert "AWS S3 Secret Key" in settings


def stack_sets_would(command: str, stack: Stack, folder: Path) -> None:
    """What AWS documents that StackSets do in one account."""
    template = json.loads((folder / "cdk.out" / "GhesPackages-packages.template.json").read_text())
    assert template.keys() == {"Description", "Metadata", "Resources", "Outputs"}
    if "create-stack-set" not in command and "list" not in command:
        stack.deploy(json.dumps(template))


def secret(operator: Operator, stack: Stack) -> str:
    arn = stack.outputs()["AwsS3SecretKeyReference"]
    text: str = operator.aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return text


def test_the_terraform_runbook_deploys_what_verify_passes(operator: Operator, made_by_others: list[Stack]) -> None:
    """The provider's resource makes just these requests, says its source; tests bring no Terraform along."""
    page = "docs/terraform.md"
    operator.configure("production")
    instance = Instance(name="production")
    made_by_others.append(stack := Stack(operator.aws, instance.stack_name))
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
    assert "production: a first deploy" in operator.run(make_and_review)
    apply("create")
    assert ", 0 failed" in operator.run(apply_and_verify.removeprefix("terraform apply\n"))

    operator.configure("production", access_key=2, previous_access_key="active")
    assert "production: no risk found" in operator.run(make_and_review)
    apply("update")
    assert ", 0 failed" in operator.run("ghes-packages verify production")

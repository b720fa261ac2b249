"""Stacks that are made straight through CloudFormation's API, without the CDK CLI."""

import json
import uuid
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError, WaiterError

SOON = {"Delay": 0.02, "MaxAttempts": 500}

Resources = dict[str, dict[str, Any]]


def template(resources: Resources, outputs: Resources | None = None) -> dict[str, Any]:
    body = {"Resources": resources, "Outputs": outputs or {}}
    return {"TemplateBody": json.dumps(body), "Capabilities": ["CAPABILITY_IAM"]}


class Aws(Protocol):
    """What gives clients of an AWS."""

    @property
    def region(self) -> str: ...

    def client(self, service: str, **overrides: Any) -> Any: ...


def deploy(aws: Aws, assembly: Path, stack: str) -> None:
    """Make or update a stack of an assembly, those that it needs first, and protect them, as `cdk deploy` does."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    artifact = artifacts[stack]
    for each in artifact.get("dependencies", ()):
        if artifacts[each]["type"] == artifact["type"]:
            deploy(aws, assembly, each)
    properties, region = artifact["properties"], artifact["environment"].rpartition("/")[2]
    there = Stack(aws, properties.get("stackName", stack), None if region == "unknown-region" else region)
    there.deploy((assembly / properties["templateFile"]).read_text())
    there.protect(on=properties["terminationProtection"])


class Stack:
    """A stack of one's own, by CloudFormation's API."""

    def __init__(self, aws: Aws, name: str | None = None, region: str | None = None) -> None:
        self.name = name or f"stack-{uuid.uuid4().hex[:8]}"
        self.cloudformation = aws.client("cloudformation", region_name=region or aws.region)

    def create(self, resources: Resources, outputs: Resources | None = None) -> None:
        self._run("create", **template(resources, outputs))

    def update(self, resources: Resources, outputs: Resources | None = None) -> None:
        self._run("update", **template(resources, outputs))

    def deploy(self, template: str) -> None:
        """Make it, or update it if it is there and this is another template."""
        body = {"TemplateBody": template, "Capabilities": ["CAPABILITY_IAM"]}
        try:
            self._run("update", **body)
        except ClientError as error:
            if "does not exist" in str(error):
                self._run("create", **body)
            elif "No updates are to be performed" not in str(error):
                raise

    def delete(self) -> None:
        self._run("delete")

    def protect(self, *, on: bool) -> None:
        self.cloudformation.update_termination_protection(StackName=self.name, EnableTerminationProtection=on)

    def outputs(self) -> dict[str, str]:
        [described] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def physical_id(self, logical_id: str) -> str:
        answer = self.cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        physical_id: str = answer["StackResourceDetail"]["PhysicalResourceId"]
        return physical_id

    def failures(self) -> str:
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in events)

    def replacement(self, resources: Resources) -> dict[str, str]:
        """What a change set says of the replacement of each resource that it would modify."""
        names = {"StackName": self.name, "ChangeSetName": "change"}
        self.cloudformation.create_change_set(**names, **template(resources))
        self.cloudformation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig=SOON)
        changes = self.cloudformation.describe_change_set(**names)["Changes"]
        self.cloudformation.delete_change_set(**names)
        return {
            change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]["Replacement"]
            for change in changes
            if change["ResourceChange"]["Action"] == "Modify"
        }

    def _run(self, operation: str, **parameters: Any) -> None:
        getattr(self.cloudformation, f"{operation}_stack")(StackName=self.name, **parameters)
        waiter = self.cloudformation.get_waiter(f"stack_{operation}_complete")
        try:
            waiter.wait(StackName=self.name, WaiterConfig=SOON)
        except WaiterError as error:
            error.add_note(self.failures())
            raise

"""Stacks that are made straight through CloudFormation's API, without the CDK CLI."""

import json
import uuid
from typing import Any

from botocore.exceptions import WaiterError

from local_aws.embedded_aws import EmbeddedAws

SOON = {"Delay": 0.02, "MaxAttempts": 500}

Resources = dict[str, dict[str, Any]]


def template(resources: Resources, outputs: Resources | None = None) -> dict[str, Any]:
    body = {"Resources": resources, "Outputs": outputs or {}}
    return {"TemplateBody": json.dumps(body), "Capabilities": ["CAPABILITY_IAM"]}


class Stack:
    """A stack of one's own, by CloudFormation's API."""

    def __init__(self, aws: EmbeddedAws, name: str | None = None, region: str | None = None) -> None:
        self.name = name or f"stack-{uuid.uuid4().hex[:8]}"
        self.cloudformation = aws.client("cloudformation", region_name=region or aws.region)

    def create(self, resources: Resources, outputs: Resources | None = None) -> None:
        self._run("create", **template(resources, outputs))

    def update(self, resources: Resources, outputs: Resources | None = None) -> None:
        self._run("update", **template(resources, outputs))

    def delete(self) -> None:
        self._run("delete")

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

"""What every stack of an instance has in common."""

import aws_cdk as cdk
from constructs import Construct
from pydantic import BaseModel

from ghes_packages.config.instance import Instance
from ghes_packages.config.regions import S3_HOST_PREFIXES


class InstanceStack(cdk.Stack):
    """A stack in the account and region of an instance, protected against deletion, with the instance's tags."""

    def __init__(self, scope: Construct, instance: Instance, *, holds: str) -> None:
        super().__init__(
            scope,
            instance.stack_name,
            description=f"{holds}, instance {instance.name}",
            env=cdk.Environment(account=instance.account, region=instance.region),
            termination_protection=True,
        )
        # Both stay references where the region is the caller's, and so are right in every partition.
        self.service_url = f"https://{S3_HOST_PREFIXES[instance.endpoint]}.{self.region}.{self.url_suffix}"
        for key, value in instance.tags.items():
            cdk.Tags.of(self).add(key, value)

    def output(self, outputs: BaseModel) -> None:
        """Put out every field that has a value, under its alias."""
        for name, field in type(outputs).model_fields.items():
            if value := getattr(outputs, name):
                cdk.CfnOutput(self, str(field.alias), value=value, description=field.description)

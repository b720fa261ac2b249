"""The base of every stack of an instance."""

import aws_cdk as cdk
from constructs import Construct
from pydantic import BaseModel

from ghes_packages.config.instance import Instance
from ghes_packages.config.regions import S3_HOST_PREFIXES
from ghes_packages.template.version import METADATA
from stacks.synthesizer import synthesizer

# CDK's feature flags that the template depends on. They are set here, so that it is equal in every app.
FLAGS = (
    "@aws-cdk/aws-iam:minimizePolicies",
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy",
    "@aws-cdk/core:enablePartitionLiterals",
)
# CDK's name of a stack when it tags resources. CloudFormation would also tag them with the stack's tags.
STACK_ITSELF = "aws:cdk:stack"


class InstanceStack(cdk.Stack):
    """A stack in the account and region of an instance, protected against deletion, with the instance's tags."""

    def __init__(self, scope: Construct, instance: Instance, *, holds: str) -> None:
        super().__init__(
            scope,
            instance.construct_id,
            stack_name=instance.stack_name,
            synthesizer=synthesizer(instance),
            description=f"{holds}, instance {instance.name}",
            env=cdk.Environment(account=instance.account, region=instance.region),
            termination_protection=True,
            # It would be a resource that depends on the machine.
            analytics_reporting=False,
        )
        self.template_options.metadata = METADATA
        node = self.node
        for flag in FLAGS:
            node.set_context(flag, True)
        # Both are references if the instance has no region, and so are right in every partition.
        self.service_url = f"https://{S3_HOST_PREFIXES[instance.endpoint]}.{self.region}.{self.url_suffix}"
        for key, value in instance.tags.items():
            cdk.Tags.of(self).add(key, value, exclude_resource_types=[STACK_ITSELF])

    def output(self, outputs: BaseModel) -> None:
        """Output every field that has a value, under its alias."""
        for name, field in type(outputs).model_fields.items():
            if value := getattr(outputs, name):
                cdk.CfnOutput(self, str(field.alias), value=value, description=field.description)

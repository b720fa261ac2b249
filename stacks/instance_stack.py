"""What every stack of an instance has in common."""

import aws_cdk as cdk
from constructs import Construct
from pydantic import BaseModel

from ghes_packages.config.instance import Instance
from ghes_packages.config.regions import S3_HOST_PREFIXES
from ghes_packages.template.version import METADATA
from stacks.synthesizer import synthesizer

# The feature flags of CDK that the template depends on. They are set here, so that it is the same in every app.
FLAGS = (
    "@aws-cdk/aws-iam:minimizePolicies",
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy",
    "@aws-cdk/core:enablePartitionLiterals",
)
# What CDK calls a stack where it puts tags on resources. CloudFormation would put those of a stack on them once more.
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
            # It would be a resource that says which machine made the template.
            analytics_reporting=False,
        )
        self.template_options.metadata = METADATA
        node = self.node
        for flag in FLAGS:
            node.set_context(flag, True)
        # Both stay references where the region is the caller's, and so are right in every partition.
        self.service_url = f"https://{S3_HOST_PREFIXES[instance.endpoint]}.{self.region}.{self.url_suffix}"
        for key, value in instance.tags.items():
            cdk.Tags.of(self).add(key, value, exclude_resource_types=[STACK_ITSELF])

    def output(self, outputs: BaseModel) -> None:
        """Put out every field that has a value, under its alias."""
        for name, field in type(outputs).model_fields.items():
            if value := getattr(outputs, name):
                cdk.CfnOutput(self, str(field.alias), value=value, description=field.description)

"""The stack: storage for GitHub Packages of one GHES instance."""

import aws_cdk as cdk
from constructs import Construct

from ghes_packages.instance import Instance
from ghes_packages.outputs import Outputs
from ghes_packages.regions import S3_HOST_PREFIXES
from stacks.packages_access import PackagesAccess
from stacks.packages_bucket import packages_bucket
from stacks.packages_key import packages_key


class PackagesStorage(cdk.Stack):
    """A private bucket, a user that may do seven things with it, and what to enter in the Management Console."""

    def __init__(self, scope: Construct, instance: Instance) -> None:
        super().__init__(
            scope,
            instance.stack_name,
            description=f"Storage for GitHub Packages on GitHub Enterprise Server, instance {instance.name}",
            env=cdk.Environment(account=instance.account, region=instance.region),
            termination_protection=True,
        )
        # Both stay references where the region is the caller's, and so are right in every partition.
        service_url = f"https://{S3_HOST_PREFIXES[instance.endpoint]}.{self.region}.{self.url_suffix}"
        key = packages_key(self, "Key", instance)
        bucket = packages_bucket(self, "Packages", instance, key)
        access = PackagesAccess(self, "Access", instance, bucket=bucket, key=key, service_url=service_url)
        newest, *previous = [access_key.access_key_id for access_key in access.access_keys]
        self._output(
            Outputs(
                AwsServiceUrl=service_url,
                AwsS3Bucket=bucket.bucket_name,
                AwsS3Region=self.region,
                AwsS3AccessKey=newest,
                PreviousAwsS3AccessKey=previous[0] if previous else None,
                AwsS3SecretKeyReference=access.secret.secret_arn,
                IamUserName=access.user.user_name,
            )
        )
        for key_of_a_tag, value in instance.tags.items():
            cdk.Tags.of(self).add(key_of_a_tag, value)

    def _output(self, outputs: Outputs) -> None:
        for name, field in Outputs.model_fields.items():
            if value := getattr(outputs, name):
                cdk.CfnOutput(self, str(field.alias), value=value, description=field.description)

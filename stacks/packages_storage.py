"""The stack: storage for GitHub Packages of one GHES instance."""

from constructs import Construct

from ghes_packages import logical_ids
from ghes_packages.config.instance import Instance
from ghes_packages.outputs import Outputs
from stacks.instance_stack import InstanceStack
from stacks.packages_access import PackagesAccess
from stacks.packages_bucket import packages_bucket
from stacks.packages_key import packages_key


class PackagesStorage(InstanceStack):
    """A private bucket, a user with seven permissions, and outputs for the Management Console."""

    def __init__(self, scope: Construct, instance: Instance) -> None:
        super().__init__(scope, instance, holds="Storage for GitHub Packages on GitHub Enterprise Server")
        service_url = self.service_url
        key = packages_key(self, "Key", instance)
        bucket = packages_bucket(self, "Packages", instance, key)
        access = PackagesAccess(self, logical_ids.ACCESS, instance, bucket=bucket, key=key, service_url=service_url)
        newest, *previous = [access_key.access_key_id for access_key in access.access_keys]
        self.output(
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

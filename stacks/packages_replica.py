"""The stack in the second region: a replica of the packages bucket and of its access logs."""

from constructs import Construct

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import SSE_KMS
from ghes_packages.outputs import ReplicaOutputs
from stacks.acknowledged import acknowledge
from stacks.instance_stack import InstanceStack
from stacks.packages_bucket import PackagesBucket
from stacks.packages_key import ReplicaKey


class PackagesReplica(InstanceStack):
    """As private as the original. It has no user: only S3 writes to it.

    It refers to nothing in the first region, so that you can deploy it when that region is lost.
    """

    def __init__(self, scope: Construct, instance: Instance) -> None:
        super().__init__(scope, instance, holds="Replica of the storage for GitHub Packages")
        key = ReplicaKey(self, "Key") if instance.encryption == SSE_KMS else None
        packages = PackagesBucket(self, "Replica", instance, key)
        acknowledge(
            packages,
            "These buckets are the replica. Were they replicated back, an error in one region would reach both.",
            "NIST.800.53.R5-S3BucketReplicationEnabled",
            "HIPAA.Security-S3BucketReplicationEnabled",
            "PCI.DSS.321-S3BucketReplicationEnabled",
        )
        self.output(
            ReplicaOutputs(
                ReplicaS3Bucket=packages.bucket.bucket_name,
                ReplicaAccessLogsS3Bucket=packages.access_logs.bucket_name,
                ReplicaS3Region=self.region,
                ReplicaServiceUrl=self.service_url,
                ReplicaKeyArn=key.key.key_arn if key else None,
            )
        )

"""Replication of a bucket to another region: the rule, and the role for S3."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import SSE_KMS
from ghes_packages.live.replication import RULE_ID
from ghes_packages.policies.statements import (
    REPLICA_KEY_ACTIONS,
    SOURCE_KEY_ACTIONS,
    replication_key_statement,
    replication_statements,
)
from stacks.acknowledged import acknowledge, objects_of


class Replica(Construct):
    """The replica as the first region sees it: the outputs of its stack, which CloudFormation reads at each deploy.

    `instance` is that of the replica.
    """

    def __init__(self, scope: Construct, construct_id: str, instance: Instance) -> None:
        super().__init__(scope, construct_id)

        def put_out(output: str) -> str:
            return cdk.Fn.get_stack_output(instance.stack_name, output, instance.region)

        def bucket(construct_id: str, output: str) -> s3.IBucket:
            return s3.Bucket.from_bucket_attributes(
                self, construct_id, bucket_name=put_out(output), region=instance.region
            )

        self.bucket = bucket("Bucket", "ReplicaS3Bucket")
        self.access_logs = bucket("AccessLogs", "ReplicaAccessLogsS3Bucket")
        self.key = (
            kms.Key.from_key_arn(self, "Key", put_out("ReplicaKeyArn")) if instance.encryption == SSE_KMS else None
        )


class Replication(Construct):
    """Replicates every new object and delete marker of a bucket, but never the deletion of a version.

    So a leaked key can hide objects in both regions, but destroy them in neither. S3's metrics show how far behind the
    replica is. S3 Replication Time Control is off, because it costs by the gigabyte.

    The bucket needs `role` and `rule` first, and the role's policy needs the bucket: call `allow` afterwards.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        replica: s3.IBucket,
        *,
        source_key: kms.IKey | None = None,
        replica_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._replica = replica
        self._source_key = source_key
        self._replica_key = replica_key
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("s3.amazonaws.com"))
        self.rule = s3.ReplicationRule(
            id=RULE_ID,
            priority=1,
            destination=replica,
            kms_key=replica_key,
            sse_kms_encrypted_objects=True if replica_key else None,
            delete_marker_replication=True,
            # Its threshold is for Replication Time Control; without that, CDK leaves it out.
            metrics=s3.ReplicationTimeValue.FIFTEEN_MINUTES,
        )

    def allow(self, source: s3.IBucket) -> None:
        """Allow what AWS documents: CDK's own grants allow more, with wildcards for KMS, and inline."""
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            description="What S3 needs to replicate one bucket",
            roles=[self.role],
            statements=[
                iam.PolicyStatement.from_json(each)
                for each in replication_statements(source.bucket_arn, self._replica.bucket_arn)
            ],
        )
        if self._source_key:
            policy.add_statements(_use(self._source_key, SOURCE_KEY_ACTIONS, source))
        if self._replica_key:
            policy.add_statements(_use(self._replica_key, REPLICA_KEY_ACTIONS, self._replica))
        acknowledge(
            policy,
            "All of the bucket is replicated, so the policy must cover every object; no action has a wildcard.",
            objects_of(source),
            objects_of(self._replica),
        )


def _use(key: kms.IKey, actions: Sequence[str], bucket: s3.IBucket) -> iam.PolicyStatement:
    dns_suffix = cdk.Stack.of(bucket).url_suffix
    return iam.PolicyStatement.from_json(
        replication_key_statement(key.key_arn, actions, bucket.bucket_arn, bucket.env.region, dns_suffix)
    )

"""The obvious CDK program for the same job: `python -m benchmarks.obvious INSTANCES`. With 0, one empty stack."""

import sys

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Obvious(cdk.Stack):
    """A private bucket, and a user with an access key for it."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        user = iam.User(self, "User")
        bucket.grant_read_write(user)
        key = iam.AccessKey(self, "AccessKey", user=user)
        secret = cdk.aws_secretsmanager.Secret(self, "Secret", secret_string_value=key.secret_access_key)
        for output, value in (
            ("Bucket", bucket.bucket_name),
            ("AccessKeyId", key.access_key_id),
            ("Secret", secret.secret_arn),
        ):
            cdk.CfnOutput(self, f"{output}Output", value=value)


instances = int(sys.argv[1])
# CDK refuses a template without resources.
app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=instances > 0)
for number in range(instances):
    Obvious(app, f"Obvious-{number}")
if not instances:
    cdk.Stack(app, "Empty")
app.synth()

"""Every request to a bucket must be logged.

The logs show who read and wrote packages. A log bucket is not logged itself.
"""

from ghes_packages.guardrails import Finding, Findings
from ghes_packages.template.rendered import RenderedStack

LOGGING = "Service logging.s3"


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        destination = bucket.at("LoggingConfiguration", "DestinationBucketName")
        if bucket is not stack.log_bucket and (not isinstance(destination, str) or destination == bucket.ref):
            yield Finding(bucket, "Properties.LoggingConfiguration", "Log it: server_access_logs_bucket=access_logs")
    delivered = [
        policy.at("Bucket")
        for policy in stack.of_type("AWS::S3::BucketPolicy")
        for _, statement in policy.statements("PolicyDocument")
        if LOGGING in statement.principals
    ]
    if stack.log_bucket and stack.log_bucket.ref not in delivered:
        yield Finding(
            stack.log_bucket, "", "Let S3 deliver the logs, with the statement that CDK writes for its policy"
        )

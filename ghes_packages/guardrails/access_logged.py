"""Every request to a bucket must be logged.

The logs show who read and wrote packages. A log bucket is not logged itself.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack

LOGGING = "Service logging.s3"


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        destination = bucket.at("LoggingConfiguration", "DestinationBucketName")
        if bucket is not stack.log_bucket and (not isinstance(destination, str) or destination == bucket.ref):
            yield Finding(bucket, "Properties.LoggingConfiguration", "Log it: server_access_logs_bucket=access_logs")
    if stack.log_bucket:
        policies = [policy.statements("PolicyDocument") for policy in stack.policies_of(stack.log_bucket)]
        if not any(LOGGING in statement.principals for policy in policies for _, statement in policy):
            yield Finding(
                stack.log_bucket, "", "Let S3 deliver the logs, with the statement that CDK writes for its policy"
            )

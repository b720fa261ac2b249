"""A bucket policy must grant nothing but log delivery.

A grant to the user's ARN would bypass its permissions boundary. S3 may deliver only the access logs of this stack's
buckets and this account.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack
from ghes_packages.policies.document import statement
from ghes_packages.policies.statements import log_delivery_statement


def findings(stack: RenderedStack) -> Findings:
    for policy in stack.of_type("AWS::S3::BucketPolicy"):
        log_bucket = stack.named(policy.at("Bucket"))
        deliveries = {
            statement(log_delivery_statement(log_bucket.arn, bucket.arn, account))
            for bucket in stack.buckets
            if log_bucket and bucket.at("LoggingConfiguration", "DestinationBucketName") == log_bucket.ref
            for account in stack.accounts
        }
        for path, each in policy.statements("PolicyDocument"):
            if each.effect == "Allow" and each not in deliveries:
                yield Finding(policy, path, "Remove the statement: S3 delivers access logs, and nobody else has access")

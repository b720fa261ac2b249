"""Packages must survive the stack, and every replacement.

So must the bucket policies, which refuse requests without TLS, and the key with its alias. You can cancel the deletion
of the key for 30 days.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack

KEPT = ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::KMS::Alias")
# AWS, "DeletionPolicy attribute" and "UpdateReplacePolicy attribute": RetainExceptOnCreate is for the first alone.
RETAINED = {"DeletionPolicy": ("Retain", "RetainExceptOnCreate"), "UpdateReplacePolicy": ("Retain",)}
# The longest that KMS takes, and what it takes where nothing is said.
PENDING_DAYS = 30


def findings(stack: RenderedStack) -> Findings:
    for resource in stack.of_type(*KEPT):
        for attribute, values in RETAINED.items():
            if resource.attributes.get(attribute) not in values:
                yield Finding(resource, attribute, "Keep it: removal_policy=RETAIN of stacks/private_bucket.py")
    for key in stack.of_type("AWS::KMS::Key"):
        if key.at("PendingWindowInDays") not in (None, PENDING_DAYS):
            yield Finding(key, "Properties.PendingWindowInDays", f"Leave pending_window out: it is {PENDING_DAYS} days")

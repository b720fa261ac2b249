"""An existing bucket must keep its policy.

Another policy could break the current users of the bucket.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack


def findings(stack: RenderedStack) -> Findings:
    for policy in stack.of_type("AWS::S3::BucketPolicy"):
        if policy.at("Bucket") not in [bucket.ref for bucket in stack.buckets]:
            yield Finding(policy, "Properties.Bucket", "Remove it: `verify` prints what an existing bucket lacks")

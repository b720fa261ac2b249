"""All public access must be blocked.

GitHub sets no permissions on objects, so only the settings of the bucket protect them.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack

BLOCKED = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        if bucket.at("PublicAccessBlockConfiguration") != BLOCKED:
            remedy = "Block all public access: s3.BlockPublicAccess.BLOCK_ALL"
            yield Finding(bucket, "Properties.PublicAccessBlockConfiguration", remedy)

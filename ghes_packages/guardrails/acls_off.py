"""ACLs must be off.

An ACL could make a single object public.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack, at


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        rules = bucket.each("OwnershipControls", "Rules")
        if [at(rule, "ObjectOwnership") for _, rule in rules] != ["BucketOwnerEnforced"]:
            remedy = "Switch ACLs off: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED"
            yield Finding(bucket, "Properties.OwnershipControls", remedy)
        if "AccessControl" in bucket.properties:
            yield Finding(bucket, "Properties.AccessControl", "Remove access_control: ACLs are off")

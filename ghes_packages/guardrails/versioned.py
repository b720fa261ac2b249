"""Every bucket must keep the versions of its objects.

The access key of GHES can delete objects, but not versions: you can restore what it deletes or overwrites.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        if bucket.at("VersioningConfiguration", "Status") != "Enabled":
            remedy = "Keep what is deleted or overwritten: versioned=True"
            yield Finding(bucket, "Properties.VersioningConfiguration", remedy)

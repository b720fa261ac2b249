"""No bucket may be a website.

GHES gives clients links to objects; a website would be public.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        if "WebsiteConfiguration" in bucket.properties:
            yield Finding(bucket, "Properties.WebsiteConfiguration", "Remove the website: GHES needs none")

"""No bucket may be a website.

GHES hands out links to objects. A website would be public.
"""

from collections.abc import Iterator

from ghes_packages.guardrails import Finding
from ghes_packages.template.rendered import RenderedStack


def findings(stack: RenderedStack) -> Iterator[Finding]:
    """Each bucket that is a website."""
    for bucket in stack.of_type("AWS::S3::Bucket"):
        if "WebsiteConfiguration" in bucket.properties:
            yield Finding(bucket.logical_id, "Properties.WebsiteConfiguration", "Remove the website: GHES needs none")

"""Every bucket must keep the versions of its objects.

The access key of GHES can delete objects but no versions, so what it deletes or overwrites can be brought back.
"""

from collections.abc import Iterator

from ghes_packages.guardrails import Finding
from ghes_packages.template.rendered import RenderedStack


def findings(stack: RenderedStack) -> Iterator[Finding]:
    """Each bucket without versioning."""
    for bucket in stack.of_type("AWS::S3::Bucket"):
        if bucket.at("VersioningConfiguration", "Status") != "Enabled":
            yield Finding(
                bucket.logical_id,
                "Properties.VersioningConfiguration",
                "Keep what is deleted or overwritten: versioned=True",
            )

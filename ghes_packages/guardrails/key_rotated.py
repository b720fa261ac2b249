"""KMS keys must be rotated each year.

Old key material cannot decrypt new packages.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack


def findings(stack: RenderedStack) -> Findings:
    for key in stack.of_type("AWS::KMS::Key"):
        if key.at("EnableKeyRotation") is not True:
            yield Finding(key, "Properties.EnableKeyRotation", "Rotate the key: enable_key_rotation=True")

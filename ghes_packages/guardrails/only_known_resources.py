"""Only resource types that the rules know may be used.

Another type could grant access to anybody: an access point, a nested stack, another policy.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack
from ghes_packages.guardrails.only_known_properties import KNOWN


def findings(stack: RenderedStack) -> Findings:
    for resource in stack.resources.values():
        if resource.type not in KNOWN:
            yield Finding(resource, "Type", "Remove it, or add it to KNOWN with rules for it")

"""Only types of resources that the rules know may be used.

Another one could grant anything to anybody: an access point, a nested stack, another policy.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack
from ghes_packages.guardrails.only_known_properties import KNOWN


def findings(stack: RenderedStack) -> Findings:
    for resource in stack.resources.values():
        if resource.type not in KNOWN:
            yield Finding(resource, "Type", "Remove it, or write rules of what it may be, and add it to KNOWN")

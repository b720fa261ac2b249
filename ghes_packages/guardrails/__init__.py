"""The promises of this project for all options: the rules by which `cdk synth` and `review` check every template.

Each file is one rule, and has the rule's name. The first sentence of its docstring is the promise, the rest is the
reason. Its function `findings` yields what breaks the promise. A new file is a new rule.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from ghes_packages.template.rendered import DNS_SUFFIX, RenderedStack, Resource, any_of, texts
from ghes_packages.template.rendering import at

# What a rule is written with.
__all__ = ["DNS_SUFFIX", "Finding", "Findings", "RenderedStack", "Resource", "any_of", "at", "texts"]

# The plugin that runs them at synth: a finding is acknowledged as `Guardrails::RULE`.
PLUGIN = "Guardrails"


@dataclass(frozen=True)
class Finding:
    """Where a promise is broken, and what to change.

    `resource` is None for the template itself. `path` leads to the value from there, such as
    `Properties.BucketEncryption` or `Outputs.AwsS3Bucket`; it is empty for the whole. `remedy` is one line of advice.
    """

    resource: Resource | None
    path: str
    remedy: str

    @property
    def logical_id(self) -> str:
        """That of the resource; empty for the template itself."""
        return self.resource.logical_id if self.resource else ""


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Rule:
    """One promise; `findings` yields whatever breaks it."""

    name: str
    promise: str
    reason: str
    findings: Callable[[RenderedStack], Findings]


@lru_cache(maxsize=2)  # a review asks about its two stacks more than once
def check(stack: RenderedStack) -> list[tuple[Rule, Finding]]:
    """Every broken promise, in the order of the rules' names."""
    return [(rule, finding) for rule in RULES for finding in rule.findings(stack)]


def _rule(name: str) -> Rule:
    module = import_module(f"{__name__}.{name}")
    promise, reason = inspect.cleandoc(module.__doc__ or "").split("\n\n")
    return Rule(name, promise, " ".join(reason.split()), module.findings)


RULES: Sequence[Rule] = tuple(_rule(name) for name in sorted(each.name for each in iter_modules(__path__)))

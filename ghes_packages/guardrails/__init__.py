"""What this project promises whatever the options: the rules that `cdk synth` and `review` hold every template to.

One file holds one rule and has its name. The first sentence of its docstring is the promise, the rest is the reason,
and its function `findings` yields what breaks the promise. A new file is a new rule.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from ghes_packages.template.rendered import RenderedStack


@dataclass(frozen=True)
class Finding:
    """Where a promise is broken, and what to change.

    `logical_id` is the resource, or empty for the template itself; `path` leads to the value from there, such as
    `Properties.BucketEncryption` or `Outputs.AwsS3Bucket`, and is empty for the whole. `remedy` is one line of advice.
    """

    logical_id: str
    path: str
    remedy: str


@dataclass(frozen=True)
class Rule:
    """One promise; `findings` yields whatever breaks it."""

    name: str
    promise: str
    reason: str
    findings: Callable[[RenderedStack], Iterator[Finding]]


def check(stack: RenderedStack) -> list[tuple[Rule, Finding]]:
    """Every broken promise, sorted by the name of its rule."""
    return [(rule, finding) for rule in RULES for finding in rule.findings(stack)]


def _rule(name: str) -> Rule:
    module = import_module(f"{__name__}.{name}")
    promise, _, reason = " ".join(inspect.cleandoc(module.__doc__ or "").split()).partition(". ")
    return Rule(name, f"{promise.removesuffix('.')}.", reason, module.findings)


RULES: Sequence[Rule] = tuple(_rule(name) for name in sorted(each.name for each in iter_modules(__path__)))

"""The promises that a stack must keep whatever its options: a risk where one is broken that was not broken before.

The rules are those of the reviewer's own checkout: what `app.py` runs, or acknowledges, hides nothing.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from ghes_packages.guardrails import Finding, Rule, check
from ghes_packages.review.change import Change, Risk, Topic, identifier
from ghes_packages.template.rendered import RenderedStack


def changes(before: RenderedStack, after: RenderedStack) -> Iterator[Change]:
    """A row for each finding, unless the same rule finds the same value in the same place of the stack before.

    Of a new stack, everything that is broken has a row. No value is shown: it may be a secret.
    """
    had = {_identity(before, *each) for each in check(before)}
    rows = {identity: each for each in check(after) if (identity := _identity(after, *each)) not in had}
    for (name, logical_id, path, values), (rule, finding) in rows.items():
        # Whoever accepts this accepts no other value in the same place.
        exactly = hashlib.sha256(repr((path, values)).encode()).hexdigest()[:8]
        why = f"{rule.promise} {rule.reason}".removesuffix(".")
        risk = Risk(identifier("guardrail", name, logical_id or path, exactly), why, finding.remedy)
        yield Change(Topic.PROMISES, ((logical_id or "the template",), (path,)), f"breaks {name}", risk=risk)


def _identity(stack: RenderedStack, rule: Rule, finding: Finding) -> tuple[str, str, str, str]:
    """What makes two findings the same: rule, resource, path, and everything that stands there."""
    whole = finding.resource.whole if finding.resource else {**stack.other_sections, "Outputs": stack.outputs}
    values = json.dumps(_values(whole, finding.path), sort_keys=True)
    return rule.name, finding.logical_id, finding.path, values


def _values(value: Any, path: str) -> list[Any]:
    """Every value that the path can lead to: a key may have dots in it."""
    if not path:
        return [value]
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [
        found
        for key, each in inside
        if f"{path}.".startswith(f"{key}.")
        for found in _values(each, path[len(str(key)) + 1 :])
    ]

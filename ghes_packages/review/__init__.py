"""`review`: what does a change do to storage and access, and what of it needs a second thought?

A review compares two stacks: of two assemblies (`pull_request`), or the one that is deployed with the one that was
synthesised (`deployed`). Each kind of risk is a module whose `changes` yields rows; this is the list of them.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence

from ghes_packages.review import (
    access,
    access_keys,
    acknowledged,
    guardrails,
    options,
    outputs,
    resources,
    settings,
    stack,
)
from ghes_packages.review.access_keys import UserKeys
from ghes_packages.review.change import Change
from ghes_packages.review.report import Reviewed, State
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendered import RenderedStack
from ghes_packages.template.rendering import names

# What hurts most comes first. Access keys are apart: where IAM can be asked, what it says of them counts.
OF_TEMPLATES: Sequence[Callable[[RenderedStack, RenderedStack], Iterator[Change]]] = (
    resources.changes,
    outputs.changes,
    access.changes,
    guardrails.changes,
    settings.changes,
)
OF_DEPLOYMENTS: Sequence[Callable[[Stack, Stack], Iterator[Change]]] = (stack.changes, acknowledged.changes)
# How the manifest may name another account than the stack's: in an ARN.
_ANOTHER_ACCOUNT = re.compile(r":[0-9]{12}:")


def rendered(before: Stack, after: Stack) -> tuple[RenderedStack, RenderedStack]:
    """The templates of both, with the same names for their resources."""
    called = names(before.template, after.template)
    return before.rendered(called), after.rendered(called)


def reviewed(name: str, before: Stack | None, after: Stack, prefix: str = "", user: UserKeys | None = None) -> Reviewed:
    """The review of one stack. `user` is what IAM says of the access keys, where it was asked."""
    if before is None:
        return Reviewed(name, State.NEW, tuple(of_a_new_stack(after)), prefix, after)
    was, becomes = rendered(before, after)
    found = (
        *(row for changes in OF_TEMPLATES for row in changes(was, becomes)),
        *(row for changes in OF_DEPLOYMENTS for row in changes(before, after)),
        *access_keys.changes(was, becomes, user),
    )
    made = options.changed(was, becomes, found)
    return Reviewed(name, State.CHANGED, found, prefix, options=made)


def of_a_new_stack(after: Stack) -> Iterator[Change]:
    """A row for all access, and one for each risk: that the stack is new is none."""
    nothing = Stack(deployment=_deployment(after), termination_protection=True)
    was, becomes = rendered(nothing, after)
    yield from guardrails.changes(was, becomes)
    yield from (change for change in stack.changes(nothing, after) if change.risk)
    yield from settings.changes(was, becomes)
    yield from outputs.of_an_existing_bucket(becomes)
    yield from access.of_a_new_stack(was, becomes)


def _deployment(after: Stack) -> dict[str, object]:
    """What the manifest may say of the deployment: nobody else deploys it, or is told."""
    return {
        name: value
        for name, value in after.deployment.items()
        if name != "notificationArns" and not _ANOTHER_ACCOUNT.search(json.dumps(value))
    }

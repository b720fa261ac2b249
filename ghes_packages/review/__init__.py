"""`review`: what does a change do to storage and access, and what of it needs a second thought?

A review compares two stacks: of two assemblies (`pull_request`), or the one that is deployed with the one that was
synthesised (`deployed`). Each kind of risk is a module whose `changes` yields rows; this is the list of them.
"""

from collections.abc import Callable, Iterator, Sequence

from ghes_packages.review import (
    access,
    access_keys,
    acknowledged,
    outputs,
    promises,
    resources,
    secret,
    secret_leaks,
    stack,
)
from ghes_packages.review.access_keys import UserKeys
from ghes_packages.review.change import Change
from ghes_packages.template.assembly import Stack

# What hurts most comes first. Access keys are apart: where IAM can be asked, what it says of them counts.
KINDS: Sequence[Callable[[Stack, Stack], Iterator[Change]]] = (
    resources.changes,
    outputs.changes,
    access.changes,
    secret_leaks.changes,
    promises.changes,
    secret.changes,
    stack.changes,
    acknowledged.changes,
)


def changes(before: Stack, after: Stack, user: UserKeys | None = None) -> Iterator[Change]:
    """Every row of every kind. `user` is what IAM says of the access keys, where it was asked."""
    for kind in KINDS:
        yield from kind(before, after)
    yield from access_keys.changes(before, after, user)

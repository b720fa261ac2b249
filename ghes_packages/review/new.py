"""A new stack: who may do what, and what of it no stack of this project has."""

from collections.abc import Iterator

from ghes_packages.review import access, anywhere, own, resources, stack
from ghes_packages.review.assembly import Stack
from ghes_packages.review.change import Change


def changes(after: Stack) -> Iterator[Change]:
    """A row for all access, and one for each risk: that the stack is new is none."""
    nothing = Stack(deployment=after.deployment)
    for kind in (resources, anywhere, stack):
        yield from (change for change in kind.changes(nothing, after) if change.risk)
    yield from access.changes(nothing, after, own.granted_by(after))

"""The review of a pull request: two assemblies, offline, instance by instance."""

from collections.abc import Collection
from pathlib import Path

from ghes_packages import review
from ghes_packages.review import new
from ghes_packages.review.change import STACK, Change, Risk
from ghes_packages.review.report import Report, Reviewed, State
from ghes_packages.template import assembly
from ghes_packages.template.assembly import Stack

GONE = Change(
    STACK,
    (("the stack",),),
    "removed from the app",
    risk=Risk(
        "instance-removed",
        "the stack would stay deployed, nothing would manage it, and nothing would tell later steps its outputs",
        "keep the instance while its GHES uses it; then tear it down as the README says, and remove it",
    ),
)


def review_assemblies(base: Path, head: Path, accepted: Collection[str]) -> Report:
    """What merging would do. Raises ConfigurationError for a folder that is no assembly, and an unknown ID."""
    before, after = assembly.read(base), assembly.read(head)
    names = sorted(before.keys() | after.keys())
    return Report(tuple(_reviewed(name, before.get(name), after.get(name)) for name in names)).accepting(accepted)


def _reviewed(name: str, before: Stack | None, after: Stack | None) -> Reviewed:
    if after is None:
        return Reviewed(name, State.REMOVED, (GONE,), f"{name}/")
    if before is None:
        return Reviewed(name, State.NEW, tuple(new.changes(after)), f"{name}/", after)
    if before == after:
        return Reviewed(name, State.UNCHANGED)
    found = tuple(review.changes(before, after))
    return Reviewed(name, State.CHANGED if found else State.UNCHANGED, found, f"{name}/")

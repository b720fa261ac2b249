"""The review of a pull request: two assemblies, offline, instance by instance."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from ghes_packages import review
from ghes_packages.config.instance import REPLICA_SUFFIX
from ghes_packages.review.change import Change, Risk, Topic
from ghes_packages.review.report import Report, Reviewed, State
from ghes_packages.template import assembly
from ghes_packages.template.assembly import Stack

GONE = Change(
    Topic.STACK,
    (("the stack",),),
    "removed from the app",
    risk=Risk(
        "instance-removed",
        "the stack would stay deployed, but nothing would manage it",
        "keep the instance while GHES uses it; then destroy the stack as the README says, and remove the instance",
    ),
)


def review_assemblies(base: Path, head: Path, accepted: Collection[str]) -> Report:
    """What merging would do. Raises ConfigurationError for a folder that is no assembly, and an unknown ID."""
    before, after = assembly.read(base), assembly.read(head)
    names = sorted(before.keys() | after.keys())
    reviewed = {name: _reviewed(name, before.get(name), after.get(name)) for name in names}
    return Report(tuple(_with_its_instance(each, reviewed) for each in reviewed.values())).accepting(accepted)


def _with_its_instance(replica: Reviewed, reviewed: Mapping[str, Reviewed]) -> Reviewed:
    """The stack of a replica that goes because `replica_region` of its instance does; any other as it is."""
    instance = reviewed.get(replica.name.removesuffix(REPLICA_SUFFIX))
    if replica.state is not State.REMOVED or instance is None:
        return replica
    off = [each for each in instance.options if each.option == "replica_region" and not each.after]
    return replace(replica, options=tuple(replace(each, brings=replica.changes) for each in off))


def _reviewed(name: str, before: Stack | None, after: Stack | None) -> Reviewed:
    if after is None:
        return Reviewed(name, State.REMOVED, (GONE,), f"{name}/")
    if before == after:
        return Reviewed(name, State.UNCHANGED)
    reviewed = review.reviewed(name, before, after, f"{name}/")
    return reviewed if reviewed.changes or before is None else Reviewed(name, State.UNCHANGED)

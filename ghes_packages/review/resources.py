"""What is added, deleted, replaced and orphaned: a risk where it holds state, or is of a type that nobody knows."""

from collections.abc import Iterator, Mapping
from typing import Any

from ghes_packages.review.change import RESOURCES, Cell, Change, Risk, identifier, shown, slug
from ghes_packages.review.replacement import REPLACING, RETAINED, STATEFUL
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendering import Names, names, referred, rendered

ORPHANED, DELETED = "orphaned", "deleted"
# What becomes of the resource that the template has no more.
FATES = {
    ORPHANED: "it stays in the account, and nothing manages it any more",
    DELETED: "CloudFormation would delete it, with what it holds",
}
KEEP = "leave its path in the app, which the logical ID comes from, and the properties that only a new one can change"
ACCESS_KEY = "AWS::IAM::AccessKey"
USER = "AWS::IAM::User"


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each resource that comes, goes or is replaced, and for each change of a type that is not known."""
    called = names(before.template, after.template)
    replaced = _replaced(before.resources, after.resources)
    for logical_id, resource in before.resources.items():
        kind = resource.get("Type", "")
        if kind == ACCESS_KEY:
            continue
        if logical_id not in after.resources:
            yield _goes(logical_id, kind, "", retained=resource.get("DeletionPolicy") in RETAINED)
        elif properties := replaced.get(logical_id):
            new = after.resources[logical_id]
            was, becomes = (_values(each, properties, called) for each in (resource, new))
            retained = new.get("UpdateReplacePolicy") in RETAINED
            yield _goes(logical_id, kind, "replaced", retained=retained, before=was, after=becomes)
        elif kind not in REPLACING and resource != after.resources[logical_id]:
            yield _unknown(logical_id, kind, "changed")
    for logical_id in sorted(after.resources.keys() - before.resources.keys()):
        kind = after.resources[logical_id].get("Type", "")
        if kind not in REPLACING:
            yield _unknown(logical_id, kind, "added")
        elif kind != ACCESS_KEY:
            risk = Risk(
                identifier("user-added", logical_id),
                "another user would have access of its own, with keys that no rotation knows",
                "one stack, one user; another GHES is another instance",
            )
            second = kind == USER and {*before.of_type(USER), *after.of_type(USER)} != {logical_id}
            yield Change(RESOURCES, ((logical_id,), (kind,)), "added", risk=risk if second else None)


def _replaced(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """The properties on account of which each resource is replaced; also because what they refer to is replaced."""
    found: dict[str, list[str]] = {}
    while True:
        more = {
            logical_id: properties
            for logical_id in before.keys() & after.keys() - found.keys()
            if (properties := _replacing(before[logical_id], after[logical_id], found))
        }
        if not more:
            return found
        found.update(more)


def _replacing(before: Mapping[str, Any], after: Mapping[str, Any], replaced: Mapping[str, Any]) -> list[str]:
    if before.get("Type") != after.get("Type"):
        return ["Type"]
    was, becomes = before.get("Properties", {}), after.get("Properties", {})
    return [
        name
        for name in sorted(REPLACING.get(after.get("Type", ""), ()))
        if was.get(name) != becomes.get(name) or not replaced.keys().isdisjoint(referred(becomes.get(name)))
    ]


def _values(resource: Mapping[str, Any], properties: list[str], called: Names) -> Cell:
    all_of_it = {**resource.get("Properties", {}), "Type": resource.get("Type")}
    return tuple(
        f"{name}: {', '.join(shown(rendered(all_of_it[name], called)))}" for name in properties if name in all_of_it
    )


def _goes(logical_id: str, kind: str, what: str, *, retained: bool, before: Cell = (), after: Cell = ()) -> Change:
    """`what` is what happens to a resource that comes again as another one; empty for one that does not."""
    fate = ORPHANED if retained else DELETED
    happens = f"{what}, the old one {fate}" if what else fate
    risk = None
    if kind in STATEFUL or kind not in REPLACING:
        risk = Risk(identifier(slug(kind), what or fate, logical_id), FATES[fate], KEEP)
    return Change(RESOURCES, ((logical_id,), (kind,)), happens, before, after, risk)


def _unknown(logical_id: str, kind: str, what: str) -> Change:
    risk = Risk(
        identifier(slug(kind), what, logical_id),
        f"a resource of a type that this review knows nothing of would be {what}",
        "read what it does; if it is to stay, put its type into ghes_packages/review/replacement.py",
    )
    return Change(RESOURCES, ((logical_id,), (kind,)), what, risk=risk)

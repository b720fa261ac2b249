"""What is added, deleted, replaced and orphaned: a risk where it holds state, or is of a type that nobody knows."""

from collections.abc import Iterator, Mapping
from typing import Any

from ghes_packages.guardrails.retained import RETAINED
from ghes_packages.review.change import Cell, Change, Risk, Topic, identifier, shown, slug
from ghes_packages.review.replacement import REPLACING, STATEFUL
from ghes_packages.template.rendered import RenderedStack, Resource

ORPHANED, DELETED = "orphaned", "deleted"
# What becomes of the resource that the template has no more.
FATES = {
    ORPHANED: "it stays in the account, but nothing manages it any more",
    DELETED: "CloudFormation would delete it with its content",
}
KEEP = "keep its path in the app, which decides the logical ID, and the properties whose change replaces it"
UNKNOWN = (
    "a resource of an unknown type would change",
    "check the effect; to keep the resource, add its type to ghes_packages/review/replacement.py",
)
ACCESS_KEY = "AWS::IAM::AccessKey"


def changes(before: RenderedStack, after: RenderedStack) -> Iterator[Change]:
    """A row for each resource that comes, goes or is replaced, and for each change of a type that is not known."""
    replaced = _replaced(before, after)
    for logical_id, resource in before.resources.items():
        new = after.resources.get(logical_id)
        if resource.type == ACCESS_KEY:
            continue
        if new is None:
            yield _goes(resource, "", retained=_retained(resource, "DeletionPolicy"))
        elif properties := replaced.get(logical_id):
            was, becomes = (_values(each, properties) for each in (resource, new))
            retained = _retained(new, "UpdateReplacePolicy")
            yield _goes(resource, "replaced", retained=retained, before=was, after=becomes)
        elif resource.type not in REPLACING and resource.whole != new.whole:
            risk = Risk(identifier(slug(resource.type), "changed", logical_id), *UNKNOWN)
            yield Change(Topic.RESOURCES, ((logical_id,), (resource.type,)), "changed", risk=risk)
    for logical_id in sorted(after.resources.keys() - before.resources.keys()):
        if (kind := after.resources[logical_id].type) != ACCESS_KEY:
            yield Change(Topic.RESOURCES, ((logical_id,), (kind,)), "added")


def _retained(resource: Resource, attribute: str) -> bool:
    return resource.attributes.get(attribute) in RETAINED[attribute]


def _replaced(before: RenderedStack, after: RenderedStack) -> Mapping[str, list[str]]:
    """The properties on account of which each resource is replaced; also because what they refer to is replaced."""
    found: dict[str, list[str]] = {}
    while True:
        more = {
            logical_id: properties
            for logical_id in before.resources.keys() & after.resources.keys() - found.keys()
            if (properties := _replacing(before.resources[logical_id], after.resources[logical_id], after, found))
        }
        if not more:
            return found
        found.update(more)


def _replacing(before: Resource, resource: Resource, after: RenderedStack, replaced: Mapping[str, Any]) -> list[str]:
    if before.type != resource.type:
        return ["Type"]
    return [
        name
        for name in sorted(REPLACING.get(resource.type, ()))
        if before.at(name) != resource.at(name)
        or any(each.logical_id in replaced for each in after.referred(resource.at(name)))
    ]


def _values(resource: Resource, properties: list[str]) -> Cell:
    all_of_it = {**resource.properties, "Type": resource.type}
    return tuple(f"{name}: {', '.join(shown(all_of_it[name]))}" for name in properties if name in all_of_it)


def _goes(resource: Resource, what: str, *, retained: bool, before: Cell = (), after: Cell = ()) -> Change:
    """`what` is what happens to a resource that comes again as another one; empty for one that does not."""
    fate, kind, logical_id = ORPHANED if retained else DELETED, resource.type, resource.logical_id
    happens = f"{what}, the old one {fate}" if what else fate
    risk = None
    if kind in STATEFUL or kind not in REPLACING:
        risk = Risk(identifier(slug(kind), what or fate, logical_id), FATES[fate], KEEP)
    return Change(Topic.RESOURCES, ((logical_id,), (kind,)), happens, before, after, risk)

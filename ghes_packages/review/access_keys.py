"""The access keys of the user: a risk where a deploy would cut GHES off, or AWS would refuse it half-way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ghes_packages.config.instance import ACTIVE, MOST_ACCESS_KEYS
from ghes_packages.review.change import Change, Risk, Topic, shown
from ghes_packages.template.rendered import RenderedStack, Resource


@dataclass(frozen=True)
class UserKeys:
    """The keys that the user has: the status of each generation, why it is still needed, and how many there are."""

    statuses: Mapping[int, str]
    count: int
    in_use: Mapping[int, Sequence[str]] = field(default_factory=dict)


def changes(before: RenderedStack, after: RenderedStack, user: UserKeys | None = None) -> Iterator[Change]:
    """A row for each risk, and for each key that changes without one.

    `user` is what IAM says of the keys; without it, the user has what the template before says, and uses none of it.
    """
    had, gets = before.access_keys, after.access_keys
    statuses = {generation: _status(key) for generation, key in had.items()}
    keys = user or UserKeys(statuses, len(before.of_type("AWS::IAM::AccessKey")))
    risky = set[int]()
    for generation, risk in _risks(had, gets, keys):
        risky.add(generation)
        yield _row(generation, had.get(generation), gets.get(generation), risk)
    for generation in sorted((had.keys() | gets.keys()) - risky):
        old, new = had.get(generation), gets.get(generation)
        if not (old and new) or (_status(old), _identity(old)) != (_status(new), _identity(new)):
            yield _row(generation, old, new)


def _row(generation: int, before: Resource | None, after: Resource | None, risk: Risk | None = None) -> Change:
    was, becomes = (shown(_status(each) if each else None) for each in (before, after))
    return Change(Topic.KEYS, ((str(generation),),), "status", was, becomes, risk)


def _status(key: Resource) -> str:
    return str(key.properties.get("Status", ACTIVE))


def _identity(key: Resource) -> object:
    """All by whose change CloudFormation makes another key."""
    return key.logical_id, {**key.properties, "Status": None}


def _risks(had: Mapping[int, Resource], gets: Mapping[int, Resource], keys: UserKeys) -> Iterator[tuple[int, Risk]]:
    """What the deploy would do to keys that work."""
    new, newest = gets.keys() - had.keys(), max(gets, default=0)
    for generation, status in sorted(keys.statuses.items()):
        stays = generation in gets
        works_after = stays and _status(gets[generation]) == ACTIVE
        reasons = keys.in_use.get(generation, ())
        if stays and generation in had and _identity(gets[generation]) != _identity(had[generation]):
            yield _risk(
                generation,
                "replaced",
                "would be deleted and replaced by another one of the same generation",
                "keep its logical ID and properties; a new key is a new generation",
            )
        elif status == ACTIVE and not works_after and new:
            yield _risk(
                generation,
                "replaced",
                f"would stop working in the deploy that makes access key {max(new)}, which GHES does not have yet",
                'previous_access_key = "active", until GHES has the new one',
            )
        elif ((status == ACTIVE and not works_after) or not stays) and reasons:
            yield _risk(
                generation,
                "in-use",
                f"would stop working or be deleted: {'; '.join(reasons)}",
                "give GHES the other key, and wait until this one is unused",
            )
        elif status == ACTIVE and not stays and (generation < newest or not gets):
            yield _risk(
                generation,
                "deleted",
                "is active, and cannot be activated again after its deletion",
                'previous_access_key = "inactive" first; delete it when nothing uses it',
            )
    if gets and newest not in new and keys.statuses.get(newest) != ACTIVE:
        yield _risk(
            newest,
            "dead",
            "is the one for GHES, and it is not active now",
            "activate it with aws iam update-access-key, or create a new generation",
        )
    if new and keys.count + len(new) > MOST_ACCESS_KEYS:
        why = f"the user has {keys.count} access keys, and AWS allows {MOST_ACCESS_KEYS}: the deploy would fail"
        instead = "finish the current rotation, or delete the stray key, before you create another key"
        yield max(new), Risk("access-key-quota", why, instead)


def _risk(generation: int, what: str, why: str, instead: str) -> tuple[int, Risk]:
    return generation, Risk(f"access-key-{generation}-{what}", f"access key {generation} {why}", instead)

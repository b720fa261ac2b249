"""The access keys of the user: a risk where a deploy would cut GHES off, or AWS would refuse it half-way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ghes_packages import logical_ids
from ghes_packages.config.instance import ACTIVE
from ghes_packages.review.change import KEYS, Change, Risk, shown
from ghes_packages.rotation.steps import KEYS_PER_USER
from ghes_packages.template.rendered import RenderedStack, Resource


@dataclass(frozen=True)
class UserKeys:
    """The keys that the user has: the status of each generation, why it is still needed, and how many there are."""

    statuses: Mapping[int, str]
    count: int
    in_use: Mapping[int, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _KeyResource:
    """An access key as a template has it; `identity` is all by whose change CloudFormation makes another key."""

    status: str
    identity: object


def changes(before: RenderedStack, after: RenderedStack, user: UserKeys | None = None) -> Iterator[Change]:
    """A row for each risk, and for each key that changes without one.

    `user` is what IAM says of the keys; without it, the user has what the template before says, and uses none of it.
    """
    had, gets = _by_generation(before), _by_generation(after)
    keys = user or UserKeys({generation: key.status for generation, key in had.items()}, len(_keys(before)))
    risky = set[int]()
    for generation, risk in _risks(had, gets, keys):
        risky.add(generation)
        yield _row(generation, had, gets, risk)
    for generation in sorted((had.keys() | gets.keys()) - risky):
        if had.get(generation) != gets.get(generation):
            yield _row(generation, had, gets)


def _row(
    generation: int, had: Mapping[int, _KeyResource], gets: Mapping[int, _KeyResource], risk: Risk | None = None
) -> Change:
    was, becomes = (shown(some[generation].status if generation in some else None) for some in (had, gets))
    return Change(KEYS, ((str(generation),),), "status", was, becomes, risk)


def _risks(
    had: Mapping[int, _KeyResource], gets: Mapping[int, _KeyResource], keys: UserKeys
) -> Iterator[tuple[int, Risk]]:
    """What the deploy would do to keys that work."""
    new, newest = gets.keys() - had.keys(), max(gets, default=0)
    for generation, status in sorted(keys.statuses.items()):
        stays = generation in gets
        works_after = stays and gets[generation].status == ACTIVE
        reasons = keys.in_use.get(generation, ())
        if stays and generation in had and gets[generation].identity != had[generation].identity:
            yield (
                generation,
                Risk(
                    f"access-key-{generation}-replaced",
                    f"access key {generation} would be deleted and replaced by another one of the same generation",
                    "keep its logical ID and properties; a new key is a new generation",
                ),
            )
        elif status == ACTIVE and not works_after and new:
            yield (
                generation,
                Risk(
                    f"access-key-{generation}-replaced",
                    f"access key {generation} would stop working in the deploy that makes access key {max(new)},"
                    " which GHES does not have yet",
                    'previous_access_key = "active", until GHES has the new one',
                ),
            )
        elif ((status == ACTIVE and not works_after) or not stays) and reasons:
            yield (
                generation,
                Risk(
                    f"access-key-{generation}-in-use",
                    f"access key {generation} would stop working or be deleted: {'; '.join(reasons)}",
                    "give GHES the other key, and wait until this one is unused",
                ),
            )
        elif status == ACTIVE and not stays and (generation < newest or not gets):
            yield (
                generation,
                Risk(
                    f"access-key-{generation}-deleted",
                    f"access key {generation} is active, and cannot be activated again after its deletion",
                    'previous_access_key = "inactive" first; delete it when nothing uses it',
                ),
            )
    if gets and newest not in new and keys.statuses.get(newest) != ACTIVE:
        yield (
            newest,
            Risk(
                f"access-key-{newest}-dead",
                f"access key {newest} is the one for GHES, and it is not active now",
                "activate it with aws iam update-access-key, or create a new generation",
            ),
        )
    if new and keys.count + len(new) > KEYS_PER_USER:
        yield (
            max(new),
            Risk(
                "access-key-quota",
                f"the user has {keys.count} access keys, and AWS allows {KEYS_PER_USER}: the deploy would fail",
                "finish the current rotation, or delete the stray key, before you create another key",
            ),
        )


def _keys(stack: RenderedStack) -> list[Resource]:
    return stack.of_type("AWS::IAM::AccessKey")


def _by_generation(stack: RenderedStack) -> Mapping[int, _KeyResource]:
    """The access keys of the template by generation; of two that say they are the same, always the same one."""
    found = {}
    for key in sorted(_keys(stack), key=lambda each: each.logical_id):
        if (number := logical_ids.generation(key.logical_id)) is not None:
            properties = dict(key.properties)
            status = properties.pop("Status", ACTIVE)
            found[number] = _KeyResource(status, (key.logical_id, properties))
    return found

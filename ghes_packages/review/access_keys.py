"""The access keys of the user: a risk where a deploy would cut GHES off, or AWS would refuse it half-way."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ghes_packages import logical_ids
from ghes_packages.config.instance import ACTIVE
from ghes_packages.review.change import KEYS, Change, Risk, identifier, shown
from ghes_packages.rotation.steps import KEYS_PER_USER
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendering import rendered

USER = "AWS::IAM::User"


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
    user: object


def changes(before: Stack, after: Stack, user: UserKeys | None = None) -> Iterator[Change]:
    """A row for each risk, and for each key that changes without one.

    `user` is what IAM says of the keys; without it, the user has what the template before says, and uses none of it.
    """
    had, gets = _bygeneration(before), _bygeneration(after)
    keys = user or UserKeys({generation: key.status for generation, key in had.items()}, len(_ids(before)))
    risky = set[int]()
    for generation, risk in _risks(had, gets, keys):
        risky.add(generation)
        yield _row(generation, had, gets, risk)
    for generation in sorted((had.keys() | gets.keys()) - risky):
        if had.get(generation) != gets.get(generation):
            yield _row(generation, had, gets)
    yield from _of_the_newest(
        had, gets, [key.user for key in had.values()] or [{"Ref": each} for each in after.of_type(USER)]
    )
    generations = Counter(map(logical_ids.generation, _ids(after)))
    for logical_id in sorted(_ids(after) - _ids(before)):
        said = logical_ids.generation(logical_id)
        if said is None or generations[said] > 1:
            risk = Risk(
                identifier("access-key-added", logical_id),
                "a key would be made that is no generation of the rotation, or one that there is already",
                "make a new key with: ghes-packages rotate",
            )
            yield Change(KEYS, ((logical_id,),), "status", (), ("made",), risk)


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
                    f"access key {generation} would be replaced by another one of the same generation, and deleted",
                    "leave its logical ID and properties as they are; a new key is a new generation",
                ),
            )
        elif status == ACTIVE and not works_after and new:
            yield (
                generation,
                Risk(
                    f"access-key-{generation}-replaced",
                    f"access key {generation} would stop working in the deploy that makes access key {max(new)},"
                    " which GHES cannot have yet",
                    'previous_access_key = "active", until GHES has the new one',
                ),
            )
        elif ((status == ACTIVE and not works_after) or not stays) and reasons:
            yield (
                generation,
                Risk(
                    f"access-key-{generation}-in-use",
                    f"access key {generation} would stop working or be deleted: {'; '.join(reasons)}",
                    "give GHES the key that stays, and wait until this one is unused",
                ),
            )
        elif status == ACTIVE and not stays and (generation < newest or not gets):
            yield (
                generation,
                Risk(
                    f"access-key-{generation}-deleted",
                    f"access key {generation} is active, and could not be made active again once it is deleted",
                    'previous_access_key = "inactive" first; delete it when nobody misses it',
                ),
            )
    if gets and newest not in new and keys.statuses.get(newest) != ACTIVE:
        yield (
            newest,
            Risk(
                f"access-key-{newest}-dead",
                f"access key {newest} is the one for GHES, and it is not active now",
                "make it active with aws iam update-access-key, or go on with a new generation",
            ),
        )
    if new and keys.count + len(new) > KEYS_PER_USER:
        yield (
            max(new),
            Risk(
                "access-key-quota",
                f"the user has {keys.count} access keys, and AWS allows {KEYS_PER_USER}: the deploy would fail",
                "finish the rotation that is under way, or delete the stray key, before the next new key",
            ),
        )


def _of_the_newest(
    had: Mapping[int, _KeyResource], gets: Mapping[int, _KeyResource], users: Sequence[object]
) -> Iterator[Change]:
    """Risks of the key that GHES is to have: it must work. All must be of the user of those before, or of the stack."""
    newest = max(gets, default=0)
    if newest and gets[newest].status != ACTIVE:
        risk = Risk(
            f"access-key-{newest}-inactive",
            f"access key {newest} is the one for GHES, and it would not work",
            "leave the newest access key active",
        )
        yield _row(newest, had, gets, risk)
    for generation in sorted(gets.keys() - had.keys()):
        if gets[generation].user not in users:
            risk = Risk(
                f"access-key-{generation}-of-another-user",
                f"access key {generation} would not be of the user that GHES signs in as",
                "leave the user as it is",
            )
            user = rendered(gets[generation].user, {})
            yield Change(KEYS, ((str(generation),),), "user", (), shown(user), risk)


def _ids(stack: Stack) -> set[str]:
    return set(stack.of_type("AWS::IAM::AccessKey"))


def _bygeneration(stack: Stack) -> Mapping[int, _KeyResource]:
    """The access keys of the template by generation; of two that say they are the same, always the same one."""
    found = {}
    for logical_id in sorted(_ids(stack)):
        if (number := logical_ids.generation(logical_id)) is not None:
            properties = dict(stack.resources[logical_id].get("Properties", {}))
            status = properties.pop("Status", ACTIVE)
            found[number] = _KeyResource(status, (logical_id, properties), properties.get("UserName"))
    return found

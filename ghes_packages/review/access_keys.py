"""Risks to the access keys: a deploy that would cut GHES off, or that AWS would refuse half-way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ghes_packages.access_keys import AccessKey
from ghes_packages.deployed import ACCESS_KEY
from ghes_packages.instance import ACTIVE
from ghes_packages.review.risk import Risk
from ghes_packages.review.templates import Template
from ghes_packages.rotation import KEYS_PER_USER, in_use


@dataclass(frozen=True)
class _KeyResource:
    """An access key as a template has it; `identity` is all by whose change CloudFormation makes another key."""

    status: str
    identity: object


def risks(
    before: Template, after: Template, keys: Sequence[AccessKey], now: datetime, unused_for: timedelta
) -> Iterator[Risk]:
    """What the deploy would do to keys that work. `keys` are those that the user has now; their status is IAM's."""
    had, gets = _access_keys(before), _access_keys(after)
    of_the_user = {key.generation: key for key in keys if key.generation}
    new = gets.keys() - had.keys()
    for generation, key in sorted(of_the_user.items()):
        stays = generation in gets
        works_after = stays and gets[generation].status == ACTIVE
        if stays and gets[generation].identity != had[generation].identity:
            yield Risk(
                f"access-key-{generation}-replaced",
                f"access key {generation} would be replaced by another one of the same generation, and deleted",
                "leave its logical ID and properties as they are; a new key is a new generation",
            )
        elif key.status == ACTIVE and not works_after and new:
            yield Risk(
                f"access-key-{generation}-replaced",
                f"access key {generation} would stop working in the deploy that makes access key {max(new)},"
                " which GHES cannot have yet",
                'previous_access_key = "active", until GHES has the new one',
            )
        elif (key.status == ACTIVE and not works_after) or not stays:
            if reasons := list(in_use(key, keys, now, unused_for)):
                yield Risk(
                    f"access-key-{generation}-in-use",
                    f"access key {generation} would stop working or be deleted: {'; '.join(reasons)}",
                    "give GHES the key that stays, and wait until this one is unused",
                )
            elif key.status == ACTIVE and not stays and generation < max(gets, default=0):
                yield Risk(
                    f"access-key-{generation}-deleted",
                    f"access key {generation} is active, and could not be made active again once it is deleted",
                    'previous_access_key = "inactive" first; delete it when nobody misses it',
                )
    newest = max(gets, default=0)
    if gets and newest not in new and (newest not in of_the_user or of_the_user[newest].status != ACTIVE):
        yield Risk(
            f"access-key-{newest}-dead",
            f"access key {newest} is the one for GHES, and IAM does not have it as active: somebody changed it by hand",
            "make it active with aws iam update-access-key, or go on with a new generation",
        )
    if new and len(keys) + len(new) > KEYS_PER_USER:
        yield Risk(
            "access-key-quota",
            f"the user has {len(keys)} access keys, and AWS allows {KEYS_PER_USER}: the deploy would fail",
            "finish the rotation that is under way, or delete the stray key, before the next new key",
        )


def _access_keys(template: Template) -> Mapping[int, _KeyResource]:
    """The access keys of the template by generation."""
    found = {}
    for logical_id, resource in template.get("Resources", {}).items():
        if named := ACCESS_KEY.fullmatch(logical_id):
            properties = dict(resource.get("Properties", {}))
            status = properties.pop("Status", ACTIVE)
            found[int(named["generation"])] = _KeyResource(status, (logical_id, properties))
    return found

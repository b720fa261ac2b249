"""Risks to the access keys: a deploy that would cut GHES off, or that AWS would refuse half-way."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ghes_packages.access_keys import AccessKey
from ghes_packages.deployed import ACCESS_KEY
from ghes_packages.instances import ACTIVE
from ghes_packages.review.risk import Risk
from ghes_packages.review.templates import Template
from ghes_packages.rotation import KEYS_PER_USER, used


def risks(
    before: Template, after: Template, keys: Sequence[AccessKey], now: datetime, unused_for: timedelta
) -> Iterator[Risk]:
    """What the deploy would do to keys that work. `keys` are those that the user has now."""
    had, gets = _access_keys(before), _access_keys(after)
    new = gets.keys() - had.keys()
    last_uses = {key.generation: key for key in keys}
    for generation in sorted(had):
        if had[generation] != ACTIVE or gets.get(generation) == ACTIVE:
            continue
        name, key = f"access key {generation}", last_uses.get(generation)
        if new:
            yield Risk(
                f"access-key-{generation}-replaced",
                f"{name} would stop working in the deploy that makes access key {max(new)}, which GHES cannot have yet",
                'previous_access_key = "active", until GHES has the new one',
            )
        elif key and key.used_within(unused_for, now):
            yield Risk(
                f"access-key-{generation}-in-use",
                f"{name} would stop working, and was used {used(key, now)}",
                "give GHES the other key, and wait until this one is unused",
            )
    for generation in sorted(had.keys() - gets.keys()):
        if had[generation] == ACTIVE and not new and generation < max(gets, default=0):
            yield Risk(
                f"access-key-{generation}-deleted",
                f"access key {generation} is active, and could not be made active again once it is deleted",
                'previous_access_key = "inactive" first; delete it when nobody misses it',
            )
    if new and len(keys) + len(new) > KEYS_PER_USER:
        yield Risk(
            "access-key-quota",
            f"the user has {len(keys)} access keys, and AWS allows {KEYS_PER_USER}: the deploy would fail",
            "finish the rotation that is under way, or delete the stray key, before the next new key",
        )


def _access_keys(template: Template) -> Mapping[int, str]:
    """IAM's status of each access key of the template, by generation."""
    return {
        int(found["generation"]): resource.get("Properties", {}).get("Status", ACTIVE)
        for logical_id, resource in template.get("Resources", {}).items()
        if (found := ACCESS_KEY.fullmatch(logical_id))
    }

"""Who may do what, before and after: a risk where anyone gains access, or where a denial goes or is narrowed."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ghes_packages.review.assembly import Stack
from ghes_packages.review.change import ACCESS, Cell, Change, Risk, identifier
from ghes_packages.review.coverage import covers
from ghes_packages.review.grants import Grant, grants
from ghes_packages.review.intrinsics import names

EFFECTS = {"Allow": "allowed", "Deny": "denied"}


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each principal, and all actions that change in the same way."""
    called = names(before.template, after.template)
    had, gets = grants(before.resources, called), grants(after.resources, called)
    gone = tuple(
        f"${{{called[each]}{end}" for each in before.resources.keys() - after.resources.keys() for end in (".", "}")
    )
    risky = {
        *(each for each in gets - had if each.effect == "Allow" and not any(covers(old, each) for old in had)),
        *(
            each
            for each in had - gets
            # What is denied on a resource that goes, `resources` reports with the resource.
            if each.effect == "Deny"
            and not each.resource.startswith(gone)
            and not any(covers(new, each) for new in gets)
        ),
    }
    rows: dict[tuple[str, str, Cell, Cell, bool], list[str]] = defaultdict(list)
    for who, effect, action in sorted({(each.who, each.effect, each.action) for each in had ^ gets}):
        was, becomes = (
            [each for each in some if (each.who, each.effect, each.action) == (who, effect, action)]
            for some in (had - gets, gets - had)
        )
        rows[who, effect, _where(was), _where(becomes), not risky.isdisjoint([*was, *becomes])].append(action)
    for (who, effect, was_on, is_on, risk), actions in rows.items():
        yield Change(
            ACCESS,
            ((who,), tuple(actions)),
            EFFECTS[effect],
            was_on,
            is_on,
            _risk(who, effect, actions, was_on, is_on) if risk else None,
        )


def _where(some: list[Grant]) -> Cell:
    """On which resources, those that are under the same conditions together."""
    resources: dict[str, set[str]] = defaultdict(set)
    for each in some:
        resources[" and ".join(str(condition) for condition in sorted(each.conditions))].add(each.resource)
    return tuple(
        ", ".join(sorted(on)) + (f" if {conditions}" if conditions else "")
        for conditions, on in sorted(resources.items())
    )


def _risk(who: str, effect: str, actions: list[str], before: Cell, after: Cell) -> Risk:
    # Whoever accepts this accepts no other access of the same principal: the ID says what it is about.
    exactly = hashlib.sha256(repr((who, effect, actions, before, after)).encode()).hexdigest()[:8]
    if effect == "Deny":
        return Risk(
            identifier("access-denial", who, exactly),
            "what was denied would be denied no more, or not in all cases",
            "leave the denial as it is",
        )
    return Risk(
        identifier("access-gained", who, exactly),
        "somebody gains access",
        "grant nobody more than there was; where an option brings it, accept just this",
    )


def granted(stack: Stack) -> Iterator[Change]:
    """Who may do what in a new stack: no row of it is a risk."""
    return (replace(change, risk=None) for change in changes(Stack(), stack))

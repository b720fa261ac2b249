"""Who may do what, before and after: a risk where anyone gains it, GHES loses it, a denial goes or comes."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator

from ghes_packages.review import expected_access
from ghes_packages.review.change import ACCESS, Cell, Change, Risk, identifier
from ghes_packages.template.assembly import Stack
from ghes_packages.template.grant_matching import covers
from ghes_packages.template.grants import Grant, grants, own_name
from ghes_packages.template.rendering import names

USER = "AWS::IAM::User"
EFFECTS = {"Allow": "allowed", "Deny": "denied"}
# Why a grant that comes or goes is a risk, and what to do instead; what hurts most comes first.
RISKS = {
    "access-gained": (
        "somebody gains access",
        "grant nobody more than there was; where an option brings it, accept just this",
    ),
    "access-denial": ("what was denied would be denied no more, or not in all cases", "leave the denial as it is"),
    "access-locked-out": (
        "the denial locks out GHES, or whoever else is to have access",
        "deny nothing but what is not TLS, and what is not from allowed_cidrs or through allowed_vpc_endpoints",
    ),
    "access-lost": ("GHES would lack it", "leave the user its seven actions"),
}


def changes(before: Stack, after: Stack, expected: Callable[[Grant], bool] = lambda _: False) -> Iterator[Change]:
    """A row for each principal, and all actions that change in the same way. No gain that is `expected` is a risk."""
    called = names(before.template, after.template)
    had, gets = grants(before.resources, called), grants(after.resources, called)
    gone = tuple(
        f"${{{called[each]}{end}" for each in before.resources.keys() - after.resources.keys() for end in (".", "}")
    )
    users = {own_name(each, called) for each in before.of_type(USER) if each in after.resources}
    risky: dict[Grant, str] = {}
    for each in gets - had:
        if not any(covers(old, each) for old in had):
            if each.effect == "Allow" and not expected(each):
                risky[each] = "access-gained"
            if each.effect == "Deny" and not expected_access.denial(each):
                risky[each] = "access-locked-out"
    for each in had - gets:
        # What is said of a resource that goes, `resources` reports with the resource.
        if not each.resource.startswith(gone) and not any(covers(new, each) for new in gets):
            if each.effect == "Deny":
                risky[each] = "access-denial"
            elif each.who in users and each.action in expected_access.ACTIONS:
                risky[each] = "access-lost"
    rows: dict[tuple[str, str, Cell, Cell, str], list[str]] = defaultdict(list)
    for who, effect, action in sorted({(each.who, each.effect, each.action) for each in had ^ gets}):
        was, becomes = (
            [each for each in some if (each.who, each.effect, each.action) == (who, effect, action)]
            for some in (had - gets, gets - had)
        )
        found = {risky[each] for each in (*was, *becomes) if each in risky}
        risk = next((kind for kind in RISKS if kind in found), "")
        rows[who, effect, _where(was), _where(becomes), risk].append(action)
    for (who, effect, was_on, is_on, risk), actions in rows.items():
        yield Change(
            ACCESS,
            ((who,), tuple(actions)),
            EFFECTS[effect],
            was_on,
            is_on,
            _risk(risk, who, effect, actions, was_on, is_on) if risk else None,
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


def _risk(kind: str, who: str, effect: str, actions: list[str], before: Cell, after: Cell) -> Risk:
    # Whoever accepts this accepts no other access of the same principal: the ID says what it is about.
    exactly = hashlib.sha256(repr((who, effect, actions, before, after)).encode()).hexdigest()[:8]
    why, instead = RISKS[kind]
    return Risk(identifier(kind, who, exactly), why, instead)

"""Who may do what, before and after: a risk where anyone gains it, GHES loses it, or a denial goes."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator

from ghes_packages.policies.permissions import PERMISSIONS
from ghes_packages.review.change import Cell, Change, Risk, Topic, identifier
from ghes_packages.template.grant_matching import covers
from ghes_packages.template.grants import Grant
from ghes_packages.template.rendered import RenderedStack

ACTIONS = {permission.action for permission in PERMISSIONS}
EFFECTS = {"Allow": "allowed", "Deny": "denied"}
# Why a grant that comes or goes is a risk, and what to do instead; what hurts most comes first.
RISKS = {
    "access-gained": (
        "somebody gains access",
        "grant no new access; if an option needs this access, accept just this ID",
    ),
    "access-denial": ("denied requests would be allowed, at least in some cases", "keep the denial"),
    "access-lost": ("GHES needs it", "keep the seven actions of the user"),
}


def of_a_new_stack(nothing: RenderedStack, after: RenderedStack) -> Iterator[Change]:
    """A row for all access. The guardrails say what it may be; but what a bucket holds already, somebody new reads."""
    existing = () if after.packages_bucket else after.packages_arns
    return changes(nothing, after, lambda grant: grant.resource.removesuffix("/*") in existing)


def changes(
    before: RenderedStack, after: RenderedStack, matters: Callable[[Grant], bool] = lambda _: True
) -> Iterator[Change]:
    """A row for each principal, and all actions that change in the same way. Only a gain that `matters` is a risk."""
    had, gets = before.grants, after.grants
    gone = tuple(
        f"${{{before.resources[each].name}{end}"
        for each in before.resources.keys() - after.resources.keys()
        for end in (".", "}")
    )
    users = {each.ref for each in before.of_type("AWS::IAM::User") if each.logical_id in after.resources}
    risky: dict[Grant, str] = {}
    for each in gets - had:
        if each.effect == "Allow" and matters(each) and not any(covers(old, each) for old in had):
            risky[each] = "access-gained"
    for each in had - gets:
        # What is said of a resource that goes, `resources` reports with the resource.
        if not each.resource.startswith(gone) and not any(covers(new, each) for new in gets):
            if each.effect == "Deny":
                risky[each] = "access-denial"
            elif each.who in users and each.action in ACTIONS:
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
            Topic.ACCESS,
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

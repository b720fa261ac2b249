"""The stack itself: where it goes, its termination protection, its tags, and what its template is made with."""

from collections.abc import Iterator
from typing import Any

from ghes_packages.review.assembly import Stack
from ghes_packages.review.change import STACK, TAGS, Change, Risk, identifier
from ghes_packages.review.intrinsics import folded, referred, shown

# They can give every value and every resource another meaning, and CDK needs none of them for this project.
SECTIONS = ("Transform", "Conditions", "Mappings", "Parameters")


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each of them that changes."""
    if before.environment != after.environment:
        risk = Risk(
            "stack-moved",
            "a new stack would be made there; the one that is deployed stays where it is, and nothing manages it",
            "leave account and region; another place is another instance",
        )
        # Where one is not known, nobody can tell whether they differ.
        known = before.environment and after.environment
        yield _row("account and region", before.environment, after.environment, risk if known else None)
    if before.termination_protection != after.termination_protection:
        risk = Risk("termination-protection-off", "anyone who may delete the stack could, in one step", "leave it on")
        words = {True: "on", False: "off"}
        yield _row(
            "termination protection",
            words[before.termination_protection],
            words[after.termination_protection],
            None if after.termination_protection else risk,
        )
    for section in SECTIONS:
        was, becomes = (folded(_section(stack, section), {}) for stack in (before, after))
        if was != becomes:
            risk = Risk(
                identifier("template", section),
                "this review cannot tell what that makes of the rest of the template",
                "write out what the template is to say",
            )
            yield _row(f"{section} of the template", was, becomes, risk)
    if before.tags != after.tags:
        was_tags, is_tags = (
            tuple(f"{key}={value}" for key, value in sorted(each.tags.items())) for each in (before, after)
        )
        yield Change(TAGS, (("the stack",),), "tags", was_tags, is_tags)


def _section(stack: Stack, section: str) -> Any:
    found = stack.template.get(section)
    if section != "Parameters" or found is None:
        return found
    # CDK's BootstrapVersion is for a rule of the template; nothing else reads it.
    used = set(referred([stack.template.get(part) for part in ("Resources", "Outputs", "Conditions")]))
    return {name: each for name, each in found.items() if name in used} or None


def _row(what: str, before: object, after: object, risk: Risk | None) -> Change:
    return Change(STACK, (("the stack",),), what, shown(before), shown(after), risk)

"""The stack itself: where it goes and how, its termination protection, its tags, and what its template is made with."""

from collections.abc import Iterator
from typing import Any

from ghes_packages.review.change import STACK, TAGS, Change, Risk, identifier, shown
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendering import referred, rendered

# What other modules read, and what gives no value and no resource another meaning. CDK's rule asks for a bootstrap
# stack. This project needs no other section.
SECTIONS = {"AWSTemplateFormatVersion", "Description", "Metadata", "Outputs", "Resources", "Rules"}


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each of them that changes."""
    if before.environment != after.environment:
        risk = Risk(
            "stack-moved",
            "a new stack would be made there; the one that is deployed stays where it is, and nothing manages it",
            "leave account and region; another place is another instance",
        )
        # Where one is not known, nobody can tell whether they differ.
        moved = any(
            before.place[each] and place not in (None, before.place[each]) for each, place in after.place.items()
        )
        yield _row("account and region", before.environment, after.environment, risk if moved else None)
    for name in sorted(before.deployment.keys() | after.deployment.keys()):
        was, becomes = (each.deployment.get(name) for each in (before, after))
        if was != becomes:
            risk = Risk(
                identifier("deployment", name),
                "another role could deploy it, from another place, after other stacks, or somebody else could be told",
                "leave to CDK how the stack is deployed",
            )
            # The name is a subject, because somebody else may have written it: nothing in it leaves its cell.
            subject = ((f"{name} of its deployment",),)
            yield Change(STACK, subject, "changed", shown(was), shown(becomes), risk)
    if before.termination_protection != after.termination_protection:
        risk = Risk("termination-protection-off", "anyone who may delete the stack could, in one step", "leave it on")
        words = {True: "on", False: "off"}
        yield _row(
            "termination protection",
            words[before.termination_protection],
            words[after.termination_protection],
            None if after.termination_protection else risk,
        )
    for section in sorted((before.template.keys() | after.template.keys()) - SECTIONS):
        was, becomes = (rendered(_section(stack, section), {}) for stack in (before, after))
        if was != becomes:
            risk = Risk(
                identifier("template", section),
                "this review cannot tell what that makes of the rest of the template",
                "write out what the template is to say",
            )
            yield Change(STACK, ((f"{section} of the template",),), "section", shown(was), shown(becomes), risk)
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
    used = set(referred([stack.template.get(part) for part in stack.template if part not in ("Parameters", "Rules")]))
    return {name: each for name, each in found.items() if name in used} or None


def _row(what: str, before: object, after: object, risk: Risk | None) -> Change:
    return Change(STACK, (("the stack",),), what, shown(before), shown(after), risk)

"""The stack itself: where it goes and how, its termination protection, and its tags."""

from collections.abc import Iterator

from ghes_packages.review.change import Change, Risk, Topic, identifier, shown
from ghes_packages.template.assembly import Stack

# What CDK's bootstrap lends whoever deploys; an execution role can also be the instance's. Where it goes, whoever
# deploys has less, and where it comes, it can be somebody else's.
LENT = {"assumeRoleArn", "cloudFormationExecutionRoleArn", "lookupRole", "stackTemplateAssetObjectUrl"}


MOVED = Risk(
    "stack-moved",
    "a new stack would be created there; the deployed one stays, but nothing manages it",
    "keep account and region; use another instance for another place",
)
UNPROTECTED = Risk(
    "termination-protection-off", "anybody with permission could delete the stack in one step", "leave it on"
)


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each of them that changes."""
    if before.environment != after.environment:
        places = (each.place.values() for each in (before, after))
        # Where one is not known, nobody can tell whether they differ.
        moved = any(was and becomes not in (None, was) for was, becomes in zip(*places, strict=True))
        yield _row("account and region", before.environment, after.environment, MOVED if moved else None)
    for name in sorted(before.deployment.keys() | after.deployment.keys()):
        was, becomes = (each.deployment.get(name) for each in (before, after))
        if was != becomes:
            goes = name in LENT and not becomes
            risk = Risk(
                identifier("deployment", name),
                "another role could deploy it, from another template, after other stacks, or other targets could be"
                " notified",
                "let CDK decide how the stack is deployed",
            )
            # The name is a subject, because somebody else may have written it: nothing in it leaves its cell.
            subject = ((f"{name} of its deployment",),)
            yield Change(Topic.STACK, subject, "changed", shown(was), shown(becomes), None if goes else risk)
    if before.termination_protection != after.termination_protection:
        on = after.termination_protection
        values = ("off", "on") if on else ("on", "off")
        yield _row("termination protection", *values, None if on else UNPROTECTED)
    if before.tags != after.tags:
        had, gets = (tuple(f"{key}={each.tags[key]}" for key in sorted(each.tags)) for each in (before, after))
        yield Change(Topic.TAGS, (("the stack",),), "tags", had, gets)


def _row(what: str, before: object, after: object, risk: Risk | None) -> Change:
    return Change(Topic.STACK, (("the stack",),), what, shown(before), shown(after), risk)

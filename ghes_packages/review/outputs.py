"""The outputs of the stack, which later steps consume: a risk where one goes, or would say something else."""

from collections.abc import Iterator
from typing import Any

from ghes_packages.outputs import Outputs
from ghes_packages.review.change import Cell, Change, Risk, Topic, identifier, shown
from ghes_packages.template.rendered import RenderedStack
from ghes_packages.template.rendering import at

# The first two follow the rotation of the access key; the second comes and goes with it.
NEWEST, PREVIOUS, BUCKET = (
    str(Outputs.model_fields[name].alias) for name in ("access_key", "previous_access_key", "bucket")
)


def of_an_existing_bucket(after: RenderedStack) -> Iterator[Change]:
    """A row where a new stack tells GHES to use a bucket that it does not make."""
    if after.user and not after.packages_bucket:
        risk = Risk(
            identifier("output-elsewhere", BUCKET),
            "GHES would store packages outside this stack, without its promises",
            "do not change the output; with an existing bucket, check the promises of that bucket",
        )
        yield Change(Topic.OUTPUTS, ((BUCKET,),), "added", (), shown(after.output(BUCKET)), risk)


def changes(before: RenderedStack, after: RenderedStack) -> Iterator[Change]:
    """A row for each output that comes, goes or changes; its description is for people and may change."""
    had, gets = before.outputs, after.outputs
    for key in sorted(had.keys() | gets.keys()):
        was, becomes = (_consumed(some.get(key)) for some in (had, gets))
        if key not in had:
            yield Change(Topic.OUTPUTS, ((key,),), "added", was, becomes)
        elif key not in gets:
            risk = Risk(
                identifier("output-removed", key),
                "users of the output would fail",
                "keep it; this project promises its name",
            )
            yield Change(Topic.OUTPUTS, ((key,),), "removed", was, becomes, None if key == PREVIOUS else risk)
        elif was != becomes:
            risk = Risk(
                identifier("output-changed", key),
                "users of the output would get another value",
                "keep its value; if the change is intended, announce it to the users of the output",
            )
            made = after.named(after.output(key))
            rotates = key in (NEWEST, PREVIOUS) and made is not None and made.type == "AWS::IAM::AccessKey"
            yield Change(Topic.OUTPUTS, ((key,),), "changed", was, becomes, None if rotates else risk)


def _consumed(output: Any) -> Cell:
    """The value; what else of an output other stacks depend on, after it."""
    value = at(output, "Value")
    rest = {key: output[key] for key in ("Condition", "Export") if output and key in output}
    return shown(value) + (shown(rest) if rest else ())

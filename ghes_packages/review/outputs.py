"""The outputs of the stack, which later steps consume: a risk where one goes, or would say something else."""

from collections.abc import Iterator
from typing import Any

from ghes_packages.outputs import Outputs
from ghes_packages.review.change import OUTPUTS, Cell, Change, Risk, identifier, shown
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendering import at, names, rendered

# These follow the rotation of the access key; the second comes and goes with it.
NEWEST, PREVIOUS = (str(Outputs.model_fields[name].alias) for name in ("access_key", "previous_access_key"))


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each output that comes, goes or changes; its description is for people and may change."""
    called = names(before.template, after.template)
    had, gets = before.template.get("Outputs", {}), after.template.get("Outputs", {})
    for key in sorted(had.keys() | gets.keys()):
        was, becomes = (_consumed(rendered(some.get(key), called)) for some in (had, gets))
        if key not in had:
            yield Change(OUTPUTS, ((key,),), "added", was, becomes)
        elif key not in gets:
            risk = Risk(
                identifier("output-removed", key),
                "what consumes the output would fail",
                "keep it; its name is part of what this project promises",
            )
            yield Change(OUTPUTS, ((key,),), "removed", was, becomes, None if key == PREVIOUS else risk)
        elif was != becomes:
            risk = Risk(
                identifier("output-changed", key),
                "what consumes the output would get something else",
                "leave what it points at; announce a change that is meant to whoever consumes it",
            )
            rotates = key in (NEWEST, PREVIOUS) and _is_access_key(gets[key], after)
            yield Change(OUTPUTS, ((key,),), "changed", was, becomes, None if rotates else risk)


def _consumed(output: Any) -> Cell:
    """The value; what else of an output other stacks depend on, after it."""
    value = at(output, "Value")
    rest = {key: output[key] for key in ("Condition", "Export") if isinstance(output, dict) and key in output}
    return shown(value) + (shown(rest) if rest else ())


def _is_access_key(output: Any, stack: Stack) -> bool:
    match at(output, "Value"):
        case {"Ref": str(logical_id)}:
            return bool(at(stack.resources, logical_id, "Type") == "AWS::IAM::AccessKey")
    return False

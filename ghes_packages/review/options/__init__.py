"""The options of an instance that a change sets otherwise, as two templates show them.

A template has no copy of the options: their values are read from what they make of it. An option is a heading for the
risks that it brings. It takes no risk away: each stays a row of its own, with its own ID.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ghes_packages.config.instance import Instance
from ghes_packages.review.access import EFFECTS
from ghes_packages.review.change import Cell, Change, Topic
from ghes_packages.review.options.brought import GRANTS, RISKS
from ghes_packages.review.options.consequences import CONSEQUENCES, consequence
from ghes_packages.template.options import options_of, place_of
from ghes_packages.template.rendered import RenderedStack

# What is the same as an option that is left out.
NOTHING: tuple[Any, ...] = (None, (), {})


@dataclass(frozen=True)
class OptionChange:
    """An option, its value before and after, what the change of it does, and the rows that are risks of it.

    Two that differ in their rows only are the same change, of two instances.
    """

    option: str
    before: Cell
    after: Cell
    consequence: str
    brings: tuple[Change, ...] = field(compare=False)


def changed(before: RenderedStack, after: RenderedStack, rows: Collection[Change]) -> tuple[OptionChange, ...]:
    """The options that the templates show with other values; a row is of one of them at most.

    None where the values are such that `instances.toml` would not take them: then something else made the change.
    """
    was, becomes = ({**place_of(stack), **options_of(stack)} for stack in (before, after))
    if not (_can_be_configured(was) and _can_be_configured(becomes)):
        return ()
    left = [row for row in rows if row.risk]
    found = []
    for option in CONSEQUENCES:
        if option in was.keys() & becomes.keys() and _cell(was[option]) != _cell(becomes[option]):
            brings = _brings(option, before, after, left)
            left = [row for row in left if row not in brings]
            told = consequence(option, was[option], becomes[option], after)
            found.append(OptionChange(option, _cell(was[option]), _cell(becomes[option]), told, tuple(brings)))
    return tuple(found)


def _can_be_configured(shown: Mapping[str, Any]) -> bool:
    """Whether `instances.toml` takes these values together: if not, no option made them."""
    try:
        Instance.model_validate({"name": "x", **{key: each for key, each in shown.items() if each not in NOTHING}})
    except ValidationError:
        return False
    return True


def _brings(option: str, before: RenderedStack, after: RenderedStack, rows: Iterable[Change]) -> list[Change]:
    """The rows of which all follows from the value of the option. No option takes anything from GHES."""
    ids = {*RISKS[option](before, after)} if option in RISKS else set()
    granted = {*GRANTS[option](before), *GRANTS[option](after)} if option in GRANTS else set()
    differs = before.grants ^ after.grants
    brings = []
    for row in rows:
        if row.risk and row.topic is Topic.ACCESS and not row.risk.id.startswith("access-lost-"):
            [[who], actions] = row.subject
            about = {
                each
                for each in differs
                if (each.who, EFFECTS[each.effect]) == (who, row.what) and each.action in actions
            }
            if about and about <= granted:
                brings.append(row)
        elif row.risk and row.risk.id in ids:
            brings.append(row)
    return brings


def _cell(value: Any) -> Cell:
    """A value of `instances.toml` as text; nothing where it is not set."""
    match value:
        case None:
            return ()
        case dict():
            return tuple(f"{key}={each}" for key, each in sorted(value.items()))
        case tuple():
            return tuple(sorted(map(str, value)))
    return (str(value),)

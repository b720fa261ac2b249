"""The outcome of a review: every instance with what happens to it, the risks, and which of them somebody accepted."""

import json
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ghes_packages.errors import ConfigurationError
from ghes_packages.printable import one_line
from ghes_packages.review.change import Cell, Change, Risk
from ghes_packages.review.options import OptionChange
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendering import in_words

# Of a terminal; what is longer and has no blank, such as an ID, stays whole.
COLUMNS = 80
BY_NO_OPTION = "explained by no option"


class State(StrEnum):
    """What happens to an instance."""

    REMOVED = "removed"
    CHANGED = "changed"
    NEW = "new"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Reviewed:
    """One instance. `prefix` stands before the IDs of its risks; `stack` is what it will be, if it is new.

    `options` are those that the change sets otherwise.
    """

    name: str
    state: State
    changes: tuple[Change, ...] = ()
    prefix: str = ""
    stack: Stack | None = None
    options: tuple[OptionChange, ...] = ()

    def made_by(self, change: Change) -> OptionChange | None:
        """The option that brings a row."""
        return next((option for option in self.options if change in option.brings), None)


@dataclass(frozen=True)
class Named:
    """A risk under the ID that `--accept` takes, the row that it comes from, and the option that brings it."""

    id: str
    instance: str
    risk: Risk
    change: Change
    option: OptionChange | None
    accepted: bool


@dataclass(frozen=True)
class Report:
    """All instances of a review, and the IDs of the accepted risks."""

    instances: tuple[Reviewed, ...]
    accepted: frozenset[str] = frozenset()

    def accepting(self, ids: Collection[str]) -> Self:
        """The same with those risks accepted. Raises ConfigurationError for an ID that is no risk of this change."""
        known = [risk.id for risk in self.risks]
        if unknown := set(ids) - set(known):
            raise ConfigurationError(
                one_line(f"--accept {min(unknown)}: this change has no such risk; it has: {', '.join(known) or 'none'}")
            )
        return type(self)(self.instances, frozenset(ids))

    @property
    def risks(self) -> list[Named]:
        """The risks of all instances; what hurts most comes first in each."""
        return [
            Named(
                instance.prefix + change.risk.id,
                instance.name,
                change.risk,
                change,
                instance.made_by(change),
                instance.prefix + change.risk.id in self.accepted,
            )
            for instance in self.instances
            for change in instance.changes
            if change.risk
        ]

    @property
    def refused(self) -> int:
        """How many risks nobody accepted."""
        return sum(not risk.accepted for risk in self.risks)

    @property
    def exit_status(self) -> int:
        """0 if every risk is accepted or there is none, else 1."""
        return 1 if self.refused else 0

    def as_text(self, otherwise: str, deploy: str) -> str:
        """Each option with the risks that it brings, the other risks, and how `deploy` takes those that are refused.

        Where there is no risk, `otherwise` says so.
        """
        risks = self.risks
        lines = [line for instance in self.instances for line in _of_instance(instance, risks)]
        if not risks:
            lines.append(otherwise)
        if refused := [each.id for each in risks if not each.accepted]:
            lines.append(f'Read each; to accept all of them: {deploy} ACCEPT="{" ".join(refused)}"')
        return "\n".join(lines)

    def as_json(self) -> str:
        """All of it for machines; values are as the templates have them."""
        document = {
            "exit_status": self.exit_status,
            "risks": [
                {
                    "id": each.id,
                    "instance": each.instance,
                    "why": each.risk.why,
                    "instead": each.risk.instead,
                    "accepted": each.accepted,
                    "option": each.option and each.option.option,
                    **_values(each.change),
                }
                for each in self.risks
            ],
            "instances": [
                {
                    "instance": instance.name,
                    "state": instance.state,
                    "options": [
                        {
                            "option": each.option,
                            "before": each.before,
                            "after": each.after,
                            "consequence": each.consequence,
                            "risks": [instance.prefix + row.risk.id for row in each.brings if row.risk],
                        }
                        for each in instance.options
                    ],
                    "changes": [
                        {
                            "topic": change.topic.title,
                            **_values(change),
                            "risk": change.risk and instance.prefix + change.risk.id,
                        }
                        for change in instance.changes
                    ],
                }
                for instance in self.instances
            ],
        }
        return json.dumps(document, indent=2)


def first_time(text: str, said: set[str]) -> list[str]:
    """The text, unless it was said before; from now on it was."""
    new = {text} - said
    said |= new
    return list(new)


def _values(change: Change) -> dict[str, Any]:
    return {"subject": change.subject, "what": change.what, "before": change.before, "after": change.after}


def _of_instance(instance: Reviewed, risks: Sequence[Named]) -> Iterator[str]:
    of_instance = [each for each in risks if each.instance == instance.name]
    said = set[str]()
    for option in instance.options:
        yield one_line(f"{instance.name}: {option.option}: {_words(option.before)} -> {_words(option.after)}")
        yield from map(_wrapped, first_time(option.consequence, said))
        yield from _lines([each for each in of_instance if each.option is option])
    others = [each for each in of_instance if each.option is None]
    if others and instance.options:
        yield f"{instance.name}: {BY_NO_OPTION}:"
    yield from _lines(others)


def _lines(risks: Sequence[Named]) -> Iterator[str]:
    """Each risk; what is said of several is said of the first."""
    said = set[str]()
    for each in risks:
        change = each.change
        yield one_line(f"{each.instance}: {'accepted' if each.accepted else 'REFUSED'} {each.id}: {change.what}")
        values = f": {_words(change.before)} -> {_words(change.after)}" if change.before or change.after else ""
        yield _wrapped(f"{'; '.join(map(_words, change.subject))}{values}")
        advice = each.risk.why if each.option else f"{each.risk.why}; instead: {each.risk.instead}"
        yield from map(_wrapped, first_time(advice, said))


def _words(cell: Cell) -> str:
    return in_words(", ".join(cell)) or "nothing"


def _wrapped(text: str) -> str:
    return textwrap.fill(
        one_line(text),
        COLUMNS,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )

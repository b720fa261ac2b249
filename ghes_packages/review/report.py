"""The outcome of a review: every instance with what happens to it, the risks, and which of them somebody accepted."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ghes_packages.errors import ConfigurationError
from ghes_packages.printable import one_line
from ghes_packages.review.change import Change, Risk
from ghes_packages.template.assembly import Stack


class State(StrEnum):
    """What happens to an instance."""

    REMOVED = "removed"
    CHANGED = "changed"
    NEW = "new"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Reviewed:
    """One instance. `prefix` stands before the IDs of its risks; `stack` is what it will be, if it is new."""

    name: str
    state: State
    changes: tuple[Change, ...] = ()
    prefix: str = ""
    stack: Stack | None = None


@dataclass(frozen=True)
class Named:
    """A risk under the ID that `--accept` takes, and the row that it comes from."""

    id: str
    instance: str
    risk: Risk
    change: Change
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
        """A line for each risk, and how `deploy` takes those that are refused; where there is none, `otherwise`."""
        lines = [_line(each) for each in self.risks]
        if refused := [each.id for each in self.risks if not each.accepted]:
            lines.append(f'Read each; if all of them are meant: {deploy} ACCEPT="{" ".join(refused)}"')
        return "\n".join(lines) or otherwise

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
                    **_values(each.change),
                }
                for each in self.risks
            ],
            "instances": [
                {
                    "instance": instance.name,
                    "state": instance.state,
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


def _values(change: Change) -> dict[str, Any]:
    return {"subject": change.subject, "what": change.what, "before": change.before, "after": change.after}


def _line(each: Named) -> str:
    values = " -> ".join(", ".join(cell) or "nothing" for cell in (each.change.before, each.change.after))
    return one_line(
        f"{each.instance}: {'accepted' if each.accepted else 'REFUSED'} {each.id}: {each.risk.why}"
        f"{f' ({values})' if each.change.before or each.change.after else ''}; instead: {each.risk.instead}"
    )

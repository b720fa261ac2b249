"""A risk of a change, and the review that lists all of them."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Risk:
    """Something that the change would do. `id` is how it is accepted; `why` says what hurts, `instead` the safe way."""

    id: str
    why: str
    instead: str


@dataclass(frozen=True)
class Review:
    """The risks of a change to one instance, and the IDs of those that somebody accepted."""

    instance: str
    risks: tuple[Risk, ...]
    accepted: frozenset[str] = frozenset()
    note: str = "this deploy cuts off no access key"

    @property
    def exit_status(self) -> int:
        """0 if every risk is accepted or there is none, else 1."""
        return 1 if any(risk.id not in self.accepted for risk in self.risks) else 0

    def as_text(self) -> str:
        """A line for each risk."""
        lines = [
            f"{self.instance}: {'accepted' if risk.id in self.accepted else 'REFUSED'} {risk.id}: {risk.why};"
            f" instead: {risk.instead}"
            for risk in self.risks
        ]
        return "\n".join(lines) or f"{self.instance}: {self.note}"

    def as_json(self) -> str:
        """The same for machines."""
        risks = [
            {"id": risk.id, "why": risk.why, "instead": risk.instead, "accepted": risk.id in self.accepted}
            for risk in self.risks
        ]
        return json.dumps({"instance": self.instance, "risks": risks}, indent=2)

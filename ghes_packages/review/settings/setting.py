"""What `review` knows of one setting: where it stands, which change of it weakens a promise, and what that hurts."""

from dataclasses import dataclass
from typing import Any

from ghes_packages.review.change import Topic
from ghes_packages.review.intrinsics import at
from ghes_packages.review.settings.reading import Read, as_it_stands
from ghes_packages.review.settings.weakening import Weakens


@dataclass(frozen=True)
class Setting:
    """One setting of one type of resource, or of every type where `of` is None.

    `path` leads to it from the resource's properties, or from the resource itself where it is an `attribute` of it.
    `why` says what a weaker value hurts. What must be `of_the_account` of the stack is an ARN of no other, if one.
    """

    topic: Topic
    of: str | None
    path: tuple[str, ...]
    title: str
    weakens: Weakens
    why: str = ""
    read: Read = as_it_stands
    attribute: bool = False
    of_the_account: bool = False

    def value(self, resource: Any) -> Any:
        """The value in a resource that `intrinsics` folded; None where nothing is set."""
        return self.read(at(resource if self.attribute else at(resource, "Properties"), *self.path))

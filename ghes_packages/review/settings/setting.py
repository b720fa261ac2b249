"""What `review` knows of one setting: where it stands, which change of it weakens a promise, and what that hurts."""

from dataclasses import dataclass
from typing import Any

from ghes_packages.review.change import Topic
from ghes_packages.review.settings.reading import Read, as_it_stands
from ghes_packages.review.settings.weakening import Refuses, Weakens, nothing
from ghes_packages.template.rendering import at


@dataclass(frozen=True)
class Setting:
    """One setting of one type of resource, or of every type where `of` is None.

    `path` leads to it from the resource's properties, or from the resource itself where it is an `attribute` of it.
    `why` says what a weaker value hurts. What must be `of_the_account` of the stack is an ARN of no other, and no
    value of which nobody knows whose it is; what must be `of_the_stack` refers to what the stack has.
    Which values no new resource may have, `when_new` says; where `of_packages`, none but the bucket with the packages,
    and of the types `new_of`, where they are not all that it is `of`.
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
    of_the_stack: bool = False
    when_new: Refuses = nothing
    new_of: frozenset[str] = frozenset()
    of_packages: bool = False

    @property
    def when_new_of(self) -> frozenset[str]:
        """The types of resources in which a new stack may not have the values."""
        return self.new_of or frozenset({self.of} if self.of else ())

    def value(self, resource: Any) -> Any:
        """The value in a resource that `rendering` rendered; None where nothing is set."""
        return self.read(at(resource if self.attribute else at(resource, "Properties"), *self.path))

"""A template, rendered once: its resources, outputs and policy statements, with every intrinsic function as text.

The text is as `rendering` writes it, with whole logical IDs: `${PackagesBucket3210E67E.Arn}/*`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ghes_packages.policies.document import Statement, statement
from ghes_packages.template.rendering import at, rendered

# What a statement is that cannot be read, such as one that an intrinsic function makes: it equals no other.
UNREADABLE = Statement("unreadable", frozenset(), frozenset(), frozenset(), frozenset())


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource. `attributes` are what stands beside its properties, such as `DeletionPolicy`."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]

    @property
    def ref(self) -> str:
        """What a `Ref` to it is rendered as."""
        return f"${{{self.logical_id}}}"

    @property
    def arn(self) -> str:
        """What an `Fn::GetAtt` of its ARN is rendered as."""
        return f"${{{self.logical_id}.Arn}}"

    def at(self, *path: str) -> Any:
        """What stands at the path below its properties; None for nothing, the text of a function that hides it."""
        return at(self.properties, *path)

    def each(self, *path: str) -> list[tuple[str, Any]]:
        """Every value of the list at the path, or the one value there, with the path of it below the resource."""
        value, whole = self.at(*path), ".".join(("Properties", *path))
        if isinstance(value, list):
            return [(f"{whole}.{number}", each) for number, each in enumerate(value)]
        return [] if value is None else [(whole, value)]

    def statements(self, document: str) -> list[tuple[str, Statement]]:
        """The statements of the policy document in that property, each with its path below the resource."""
        return [(path, _read(element)) for path, element in self.each(document, "Statement")]


@dataclass(frozen=True, eq=False)
class RenderedStack:
    """The template of a stack, and the account and region that it goes to, as far as they are known."""

    template: Mapping[str, Any]
    account: str | None = None
    region: str | None = None

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Its resources by logical ID."""
        return {logical_id: _resource(logical_id, each) for logical_id, each in _items(self.template, "Resources")}

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """The value of each output."""
        return {key: at(rendered(each, {}), "Value") for key, each in _items(self.template, "Outputs")}

    def of_type(self, *types: str) -> list[Resource]:
        """Its resources of those types."""
        return [each for each in self.resources.values() if each.type in types]


def _resource(logical_id: str, written: Any) -> Resource:
    attributes = rendered(written, {})
    attributes = dict(attributes) if isinstance(attributes, dict) else {}
    properties = attributes.pop("Properties", None)
    return Resource(
        logical_id,
        str(attributes.pop("Type", "")),
        properties if isinstance(properties, dict) else {},
        attributes,
    )


def _items(template: Mapping[str, Any], section: str) -> Iterator[tuple[str, Any]]:
    content = template.get(section)
    yield from content.items() if isinstance(content, dict) else ()


def _read(element: Any) -> Statement:
    try:
        read = statement(element)
    except (AttributeError, KeyError, TypeError):
        return UNREADABLE
    return read if read.effect in ("Allow", "Deny") else UNREADABLE

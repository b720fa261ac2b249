"""Reading policy documents, whatever way they are written: IAM takes one value or a list of them everywhere."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ghes_packages.config.regions import dns_suffixes

# What a `NotAction`, `NotResource` or `NotPrincipal` is in a set of actions, resources or principals.
EVERYTHING_BUT = "everything but "
VIA_SERVICE = "kms:ViaService"


class UnreadablePolicy(ValueError):
    """What is no policy document, or no statement of one."""


@dataclass(frozen=True, order=True)
class Condition:
    """One operator on one key of the request. Any of the values is enough; for an operator with `Not`, none may be."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        """As a reader says it."""
        return f"{self.operator} {self.key} {', '.join(self.values)}"


@dataclass(frozen=True)
class Statement:
    """What one statement means. Each set holds what is written; a `Not…` element is one entry, under its own name."""

    effect: str
    principals: frozenset[str]
    actions: frozenset[str]
    resources: frozenset[str]
    conditions: frozenset[Condition]

    def in_words(self) -> Iterator[str]:
        """One action on one resource at a time; what is not a plain Allow says so."""
        who = f"{', '.join(sorted(self.principals))}: " if self.principals else ""
        kind = "" if self.effect == "Allow" else f" ({self.effect})"
        condition = f" if {', '.join(map(str, sorted(self.conditions)))}" if self.conditions else ""
        for action in sorted(self.actions):
            for resource in sorted(self.resources):
                yield f"{who}{action} on {resource}{kind}{condition}"


# What a statement is that cannot be read, such as one that an intrinsic function makes: it equals no other.
UNREADABLE = Statement("unreadable", frozenset(), frozenset(), frozenset(), frozenset())


def readable(element: object) -> Statement:
    """One element of `Statement`; UNREADABLE for what is none."""
    try:
        return statement(element)
    except UnreadablePolicy:
        return UNREADABLE


def statements(document: object) -> list[Statement]:
    """The statements of a policy document, as JSON or as what it was parsed to. Raises UnreadablePolicy."""
    return [statement(each) for each in elements(document)]


def elements(document: object) -> list[Any]:
    """What a policy document has as `Statement`, as it is written. Raises UnreadablePolicy."""
    try:
        parsed: Any = json.loads(document) if isinstance(document, str) else document
        return _list(parsed["Statement"])
    except (KeyError, RecursionError, TypeError, ValueError):
        raise UnreadablePolicy("a policy that cannot be read") from None


def statement(element: Any) -> Statement:
    """One element of `Statement`. Raises UnreadablePolicy."""
    try:
        if element["Effect"] not in ("Allow", "Deny"):
            raise UnreadablePolicy("a statement that neither allows nor denies")
        return Statement(
            effect=element["Effect"],
            principals=frozenset(_principals(element)),
            actions=frozenset(_either(element, "Action")),
            resources=frozenset(_either(element, "Resource")),
            conditions=frozenset(
                Condition(operator, key, tuple(sorted(set(map(_text, _list(values))))))
                for operator, keys in element.get("Condition", {}).items()
                for key, values in keys.items()
            ),
        )
    except (AttributeError, KeyError, TypeError):
        raise UnreadablePolicy("a statement that cannot be read") from None


def _principals(element: dict[str, Any]) -> Iterator[str]:
    """Everybody is `AWS *` however it is written; a service goes by its name without the partition's suffix."""
    name = "Principal" if "Principal" in element else "NotPrincipal"
    principal = element.get(name, {})
    if not isinstance(principal, dict):
        principal = {"AWS": principal}
    who = [
        f"{kind} {service_name(str(value)) if kind == 'Service' else value}"
        for kind, values in principal.items()
        for value in _list(values)
    ]
    yield from who if name == "Principal" or not who else [f"everybody but {', '.join(sorted(who))}"]


def service_name(name: str) -> str:
    """The name of a service of AWS, such as logging.s3 or s3.us-west-2, without the DNS suffix of any partition."""
    [suffix] = [suffix for suffix in dns_suffixes() if name.endswith(f".{suffix}")] or [""]
    return name.removesuffix(f".{suffix}")


def through_services(granted: Statement) -> Statement:
    """The statement with the services of `kms:ViaService` by their names alone: each DNS suffix grants the same."""
    conditions = (
        replace(each, values=tuple(sorted(set(map(service_name, each.values))))) if each.key == VIA_SERVICE else each
        for each in granted.conditions
    )
    return replace(granted, conditions=frozenset(conditions))


def _either(element: dict[str, Any], name: str) -> Iterator[str]:
    for value in _list(element.get(name, [])):
        yield str(value)
    if f"Not{name}" in element:
        yield f"{EVERYTHING_BUT}{', '.join(sorted(map(str, _list(element[f'Not{name}']))))}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

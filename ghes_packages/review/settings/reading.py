"""How to read the value of a setting from what stands in a template; None where nothing is set."""

import json
from collections.abc import Callable
from typing import Any

from ghes_packages.template.rendering import at, in_words

Read = Callable[[Any], Any]


def as_it_stands(value: Any) -> Any:
    """The value itself."""
    return value


def flag(*, default: bool) -> Read:
    """On or off: CloudFormation takes booleans, and their names."""
    return lambda value: "on" if str(default if value is None else value).lower() == "true" else "off"


def or_else(default: str) -> Read:
    """The value, or what AWS takes where there is none."""
    return lambda value: default if value is None else str(value)


def hidden(read: Read) -> Read:
    """Only whether there is a value: it may be secret."""
    return lambda value: None if read(value) is None else "set"


def of_the_first(*path: str) -> Read:
    """What stands at the path in the one rule of a list."""
    return lambda rules: at(rules[0], *path) if isinstance(rules, list) and rules else rules


def least(*paths: tuple[str, ...]) -> Read:
    """The least of what stands at any of the paths in the lifecycle rules; text, such as a date, before numbers."""
    return lambda rules: min(_found(rules, paths), key=lambda each: (not isinstance(each, str), each), default=None)


def every(*paths: tuple[str, ...]) -> Read:
    """All that stands at any of the paths in the lifecycle rules."""
    return lambda rules: sorted(json.dumps(in_words(each), sort_keys=True) for each in _found(rules, paths)) or None


def _found(rules: Any, paths: tuple[tuple[str, ...], ...]) -> list[Any]:
    if not isinstance(rules, list):
        return [] if rules is None else [rules]
    found = [at(rule, *path) for rule in rules if at(rule, "Status") != "Disabled" for path in paths]
    return [each for each in found if each is not None]


def tags(value: Any) -> Any:
    """Tags as CloudFormation has them for most resources: a list of keys and values."""
    return sorted(f"{at(tag, 'Key')}={at(tag, 'Value')}" for tag in value) if isinstance(value, list) else value


def in_json(key: str) -> Read:
    """A field of JSON; None where there is no such field."""

    def read(text: Any) -> Any:
        try:
            return json.loads(text)[key]
        except (KeyError, RecursionError, TypeError, ValueError):
            return None

    return read

"""In which direction a setting is weaker: each takes the value before and another one after.

At the end, what is too weak for a stack that is new, and so has no value before.
"""

from collections.abc import Callable
from typing import Any

Weakens = Callable[[Any, Any], bool]
# Whether a new stack may not have the value.
Refuses = Callable[[Any], bool]


def never(before: Any, after: Any) -> bool:
    """Any value is as good as another."""
    return False


def always(before: Any, after: Any) -> bool:
    """No other value is as good."""
    return True


def added(before: Any, after: Any) -> bool:
    """Better not set at all."""
    return after is not None


def dropped(before: Any, after: Any) -> bool:
    """Another value is as good, but none is not."""
    return after is None


def given_up(before: Any, after: Any) -> bool:
    """Whatever is set must stay."""
    return before is not None


def lower(before: Any, after: Any) -> bool:
    """A number must not go down; nothing at all is more than any number."""
    if before is None or after is None:
        return after is not None
    try:
        return float(after) < float(before)
    except (OverflowError, TypeError, ValueError):
        return True


def out_of(*good: str) -> Weakens:
    """Must stay one of these if it was one."""
    return lambda before, after: before in good and after not in good


def down(*weakest_first: str) -> Weakens:
    """Must not move down this list; what is not in it is not known to be as good."""

    def weakens(before: Any, after: Any) -> bool:
        if after not in weakest_first:
            return True
        return before in weakest_first and weakest_first.index(after) < weakest_first.index(before)

    return weakens


def more(before: Any, after: Any) -> bool:
    """No value must come."""
    return not _each(after) <= _each(before)


def more_than(*good: str) -> Weakens:
    """No value must come but these."""
    return lambda before, after: not _each(after) <= {*_each(before), *good}


def _each(value: Any) -> set[str]:
    return set() if value is None else set(map(str, value)) if isinstance(value, list) else {str(value)}


def nothing(value: Any) -> bool:
    """Whatever it is."""
    return False


def any_value(value: Any) -> bool:
    """It is better not set at all."""
    return value is not None


def no_value(value: Any) -> bool:
    """It must be set."""
    return value is None


def none_of(*good: str) -> Refuses:
    """It must be one of these."""
    return lambda value: value not in good


def other_than(*good: str) -> Refuses:
    """It must not be set, but for these values."""
    return lambda value: not _each(value) <= {*good}


def below(least: int) -> Refuses:
    """A number must be no less."""
    return lambda value: lower(least, value)

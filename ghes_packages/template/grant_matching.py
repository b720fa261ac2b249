"""Whether one grant covers another. Where that cannot be told it does not, and `access` sees a risk."""

import re
from ipaddress import ip_network

from ghes_packages.policies.document import EVERYTHING_BUT, VIA_SERVICE, Condition, service_name
from ghes_packages.template.grants import EVERYBODY, Grant
from ghes_packages.template.rendered import DNS_SUFFIX


def covers(wide: Grant, narrow: Grant) -> bool:
    """Whether all that the narrow one allows or denies, the wide one does too."""
    return (
        wide.effect == narrow.effect
        and wide.who in (narrow.who, EVERYBODY)
        and _matches(wide.action.lower(), narrow.action.lower())
        and _matches(wide.resource, narrow.resource)
        and all(
            any(_implies(has, wanted) or _through_the_same(has, wanted, wide) for has in narrow.conditions)
            for wanted in wide.conditions
        )
    )


def _matches(pattern: str, text: str) -> bool:
    """IAM's wildcards. A wildcard in the text stands for itself, so what matches is never wider than the pattern."""
    if pattern in ("*", text):
        return True
    if EVERYTHING_BUT in pattern or EVERYTHING_BUT in text:
        return False
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "[^*]")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _through_the_same(narrow: Condition, wide: Condition, granted: Grant) -> bool:
    """Whether both allow the use of a key through the same services, by whatever DNS suffix: AWS alone names them."""
    if granted.effect != "Allow" or {narrow.key, wide.key} != {VIA_SERVICE}:
        return False
    few, many = ({_service(value) for value in each.values} for each in (narrow, wide))
    return narrow.operator == wide.operator == "StringEquals" and few <= many


def _service(value: str) -> str:
    return service_name(value.removesuffix(f".{DNS_SUFFIX}"))


def _implies(narrow: Condition, wide: Condition) -> bool:
    """Whether every request that meets the narrow condition meets the wide one."""
    if (narrow.operator, narrow.key.lower()) != (wide.operator, wide.key.lower()):
        return False
    few, many = (wide, narrow) if "Not" in narrow.operator else (narrow, wide)
    return all(any(_within(narrow.operator, one, other) for other in many.values) for one in few.values)


def _within(operator: str, one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        if "NumericLessThan" in operator:
            return float(one) <= float(other)
        if "IpAddress" in operator:
            return ip_network(one, strict=False).subnet_of(ip_network(other, strict=False))  # type: ignore[arg-type]
    except (OverflowError, TypeError, ValueError):
        return False
    if "Arn" in operator:  # IAM compares each of the six parts by itself
        pattern, text = other.split(":", 5), one.split(":", 5)
        return len(pattern) == len(text) and all(map(_matches, pattern, text))
    return "Like" in operator and _matches(other, one)

"""CloudFormation's intrinsic functions as text, in the notation of `Fn::Sub`: `${PackagesBucket.Arn}/*`.

A `${` that is written out is `${!`, as it is there, so that no text can pass for a reference.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ghes_packages.review.change import Cell

# A logical ID of CDK's: the path in the app, and a hash of it.
_HASHED = re.compile(r"(?P<path>.+)[0-9A-F]{8}")
_IN_SUB = re.compile(r"\$\{(?P<name>[^!}][^}]*)\}")

Names = Mapping[str, str]


def names(*templates: Mapping[str, Any]) -> Names:
    """What to call each resource: its logical ID, without CDK's hash where no two templates need it."""
    logical_ids = {logical_id for template in templates for logical_id in template.get("Resources", {})}
    short = {each: found["path"] if (found := _HASHED.fullmatch(each)) else each for each in logical_ids}
    uses = Counter(short.values())
    return {each: name if uses[name] == 1 and name not in logical_ids else each for each, name in short.items()}


def folded(value: Any, called: Names) -> Any:
    """The value with every intrinsic function in it as text; one that has no text of its own is JSON."""
    match value:
        case str():
            return value.replace("${", "${!")
        case list():
            return [folded(each, called) for each in value]
        case dict() if len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return _text(function, argument, called)
    if isinstance(value, dict):
        return {key: folded(each, called) for key, each in value.items()}
    return value


def _text(function: str, argument: Any, called: Names) -> str:
    match function, argument:
        case "Ref", str(name):
            return _reference(name, called)
        case "Fn::GetAtt", [str(name), str(attribute)]:
            return _reference(f"{name}.{attribute}", called)
        case "Fn::GetAtt", str(name):
            return _reference(name, called)
        case "Fn::Join", [str(separator), list(parts)]:
            return separator.join(str(folded(part, called)) for part in parts)
        case "Fn::Sub", str(text):
            return _substituted(text, {}, called)
        case "Fn::Sub", [str(text), dict(variables)]:
            return _substituted(text, variables, called)
    return json.dumps({function: folded(argument, called)}, sort_keys=True)


def _reference(name: str, called: Names) -> str:
    logical_id, dot, attribute = name.partition(".")
    return f"${{{called.get(logical_id, logical_id)}{dot}{attribute}}}"


def _substituted(text: str, variables: Mapping[str, Any], called: Names) -> str:
    return _IN_SUB.sub(
        lambda found: (
            str(folded(variables[found["name"]], called))
            if found["name"] in variables
            else _reference(found["name"], called)
        ),
        text,
    )


def referred(value: Any) -> Iterator[str]:
    """The logical IDs that a value refers to."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
            yield from (found["name"].partition(".")[0] for found in _IN_SUB.finditer(text))
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from referred(each)


def at(value: Any, *path: str) -> Any:
    """What stands at the path of a folded value; None for nothing, and the text of a function that hides it."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else value
    return value


def shown(value: Any) -> Cell:
    """The values of a cell: a list is one value each, an object is JSON."""
    if value is None:
        return ()
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(each if isinstance(each, str) else json.dumps(each, sort_keys=True) for each in values)

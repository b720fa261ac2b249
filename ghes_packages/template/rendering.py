"""CloudFormation's intrinsic functions as text, in the notation of `Fn::Sub`: `${PackagesBucket.Arn}/*`.

A `${` that is written out is `${!`, as it is there, so that no text can pass for a reference.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

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


def rendered(value: Any, called: Names) -> Any:
    """The value with every intrinsic function in it as text; one that has no text of its own is JSON."""
    match value:
        case str():
            return _text(value, called)
        case list():
            return [rendered(each, called) for each in value]
        case dict() if len(value) == 1:
            [function] = value
            if function == "Ref" or function.startswith("Fn::"):
                return _text(value, called)
    if isinstance(value, dict):
        return {key: rendered(each, called) for key, each in value.items()}
    return value


def _text(value: Any, called: Names) -> str:
    """What stands side by side is one text, however it was cut, before a `${` in it is escaped."""
    found = (
        (literal, "".join(text for _, text in pieces))
        for literal, pieces in groupby(_pieces(value, called), key=itemgetter(0))
    )
    return "".join(text.replace("${", "${!") if literal else text for literal, text in found)


def _pieces(value: Any, called: Names) -> Iterator[tuple[bool, str]]:
    """Text, and whether it stands for itself."""
    match value:
        case str():
            yield True, value
        case {"Ref": str(name)} | {"Fn::GetAtt": str(name)}:
            yield False, _reference(name, called)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            yield False, _reference(f"{name}.{attribute}", called)
        case {"Fn::Join": [str(separator), list(parts)]}:
            for number, part in enumerate(parts):
                yield True, separator if number else ""
                yield from _pieces(part, called)
        case {"Fn::Sub": str(text)}:
            yield from _substituted(text, {}, called)
        case {"Fn::Sub": [str(text), dict(variables)]}:
            yield from _substituted(text, variables, called)
        case dict() if len(value) == 1:
            [(function, argument)] = value.items()
            yield False, json.dumps({function: rendered(argument, called)}, sort_keys=True)
        case _:
            yield False, str(rendered(value, called))


def _reference(name: str, called: Names) -> str:
    logical_id, dot, attribute = name.partition(".")
    return f"${{{called.get(logical_id, logical_id)}{dot}{attribute}}}"


def _substituted(text: str, variables: Mapping[str, Any], called: Names) -> Iterator[tuple[bool, str]]:
    end = 0
    for found in _IN_SUB.finditer(text):
        yield True, text[end : found.start()].replace("${!", "${")
        end = found.end()
        if found["name"] in variables:
            yield from _pieces(variables[found["name"]], called)
        else:
            yield False, _reference(found["name"], called)
    yield True, text[end:].replace("${!", "${")


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
    """What stands at the path of a rendered value; None for nothing, and the text of a function that hides it."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else value
    return value

"""CloudFormation's intrinsic functions as text, in the notation of `Fn::Sub`: `${PackagesBucket.Arn}/*`.

`Fn::Sub` has no notation for other functions: they are JSON, which `in_words` makes readable.

A `${` that is written out is `${!`, as it is there, and the start of such JSON gets a `!` too, so that no text can pass
for a reference.
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
# What a logical ID, a pseudo parameter and an attribute consist of, and the other names that are shown in words.
_NAME = re.compile(r"[A-Za-z0-9:.]+")
_STACK, _REGION, _OUTPUT = re.compile(r"[A-Za-z0-9-]+"), re.compile(r"[a-z0-9-]+"), re.compile(r"[A-Za-z0-9]+")
# How the JSON of a function starts, and the part of it that CDK takes of a stack's ID.
_FUNCTION = re.compile(r'\{(?="(?:Fn::|Ref"))')
_SPLIT = re.compile(r'\$\{Fn::Split \["/", "\$\{(?P<name>[A-Za-z0-9:.]+)\}"\]\}')
_JSON = json.JSONDecoder()

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
        return {_no_function(key): rendered(each, called) for key, each in value.items()}
    return value


def _text(value: Any, called: Names) -> str:
    """What stands side by side is one text, however it was cut, before a `${` in it is escaped."""
    found = (
        (literal, "".join(text for _, text in pieces))
        for literal, pieces in groupby(_pieces(value, called), key=itemgetter(0))
    )
    return "".join(_no_function(text.replace("${", "${!")) if literal else text for literal, text in found)


def _no_function(text: str) -> str:
    """What is written out, such that it is not read as the JSON of a function."""
    return _FUNCTION.sub("{!", text)


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
    if not _NAME.fullmatch(name):
        return json.dumps({"Ref": _no_function(name)})
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


def at(value: Any, *path: str) -> Any:
    """What stands at the path of a rendered value; None for nothing, and the text of a function that hides it."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else value
    return value


def in_words(value: Any) -> Any:
    """A rendered value as people read it: each function that is JSON stands in `${}` too, and is never JSON."""
    match value:
        case dict():
            return {key: in_words(each) for key, each in value.items()}
        case list():
            return [in_words(each) for each in value]
        case str():
            return "".join(_words(value))
    return value


def _words(text: str) -> Iterator[str]:
    end = 0
    while found := _FUNCTION.search(text, end):
        yield text[end : found.start()]
        try:
            function, end = _JSON.raw_decode(text, found.start())
            yield _named(function)
        except (RecursionError, ValueError):
            end = found.end()
            yield found[0]
    yield text[end:]


def _named(function: Mapping[str, Any]) -> str:
    """What a function is called, such that no two are called the same. Raises ValueError for what is none."""
    [(name, argument)] = function.items()
    match name, in_words(argument):
        case "Fn::GetStackOutput", {
            "StackName": str(stack),
            "Region": str(region),
            "OutputName": str(output),
            **others,
        }:
            if not others and _STACK.fullmatch(stack) and _REGION.fullmatch(region) and _OUTPUT.fullmatch(output):
                return f"${{output {output} of {stack} in {region}}}"
        case "Fn::Select", [int(index), str(text)]:
            if (split := _SPLIT.fullmatch(text)) and index is not True and index >= 0:
                return f"${{{split['name']}, part {index + 1}}}"
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return f"${{{name} {json.dumps(in_words(argument), sort_keys=True)}}}"

"""What must come nowhere in a template, wherever that is: a secret told outside of the secret, and a macro."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ghes_packages.outputs import Outputs
from ghes_packages.review.change import OTHER, Change, Risk, identifier
from ghes_packages.template.assembly import Stack, Template
from ghes_packages.template.rendering import Names, at, names, referred, rendered

# What stands in a reference to a secret key, and to what a secret holds.
SECRETS = ("SecretAccessKey", "{{resolve:")
MACRO = "Fn::Transform"
REFERENCE = str(Outputs.model_fields["secret_key_reference"].alias)

# The ID of a resource, an output or a section, and which part of it.
Place = tuple[str, str]


@dataclass(frozen=True)
class _Unwanted:
    kind: str
    stands_in: Callable[[Any, Names], bool]
    what: str
    why: str
    instead: str


def tells(value: Any, called: Names) -> bool:
    """Whether it says a secret, or what attribute it says is not to be known."""
    text = json.dumps(rendered(value, called))
    return any(secret in text for secret in SECRETS) or _of_some_attribute(value)


def _of_some_attribute(value: Any) -> bool:
    match value:
        case {"Fn::GetAtt": [_, dict()]}:
            return True
    return any(map(_of_some_attribute, _children(value)))


def _made_by_a_macro(value: Any, called: Names) -> bool:
    return (isinstance(value, dict) and MACRO in value) or any(
        _made_by_a_macro(each, called) for each in _children(value)
    )


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


UNWANTED = (
    _Unwanted(
        "secret-told",
        tells,
        "tells a secret",
        "anyone who may read it there could read the secret key, or what another secret holds",
        "leave the secret key in the secret alone",
    ),
    _Unwanted(
        "macro",
        _made_by_a_macro,
        "made by a macro",
        "what the macro makes of the template, this review cannot tell",
        "write out what the template is to say",
    ),
)


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each part of the template that is new or changes, and that holds what it must not."""
    called = names(before.template, after.template)
    had, secrets = dict(_parts(before.template)), _secrets(after)
    for (name, part), value in _parts(after.template):
        for each in UNWANTED:
            known = each.stands_in is tells and (part == "SecretString" and name in secrets)
            if not known and had.get((name, part)) != value and each.stands_in({part: value}, called):
                risk = Risk(identifier(each.kind, part, name), each.why, each.instead)
                yield Change(OTHER, ((name,), (part,)), each.what, risk=risk)


def _parts(template: Template) -> Iterator[tuple[Place, Any]]:
    """Each property and attribute of each resource, each output, and what else the template says."""
    for section, content in template.items():
        match section, content:
            case "Resources", dict():
                for logical_id, resource in content.items():
                    properties: Mapping[str, Any] = resource.get("Properties", {})
                    attributes = {key: each for key, each in resource.items() if key != "Properties"}
                    for part, value in (*attributes.items(), *properties.items()):
                        yield (logical_id, part), value
            case "Outputs", dict():
                for output, value in content.items():
                    yield ("Outputs", output), value
            case _:
                yield ("the template", section), content


def _secrets(stack: Stack) -> set[str]:
    """The one secret that the stack puts out."""
    output = at(stack.template.get("Outputs", {}), REFERENCE, "Value")
    return set(referred(output)) & {*stack.of_type("AWS::SecretsManager::Secret")}

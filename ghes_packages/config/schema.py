"""The JSON Schema of `instances.toml`, by which editors complete and check it while somebody types.

Each option by itself is in it. Which options do not go together, only the commands say.
"""

import json
from typing import Any

from ghes_packages.config.instance import Instance
from ghes_packages.config.options import OPTIONS

FILE = "instances.schema.json"
# The oldest draft that has all that is needed: every editor knows it.
DIALECT = "http://json-schema.org/draft-04/schema#"


def schema() -> dict[str, Any]:
    """Of the whole file: a table `instances`, with a table of options for each name."""
    model = Instance.model_json_schema()
    definitions = model.get("$defs", {})
    name, properties = model["properties"]["name"], model["properties"]
    return {
        "$schema": DIALECT,
        "title": "instances.toml",
        "description": "One table for each GitHub Enterprise Server. Each gets storage, a user and a stack of its own.",
        "type": "object",
        "required": ["instances"],
        "additionalProperties": False,
        "properties": {
            "instances": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "patternProperties": {
                    name["pattern"]: {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            key: {
                                "description": f"{option.consequence}\n\nIt takes {option.allowed}.",
                                **_in_toml(properties[key], definitions),
                            }
                            for key, option in OPTIONS.items()
                        },
                    }
                },
            }
        },
    }


def written() -> str:
    """The text of FILE."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _in_toml(found: Any, definitions: dict[str, Any]) -> Any:
    """A part of pydantic's schema without null, which TOML lacks, and without titles and descriptions.

    What it refers to is put in its place, because draft 4 ignores what stands beside a reference.
    """
    if isinstance(found, list):
        return [_in_toml(each, definitions) for each in found]
    if not isinstance(found, dict):
        return found
    if reference := found.get("$ref"):
        found = {**definitions[reference.rpartition("/")[2]], **found}
    parts = {
        key: value
        for key, value in found.items()
        if key not in ("$ref", "title", "description", "anyOf") and (key, value) != ("default", None)
    }
    done = {key: _in_toml(value, definitions) for key, value in parts.items()}
    match [_in_toml(each, definitions) for each in found.get("anyOf", ()) if each != {"type": "null"}]:
        case []:
            return done
        case [only]:
            return {**only, **done}
        case several:
            return {**done, "anyOf": several}

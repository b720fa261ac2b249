"""`instances.toml`: one table for each GHES instance."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ghes_packages.errors import ConfigurationError
from ghes_packages.instance import INSTANCE_NAME, OPTIONS, Instance
from ghes_packages.options import did_you_mean

DEFAULT_FILE = Path("instances.toml")


def load(file: Path = DEFAULT_FILE) -> Mapping[str, Instance]:
    """The instances of a file by name, sorted by name, so that the order of tables in the file decides nothing.

    Raises ConfigurationError with one line for each mistake.
    """
    tables = _tables(file)
    mistakes: list[str] = []
    instances: dict[str, Instance] = {}
    for name, table in sorted(tables.items()):
        unknown = table.keys() - OPTIONS.keys()
        mistakes += [
            f"{file}: {_header(name)} {key} = {_toml(table[key])}: unknown key{did_you_mean(key, OPTIONS)};"
            f" allowed: {', '.join(OPTIONS)}"
            for key in sorted(unknown)
        ]
        try:
            instances[name] = Instance.model_validate(
                {"name": name, **{key: value for key, value in table.items() if key not in unknown}}
            )
        except ValidationError as error:
            mistakes += [f"{file}: {_header(name)} {_mistake(details)}" for details in error.errors()]
    by_stack = {each.stack_name.lower(): each.name for each in instances.values()}
    mistakes += [
        f"{file}: {_header(each.name)} replica_region: its replica would be stack {each.replica.stack_name}, which is"
        f" the stack of {_header(by_stack[each.replica.stack_name.lower()])}; give one of the two another name"
        for each in instances.values()
        if each.replica and each.replica.stack_name.lower() in by_stack
    ]
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return instances


def choose(instances: Mapping[str, Instance], name: str | None, file: Path = DEFAULT_FILE) -> Instance:
    """The instance of that name; the only one when no name is given. Raises ConfigurationError."""
    names = ", ".join(instances)
    if name is None and len(instances) > 1:
        raise ConfigurationError(f"{file}: holds {len(instances)} instances: name one of {names}")
    if name is None:
        return next(iter(instances.values()))
    if name not in instances:
        raise ConfigurationError(f"{file}: no instance {name}{did_you_mean(name, instances)}; there is: {names}")
    return instances[name]


def _tables(file: Path) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file}: no such file in {Path.cwd()}; run this in the project's folder,"
            " or name the file: cdk -c instances=FILE, ghes-packages COMMAND --instances FILE"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}; it must be a UTF-8 text file") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{file}: is not valid TOML: {error}; each instance is one table [instances.NAME], each name once,"
            " and text stands in quotes"
        ) from None
    if strays := document.keys() - {"instances"}:
        stray = min(strays)
        raise ConfigurationError(
            f"{file}: {stray}: unknown key{did_you_mean(stray, ['instances'])}; allowed: tables [instances.NAME]"
        )
    tables = document.get("instances", {})
    if not isinstance(tables, dict):
        raise ConfigurationError(f"{file}: instances = {_toml(tables)}: not a table; write [instances.NAME] instead")
    if not tables:
        raise ConfigurationError(f"{file}: holds no instance; add a table such as [instances.production]")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigurationError(
                f"{file}: {_header(name)} = {_toml(table)}: not a table; write [instances.NAME] with its keys below"
            )
    # A file system that ignores case would let one template overwrite the other.
    if twins := [name for name in tables if name.lower() in {other.lower() for other in tables if other != name}]:
        raise ConfigurationError(f"{file}: {' and '.join(twins)} differ in case only; give them different names")
    return tables


def _mistake(details: ErrorDetails) -> str:
    problem = details["msg"].removeprefix("Value error, ")
    if details["type"] == "string_pattern_mismatch":
        problem = "has another form"  # what is allowed says it in words
    if not details["loc"]:
        return problem
    key = str(details["loc"][0])
    if key == "name":
        return "the name must be letters, digits and hyphens, no hyphen at either end, at most 115 characters"
    return f"{key} = {_toml(details['input'])}: {problem}; allowed: {OPTIONS[key].allowed}"


def _header(name: str) -> str:
    return f"[instances.{name if re.fullmatch(INSTANCE_NAME, name) else _toml(name)}]"


def _toml(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)

"""`instances.toml`: one table for each GHES instance."""

import json
import re
import shlex
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ghes_packages.config.instance import Instance, reviewed_as
from ghes_packages.config.options import OPTIONS
from ghes_packages.config.values import INSTANCE_NAME, STACK_NAME_PREFIX, did_you_mean
from ghes_packages.errors import ConfigurationError

DEFAULT_FILE = Path("instances.toml")
PROJECT_FILE = "cdk.json"
# The folder that `cdk synth` writes.
ASSEMBLY = "cdk.out"


def default_file() -> Path:
    """The file of whoever names none: the one here, or in the nearest folder above that is a project's.

    A project's folder has a `cdk.json`. Where there is neither, it is the one that should be here.
    """
    here = Path.cwd()
    if not DEFAULT_FILE.is_file():
        for depth, folder in enumerate((here, *here.parents)):
            if (folder / PROJECT_FILE).is_file():
                return Path(*[".."] * depth, DEFAULT_FILE)
    return DEFAULT_FILE


def default_assembly() -> Path:
    """What `cdk synth` wrote in the project's folder, wherever the file of instances is that it read."""
    return default_file().with_name(ASSEMBLY)


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
            f"{file}: {_header(name)} {_key(key)} = {_toml(table[key])}: unknown key{_perhaps(key, table[key])};"
            f" allowed: {', '.join(OPTIONS)}"
            for key in sorted(unknown)
        ]
        try:
            instances[name] = Instance.model_validate(
                {"name": name, **{key: value for key, value in table.items() if key not in unknown}}
            )
        except ValidationError as error:
            mistakes += [f"{file}: {_header(name)} {_mistake(details)}" for details in _once(error.errors())]
    mistakes += [f"{file}: {mistake}" for mistake in _between(instances.values())]
    if mistakes:
        raise ConfigurationError(*mistakes)
    return instances


def choose(instances: Mapping[str, Instance], name: str | None, file: Path = DEFAULT_FILE) -> Instance:
    """The instance of that name; the only one when no name is given. Raises ConfigurationError."""
    names = ", ".join(instances)
    if name is None and len(instances) > 1:
        raise ConfigurationError(f"{file}: has {len(instances)} instances; name one: {names}")
    if name is None:
        return next(iter(instances.values()))
    if name not in instances:
        raise ConfigurationError(f"{file}: no instance {name}{did_you_mean(name, instances)}; instances: {names}")
    return instances[name]


def with_file(name: str, file: Path) -> str:
    """What the commands take for an instance of that name: the file too, where it is not the default one."""
    return name if file == default_file() else f"{name} --instances {shlex.quote(str(file))}"


def make_deploy(name: str, file: Path) -> str:
    """The command that reviews and deploys an instance of the file."""
    if file == default_file():
        return f"make{'' if file == DEFAULT_FILE else f' -C {file.parent}'} deploy INSTANCE={name}"
    return f"make deploy INSTANCE={name} INSTANCES={shlex.quote(str(file))}"


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
            f"{file}: is not valid TOML: {error}; write each instance as one table [instances.NAME], use each name"
            " once, and put text in quotes"
        ) from None
    except (RecursionError, ValueError):  # valid TOML, and more of it than Python reads
        raise ConfigurationError(
            f"{file}: cannot be read: it has a number with thousands of digits, or hundreds of nested brackets;"
            " no key allows either: remove it"
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
        raise ConfigurationError(f"{file}: has no instance; add a table such as [instances.production]")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigurationError(
                f"{file}: {_header(name)} = {_toml(table)}: not a table; write [instances.NAME] with its keys below"
            )
    # A file system that ignores case would let one template overwrite the other.
    if twins := [name for name in tables if name.lower() in {other.lower() for other in tables if other != name}]:
        raise ConfigurationError(f"{file}: {' and '.join(twins)} differ only in case; give them different names")
    return tables


def _between(instances: Collection[Instance]) -> Iterator[str]:
    """What no two instances may have in common: a stack, also that of a replica, and the bucket of packages."""
    by_stack: dict[str, str] = {}
    # Those that name their stack come last, so that one of them is at fault.
    for each in sorted(instances, key=lambda each: "stack_name" in each.model_fields_set):
        if (owner := by_stack.setdefault(reviewed_as(each.stack_name).lower(), each.name)) != each.name:
            yield (
                f'{_header(each.name)} stack_name = "{each.stack_name}": {_header(owner)} has the same name, or the'
                f" same without {STACK_NAME_PREFIX}; use another name"
            )
    for each in instances:
        if each.replica and (other := by_stack.get(reviewed_as(each.replica.stack_name).lower())):
            yield (
                f"{_header(each.name)} replica_region: its replica would be stack {each.replica.stack_name}, which is"
                f" the stack of {_header(other)}; give one of the two another name"
            )
    by_bucket: dict[str, str] = {}
    named = [
        (each, key, bucket)
        for each in instances
        for key, bucket in (("bucket_name", each.bucket_name), ("existing_bucket", each.existing_bucket))
        if bucket
    ]
    for each, key, bucket in named:
        if (owner := by_bucket.setdefault(bucket, each.name)) != each.name:
            yield (
                f'{_header(each.name)} {key} = "{bucket}": is the bucket of {_header(owner)}; two servers must never'
                " share one; name another bucket"
            )
    for each in instances:
        if other := by_bucket.get(each.access_logs):
            yield (
                f'{_header(each.name)} access_logs = "{each.access_logs}": is the bucket of {_header(other)}, which is'
                " for its packages only; name another bucket"
            )


def _once(errors: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Without what pydantic says of a list, and of a default, only because an item, or another key, is wrong."""
    items = {details["loc"][0] for details in errors if len(details["loc"]) > 1}
    return (
        details
        for details in errors
        if (len(details["loc"]) != 1 or details["loc"][0] not in items)
        and details["type"] != "default_factory_not_called"
    )


# Characters of a value that a message shows.
MAX_SHOWN = 200
# Pydantic's words for Python's types; the file is TOML.
IN_TOML = {"tuple_type": "is not a list", "too_short": "is empty", "dict_type": "is not a table"}


def _mistake(details: ErrorDetails) -> str:
    problem = details["msg"].removeprefix("Value error, ")
    if details["type"] == "string_pattern_mismatch":
        problem = "is not valid"  # what is allowed says it in words
    problem = IN_TOML.get(details["type"], problem)
    if not details["loc"]:
        return problem
    key = str(details["loc"][0])
    if key == "name":
        return "the name must be letters, digits and hyphens, no hyphen at either end, at most 115 characters"
    return f"{_place(details['loc'])} = {_toml(details['input'])}: {problem}; allowed: {OPTIONS[key].allowed}"


def _place(loc: Sequence[int | str]) -> str:
    """Where in a table: an item of a list by its number, one of a table by its key, as TOML writes it."""
    key, *within = loc
    return f"{key}{''.join(f'[{part}]' if isinstance(part, int) else f'.{_key(part)}' for part in within)}"


def _perhaps(key: str, value: object) -> str:
    """What whoever wrote an unknown key may have meant by it."""
    a_table = "; a name has no dots" if isinstance(value, dict) else ""
    return did_you_mean(key, OPTIONS) or a_table


def _header(name: str) -> str:
    return f"[instances.{name if re.fullmatch(INSTANCE_NAME, name) else _toml(name)}]"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: object) -> str:
    try:
        written = json.dumps(value, default=str, ensure_ascii=False)
    except RecursionError:  # before Python 3.12
        return "tables in tables"
    return written if len(written) <= MAX_SHOWN else f"{written[:MAX_SHOWN]}…"

"""Changes two keys of one table in `instances.toml`, atomically, and keeps comments and layout."""

import difflib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from ghes_packages.errors import ConfigurationError
from ghes_packages.printable import one_line
from ghes_packages.rotation.steps import Step

BYTE_ORDER_MARK = "\ufeff"
KEYS = ("access_key", "previous_access_key")


def changed(file: Path, name: str, step: Step) -> str:
    """The text of the file after the step. The file must be one that `instances.load` takes.

    Raises ConfigurationError where the table is written in a way in which this cannot change it.
    """
    before = file.read_bytes().decode("utf-8")
    mark = BYTE_ORDER_MARK if before.startswith(BYTE_ORDER_MARK) else ""
    keys: dict[str, int | str] = {"access_key": step.access_key}
    if step.previous_access_key:
        keys["previous_access_key"] = str(step.previous_access_key)
    after = _with_keys(before.removeprefix(mark), name, keys)
    unchanged = {key: value for key, value in _table(before.removeprefix(mark), name).items() if key not in KEYS}
    if after is None or _table(after, name) != unchanged | keys:
        values = " and ".join(f"{key} = {tomlkit.item(value).as_string()}" for key, value in keys.items())
        raise ConfigurationError(
            f"{file}: the table [instances.{name}] is written in a way that this command cannot change; write the whole"
            f" table in one place, or set {values} yourself"
        )
    if "\r\n" in before:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    return mark + after


def _with_keys(text: str, name: str, keys: Mapping[str, int | str]) -> str | None:
    """The text in which a table has just these of KEYS; None where tomlkit cannot change it."""
    try:
        document: Any = tomlkit.parse(text)
    except TOMLKitError:  # it takes fewer line ends than tomllib
        return None
    table = document["instances"][name]
    if isinstance(table, OutOfOrderTableProxy):
        return None
    # A table of its own, such as one of tags, ends the keys of the one before it.
    last = next((key for key in reversed(list(table)) if not isinstance(table[key], Table)), None)
    for key, value in keys.items():
        _put(table, key, value, after=last)
        last = key
    for key in KEYS:
        if key not in keys:
            table.pop(key, None)
    return tomlkit.dumps(document)


def _table(text: str, name: str) -> dict[str, Any]:
    any_line_ends = text.replace("\r\n", "\n").replace("\r", "\n")
    return dict(tomllib.loads(any_line_ends)["instances"][name])


def _put(table: Any, key: str, value: int | str, *, after: str | None) -> None:
    # What tomlkit appends, it appends after the comments that stand before the next table, and after the tables
    # within. It has no public names for these; its version is pinned.
    if key in table or not table:
        table[key] = value
    elif after is None:
        table.value._insert_at(0, key, tomlkit.item(value))
    else:
        table.value._insert_after(after, key, tomlkit.item(value))


def difference(file: Path, text: str) -> str:
    """What the new text changes, as a unified diff; nothing in it is what a terminal would obey."""
    before, after = file.read_bytes().decode("utf-8").splitlines(), text.splitlines()
    lines = difflib.unified_diff(before, after, str(file), str(file), lineterm="", n=1)
    return "\n".join(one_line(line.expandtabs()) for line in lines)


def write(file: Path, text: str) -> None:
    """Replace the file. Whoever reads it sees the old text or the new one. Raises ConfigurationError."""
    target = file.resolve()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as temporary:
                temporary.write(text.encode("utf-8"))
                temporary.flush()
                os.fsync(temporary.fileno())
            Path(name).chmod(target.stat().st_mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error}; nothing was changed") from None

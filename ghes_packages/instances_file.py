"""Changing `instances.toml`: two keys of one table, comments and layout kept, in one stroke or not at all."""

import difflib
import os
import tempfile
from pathlib import Path
from typing import Any

import tomlkit

from ghes_packages.errors import ConfigurationError
from ghes_packages.rotation import Step

BYTE_ORDER_MARK = "\ufeff"


def changed(file: Path, name: str, step: Step) -> str:
    """The text of the file after the step. The file must be one that `instances.load` takes."""
    before = file.read_bytes().decode("utf-8")
    mark = BYTE_ORDER_MARK if before.startswith(BYTE_ORDER_MARK) else ""
    document: Any = tomlkit.parse(before.removeprefix(mark))
    table = document["instances"][name]
    _put(table, "access_key", step.access_key, after=next(reversed(list(table)), None))
    if step.previous_access_key is None:
        table.pop("previous_access_key", None)
    else:
        _put(table, "previous_access_key", str(step.previous_access_key), after="access_key")
    after = tomlkit.dumps(document)
    if "\r\n" in before:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    return mark + after


def _put(table: Any, key: str, value: int | str, *, after: str | None) -> None:
    if key in table or after is None:
        table[key] = value
    else:
        # What tomlkit appends, it appends after the comments that stand before the next table. It has no public
        # name for this; its version is pinned.
        table.value._insert_after(after, key, tomlkit.item(value))


def difference(file: Path, text: str) -> str:
    """What the new text changes, as a unified diff."""
    before, after = file.read_bytes().decode("utf-8").splitlines(), text.splitlines()
    return "\n".join(difflib.unified_diff(before, after, str(file), str(file), lineterm="", n=1))


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

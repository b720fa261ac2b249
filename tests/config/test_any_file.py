"""Whatever stands in `instances.toml`: instances come of it, or lines that say where the mistake is."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ghes_packages.config.instances import load
from ghes_packages.config.options import OPTIONS
from ghes_packages.errors import ConfigurationError
from ghes_packages.printable import one_line
from ghes_packages.rotation.instances_file import changed, difference
from ghes_packages.rotation.steps import next_step
from tests import strangers

# Values that some key takes, so that one mistake does not hide the others.
GOOD: Any = st.sampled_from(
    ["111122223333", "us-west-2", "eu-central-1", "3.17", 1, 2, "active", "kms", "own", "fips", ["203.0.113.0/24"]]
)
values: Any = st.one_of(GOOD, strangers.containers(strangers.scalars))
tables = st.dictionaries(st.one_of(st.sampled_from(sorted(OPTIONS)), strangers.names), values, max_size=5)


def lines_for(file: Path) -> list[str]:
    """What it is refused with."""
    try:
        assert load(file)
    except ConfigurationError as refused:
        lines = str(refused).split("\n")
        assert all(line.isprintable() for line in lines)
        assert all(line.startswith(str(file)) for line in lines)
        return lines
    return []


@given(
    st.one_of(
        st.binary(),
        st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
        strangers.text.map(lambda text: f"[instances.x]\nprofile = {text}".encode("utf-8", "surrogatepass")),
        st.sampled_from([b"[[]" * 9999, b"a=" + b"[" * 9999, b"a=" + b"9" * 9999, b"[a" + b".a" * 9999 + b"]"]),
    )
)
def test_any_bytes_are_refused_in_lines_that_name_the_file(tmp_path: Path, written: bytes) -> None:
    file = tmp_path / "instances.toml"
    file.write_bytes(written)
    lines_for(file)


@given(st.dictionaries(strangers.names, tables, max_size=3))
def test_any_tables_are_refused_in_lines_that_name_instance_and_key(tmp_path: Path, written: dict[str, Any]) -> None:
    file = tmp_path / "instances.toml"
    file.write_bytes(f"instances = {_toml(written)}".encode("utf-8", "replace"))
    for line in lines_for(file):
        if written and not line.endswith("give them different names"):
            assert "[instances." in line
            keys = [*OPTIONS, "name", *(one_line(key) for table in written.values() for key in table)]
            assert any(key in line for key in keys)


@given(tables, st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_file_that_is_taken_is_rotated_or_refused_and_the_change_is_printable(
    tmp_path: Path, table: dict[str, Any], comment: str
) -> None:
    file = tmp_path / "instances.toml"
    lines = [f"[instances.production] # {comment}", *(f"{_toml(key)} = {_toml(each)}" for key, each in table.items())]
    file.write_bytes("\n".join(lines).encode("utf-8", "replace"))
    try:
        shown = difference(file, changed(file, "production", next_step(load(file)["production"])))
    except ConfigurationError:
        return
    assert all(line.isprintable() for line in shown.split("\n"))


def _toml(value: Any) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{_toml(key)} = {_toml(each)}' for key, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case float():
            return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

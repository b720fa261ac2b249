import os
import shutil
import stat
from pathlib import Path

import pytest

from ghes_packages.config.instances import load
from ghes_packages.errors import ConfigurationError
from ghes_packages.rotation.instances_file import changed, difference, write
from ghes_packages.rotation.steps import next_step, step_back
from tests.synthesis import PROJECT

LAYOUT = """\
# Ours.

[instances.production]   # the big one
region   = "us-west-2"
account  = "111122223333"
access_key = 1           # quarterly

# The small one.
[instances.staging]
ghes_version = "3.17"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "instances.toml"
    path.write_text(LAYOUT)
    return path


def step(file: Path, name: str, *, back: bool = False) -> None:
    instance = load(file)[name]
    write(file, changed(file, name, step_back(instance) if back else next_step(instance)))


def test_a_step_changes_two_keys_and_keeps_comments_and_layout(file: Path) -> None:
    step(file, "production")
    old, new = "access_key = 1           # quarterly\n", "access_key = 2           # quarterly\n"
    assert file.read_text() == LAYOUT.replace(old, new + 'previous_access_key = "active"\n')


def test_a_table_without_the_keys_gets_them(file: Path) -> None:
    step(file, "staging")
    assert file.read_text() == LAYOUT + 'access_key = 2\nprevious_access_key = "active"\n'


def test_new_keys_stand_with_the_others_and_not_after_the_comment_of_the_next_table(tmp_path: Path) -> None:
    file = tmp_path / "instances.toml"
    file.write_text('[instances.a]\nghes_version = "3.17"\n\n# The other one.\n[instances.b]\n')
    step(file, "a")
    assert file.read_text() == (
        '[instances.a]\nghes_version = "3.17"\naccess_key = 2\nprevious_access_key = "active"\n'
        "\n# The other one.\n[instances.b]\n"
    )


def test_a_whole_rotation_and_back_can_be_read_at_each_step(file: Path) -> None:
    seen = []
    for back in (False, True, False, False, True, False, False, False, True):
        step(file, "production", back=back)
        instance = load(file)["production"]
        seen.append((instance.access_key, instance.previous_access_key))
    assert seen == [
        (2, "active"),
        (1, None),
        (2, "active"),
        (2, "inactive"),
        (2, "active"),
        (2, "inactive"),
        (2, "deleted"),
        (3, "active"),
        (2, "deleted"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "instances = {production = {}}\n",
        "[instances]\nproduction.access_key = 1\n",
        '[instances."production"]\n',
        "[instances.production]\r\naccess_key = 1\r\n",
        "\ufeff[instances.production]\n",
    ],
)
def test_every_way_to_write_a_table_is_kept(tmp_path: Path, text: str) -> None:
    file = tmp_path / "instances.toml"
    file.write_bytes(text.encode())
    step(file, "production")
    instance = load(file)["production"]
    assert (instance.access_key, instance.previous_access_key) == (2, "active")
    lines = file.read_bytes().decode().splitlines(keepends=True)
    assert {line.endswith("\r\n") for line in lines} == {"\r\n" in text}
    assert lines[0].startswith("\ufeff") == text.startswith("\ufeff")


@pytest.mark.parametrize("example", sorted((PROJECT / "examples").glob("*.toml")), ids=lambda file: str(file.name))
def test_every_example_can_be_rotated(tmp_path: Path, example: Path) -> None:
    file = Path(shutil.copy(example, tmp_path))
    for name, before in load(file).items():
        step(file, name)
        assert load(file)[name] == next_step(before).applied_to(before)


@pytest.mark.parametrize("keys", ["", 'ghes_version = "3.17"\n', 'ghes_version = "3.17"  # ours\n# yours\n'])
def test_the_keys_stand_before_a_table_of_tags(tmp_path: Path, keys: str) -> None:
    file = tmp_path / "instances.toml"
    file.write_text(f'[instances.a]\n{keys}\n[instances.a.tags]\ncost-center = "1234"\n')
    before = load(file)["a"]
    step(file, "a")
    assert load(file)["a"] == next_step(before).applied_to(before)
    assert file.read_text().endswith('\n[instances.a.tags]\ncost-center = "1234"\n')


@pytest.mark.parametrize(
    "text",
    [
        '[instances.a]\n[instances.b]\n[instances.a.tags]\ncost-center = "1234"\n',
        '[instances.a]\rghes_version = "3.17"\r',
    ],
)
def test_a_table_that_cannot_be_changed_is_left_with_the_values_to_set(tmp_path: Path, text: str) -> None:
    file = tmp_path / "instances.toml"
    file.write_bytes(text.encode())
    with pytest.raises(ConfigurationError, match=r'set access_key = 2 and previous_access_key = "active" yourself'):
        step(file, "a")
    assert file.read_bytes() == text.encode()


def test_the_change_is_shown_as_a_diff(file: Path) -> None:
    shown = difference(file, changed(file, "production", next_step(load(file)["production"])))
    assert [line for line in shown.splitlines() if line[0] in "+-" and line[1] not in "+-"] == [
        "-access_key = 1           # quarterly",
        "+access_key = 2           # quarterly",
        '+previous_access_key = "active"',
    ]


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    step(link, "production")
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert load(file)["production"].access_key == 2


def test_a_write_that_fails_changes_nothing_and_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="cannot be written: No space left on device; nothing was changed"):
        step(file, "production")
    assert file.read_text() == LAYOUT
    assert list(file.parent.iterdir()) == [file]

"""What `make setup` installs is pinned, all of it, by version and by hash."""

import json
import re
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
GROUPS = PYPROJECT["dependency-groups"]

ASKED = {
    "requirements.txt": PYPROJECT["project"]["dependencies"],
    "requirements-dev.txt": [*PYPROJECT["project"]["dependencies"], *GROUPS["dev"]],
    "requirements-uv.txt": GROUPS["installer"],
}
"""What each lock is of."""


def entries(lock: str) -> list[str]:
    """Each with its hashes, on one line."""
    text = (PROJECT / lock).read_text().replace("\\\n", "")
    return [line for line in text.splitlines() if not line.strip().startswith("#")]


def pins(lock: str) -> dict[str, str]:
    """The versions of what is installed on this machine."""
    found = [Requirement(entry.partition(" --hash")[0]) for entry in entries(lock)]
    here = [each for each in found if not each.marker or each.marker.evaluate()]
    assert all(re.fullmatch(r"==[^*,]+", str(each.specifier)) for each in here)
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in here}


def closure(wanted: list[Requirement], seen: set[str]) -> set[str]:
    """The names, and everything that these require on this machine."""
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        if name in seen:
            continue
        seen.add(name)
        extras = ["", *requirement.extras]
        below = [Requirement(line) for line in requires(name) or []]
        closure(
            [each for each in below if not each.marker or any(each.marker.evaluate({"extra": e}) for e in extras)], seen
        )
    return seen


@pytest.mark.parametrize("lock", ASKED)
def test_what_is_asked_for_is_pinned_with_all_that_it_brings_along(lock: str) -> None:
    """If the change is meant: make lock"""
    wanted = [Requirement(each) for each in ASKED[lock]]
    assert {(canonicalize_name(each.name), str(each.specifier)) for each in wanted} <= {
        (name, f"=={version}") for name, version in pins(lock).items()
    }
    assert closure(wanted, set()) == set(pins(lock))


@pytest.mark.parametrize("lock", ASKED)
def test_every_pin_has_its_hashes(lock: str) -> None:
    assert [entry for entry in entries(lock) if not re.search(r" --hash=sha256:[0-9a-f]{64}\b", entry)] == []


@pytest.mark.parametrize("lock", ASKED)
def test_what_is_installed_is_what_is_pinned(lock: str) -> None:
    assert {name: version(name) for name in pins(lock)} == pins(lock)


def test_the_project_is_built_with_what_is_pinned_too() -> None:
    """`make setup` builds it without the network."""
    [builder] = [Requirement(each) for each in PYPROJECT["build-system"]["requires"]]
    assert pins("requirements-dev.txt")[builder.name] == str(builder.specifier).removeprefix("==")


def test_what_npm_installs_is_pinned() -> None:
    asked = json.loads((PROJECT / "package.json").read_text())["devDependencies"]
    _, *locked = json.loads((PROJECT / "package-lock.json").read_text())["packages"].items()
    versions = {name.removeprefix("node_modules/"): package["version"] for name, package in locked}
    assert [name for name, version in asked.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert {name: versions[name] for name in asked} == asked
    assert [name for name, package in locked if not package["integrity"].startswith("sha512-")] == []

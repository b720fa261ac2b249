"""What `make setup` installs is pinned, all of it."""

import json
import re
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parent.parent
FILES = ("requirements.txt", "requirements-dev.txt")


def pins(name: str) -> dict[str, str]:
    lines = (PROJECT / name).read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    assert all(re.fullmatch(r"==[^*,]+", str(each.specifier)) for each in found)
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in found}


def closure(names: list[Requirement], seen: set[str]) -> set[str]:
    """The names, and everything that these require on this machine."""
    for requirement in names:
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


@pytest.mark.parametrize(("name", "may_use"), [(FILES[0], FILES[:1]), (FILES[1], FILES)])
def test_everything_that_a_requirement_brings_along_is_pinned_too(name: str, may_use: tuple[str, ...]) -> None:
    pinned = {key for file in may_use for key in pins(file)}
    lines = (PROJECT / name).read_text().splitlines()
    direct = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    assert closure(direct, set()) <= pinned


@pytest.mark.parametrize("name", FILES)
def test_what_is_installed_is_what_is_pinned(name: str) -> None:
    assert {key: version(key) for key in pins(name)} == pins(name)


def test_what_npm_installs_is_pinned() -> None:
    asked = json.loads((PROJECT / "package.json").read_text())["devDependencies"]
    _, *locked = json.loads((PROJECT / "package-lock.json").read_text())["packages"].items()
    versions = {name.removeprefix("node_modules/"): package["version"] for name, package in locked}
    assert [name for name, version in asked.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert {name: versions[name] for name in asked} == asked
    assert [name for name, package in locked if not package["integrity"].startswith("sha512-")] == []

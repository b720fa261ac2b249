"""The version: written once, in the template's Metadata, and nothing that a deploy would change a resource for."""

import re
from pathlib import Path

from ghes_packages import __version__
from ghes_packages.template.version import METADATA, version_of
from tests.review.pairs import changes
from tests.synthesis import template_of

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"


def test_the_template_says_which_version_wrote_it() -> None:
    assert version_of(template_of()) == __version__
    assert template_of()["Metadata"] == METADATA


def test_a_template_of_an_older_version_or_of_somebody_else_says_none() -> None:
    assert version_of({"Resources": {}}) is None
    assert version_of({"Metadata": {"GhesPackages": ["1.1.0"]}}) is None


def test_another_version_alone_is_no_change() -> None:
    for metadata in (None, {"GhesPackages": {"Version": "0.9"}}):
        assert not changes({**template_of(), "Metadata": metadata})


def test_the_changelog_begins_with_the_version() -> None:
    assert re.findall(r"^## (.*)$", CHANGELOG.read_text(), re.MULTILINE)[0] == __version__

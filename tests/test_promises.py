"""Every promise has what holds it, at synth, in a review and deployed, or a reason why nothing does."""

import re
from pathlib import Path

import pytest

import ghes_packages
from ghes_packages.guardrails import RULES
from ghes_packages.verify.held import HELD
from tests.promises import COMPARISONS, NOT_VERIFIED, ONLY_VERIFIED, promises, risks

PACKAGE = Path(ghes_packages.__file__).parent


def source(folder: str) -> str:
    return "\n".join(file.read_text() for file in sorted((PACKAGE / folder).rglob("*.py")) if file.stem != "held")


@pytest.mark.parametrize("row", list(promises()), ids=lambda row: row[0])
def test_no_cell_is_empty(row: tuple[str, ...]) -> None:
    assert all(each.strip("* ") for each in row)


def test_a_rule_has_a_check_of_verify_or_a_reason_and_never_both() -> None:
    held = {name for rules in HELD.values() for name in rules}
    assert held | NOT_VERIFIED.keys() == {rule.name for rule in RULES}
    assert not held & NOT_VERIFIED.keys()


def test_the_checks_are_those_of_verify() -> None:
    named = {
        *HELD,
        *(title for each in ONLY_VERIFIED for title in each.checks),
        *(title for each in COMPARISONS if not isinstance(each.verify, str) for title in each.verify),
    }
    assert not [title for title in named if f'"{title}"' not in source("verify")]


def test_every_risk_that_a_review_finds_is_in_the_table() -> None:
    """The IDs begin with words that are written in the code; a resource's with its type, a setting's with its topic."""
    beginnings = set(re.findall(r'(?:identifier\(|Risk\()\s*f?"([a-z]+(?:-[a-z]+)*)', source("review")))
    named = " ".join(ids for _, ids, _ in risks())
    assert len(beginnings) > 8
    assert not [each for each in beginnings if f"`{each}" not in named]

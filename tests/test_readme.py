import re
from pathlib import Path

import pytest

from ghes_packages.cli import app
from tests.readme import PAGES, README, generated, written
from tests.synthesis import template_of

TEXT = README.read_text()


def test_what_repeats_the_code_is_generated_from_it() -> None:
    """If the change is meant: python -m tests.readme"""
    pages = [page.read_text() for page in PAGES]
    assert [written(text) for text in pages] == pages
    assert all(f"<!-- generated: {name} -->" in "".join(pages) for name in generated())


def test_the_table_of_resources_names_what_the_template_makes() -> None:
    [table] = re.findall(r"^\| resource \|.*?\n\n", TEXT, re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"`(AWS::\w+::\w+)`", table))
    assert named == {resource["Type"] for resource in template_of()["Resources"].values()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https://)([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
        anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
        assert not anchor or anchor in anchors, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_whoever_is_told_to_enter_settings_is_told_that_saving_restarts_services(page: Path) -> None:
    text = page.read_text()
    assert "Management Console" not in text or "management-console.md" in text or page.stem == "management-console"
    assert "without an outage" not in text


def test_the_readme_is_read_in_minutes() -> None:
    assert len(TEXT.split()) <= 1700


def test_the_index_has_every_page() -> None:
    index = README.parent / "docs" / "README.md"
    named = {target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", index.read_text())}
    assert {page.name for page in index.parent.glob("*.md")} - named == {index.name}


def test_each_runbook_says_first_when_who_how_long_and_what_the_way_back_is() -> None:
    [table] = re.findall(r"^\| when \| runbook \|.*?\n\n", TEXT, re.DOTALL | re.MULTILINE)
    pages = {target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", table)} - {"docs/troubleshooting.md"}
    head = ["when", "who", "how long", "users notice", "it worked when", "the way back"]
    for page in {*pages, "docs/management-console.md"}:
        [rows] = re.findall(r"^\| \| \|\n\|---\|---\|\n((?:\|.*\n)+)", (README.parent / page).read_text(), re.MULTILINE)
        assert [row.split(" | ")[0].removeprefix("| ") for row in rows.splitlines()] == head, page


def test_every_command_is_named() -> None:
    _, _, section = (README.parent / "docs" / "reference.md").read_text().partition("## The commands")
    names = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    assert names
    assert not [name for name in names if f"`{name}`" not in section]

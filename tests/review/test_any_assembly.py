"""Whatever stands in the folders that `review` compares: a report, in which nothing leaves its place, or a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ghes_packages.errors import ConfigurationError
from ghes_packages.review import markdown
from ghes_packages.review.pull_request import review_assemblies
from ghes_packages.review.report import Report
from tests import strangers
from tests.review.pairs import Json, assembly
from tests.synthesis import template_of


def reviewed(before: Json, after: Json, manifest: Any = None) -> Report | str:
    """The report, or what the folders are refused with."""
    with TemporaryDirectory() as folder:
        base = assembly(Path(folder) / "base", {"production": before})
        head = assembly(Path(folder) / "head", {"production": after})
        if manifest:
            (head / "manifest.json").write_text(json.dumps(manifest(json.loads((head / "manifest.json").read_text()))))
        return report_of(base, head)


def report_of(base: Path, head: Path) -> Report | str:
    try:
        return review_assemblies(base, head, ())
    except ConfigurationError as refused:
        return str(refused)


def holds(report: Report | str) -> None:
    """That whatever it quotes stays what it is: text in a line, and in a cell of a table."""
    if isinstance(report, str):
        assert report.isprintable()
        return
    assert all(line.isprintable() for line in report.as_text("no risk found", "make deploy").split("\n"))
    json.loads(report.as_json())
    written = markdown.written(report)
    assert all(line.isprintable() for line in written.split("\n"))
    for table in tables(written):
        assert {line.count("|") for line in table} == {table[0].count("|")}
    for token in MarkdownIt("commonmark").enable("table").parse(written):
        assert token.type not in ("html_block", "image") or token.content.startswith(("<details>", "</details>"))


def tables(written: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in [*written.split("\n"), ""]:
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            yield lines
            lines = []


@given(st.data())
def test_any_template_is_reviewed_or_refused(data: st.DataObject) -> None:
    template = strangers.edited(template_of(), data.draw)
    holds(reviewed(template_of(), template))
    holds(reviewed(template, template_of()))


@given(st.data())
def test_any_manifest_is_reviewed_or_refused(data: st.DataObject) -> None:
    holds(reviewed(template_of(), template_of(), lambda manifest: strangers.edited(manifest, data.draw)))


@given(strangers.json)
def test_any_new_template_is_shown_or_refused(template: Any) -> None:
    with TemporaryDirectory() as folder:
        made = assembly(Path(folder) / "head", {"production": template})
        (Path(folder) / "base").mkdir()
        (Path(folder) / "base" / "manifest.json").write_text("{}")
        holds(report_of(Path(folder) / "base", made))

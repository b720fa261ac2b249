"""The report for people, and for machines."""

import json
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ghes_packages.verify.report import Outcome, Report

STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_CHECKED: "yellow"}
SIGNS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.NOT_CHECKED: "?"}


def as_json(report: Report) -> str:
    """The report as one JSON object."""
    return json.dumps(
        {
            "instance": report.instance,
            "passed": report.count(Outcome.PASSED),
            "failed": report.count(Outcome.FAILED),
            "not_checked": report.count(Outcome.NOT_CHECKED),
            "checks": [
                {
                    "section": finding.check.section,
                    "title": finding.check.title,
                    "action": finding.check.action or None,
                    "expected": finding.check.expected,
                    "outcome": finding.outcome,
                    "happened": finding.happened,
                    "remedy": finding.check.remedy if finding.outcome is Outcome.FAILED else None,
                }
                for finding in report.findings
            ],
        },
        indent=2,
    )


def write_tables(report: Report, console: Console) -> None:
    """A table for each section, what to do about each failure, and the sum."""
    by_section = groupby(report.findings, key=lambda finding: finding.check.section)
    for position, (section, findings) in enumerate(by_section):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True, show_header=position == 0)
        table.add_column("", width=6)
        table.add_column("check", width=30, overflow="fold")
        table.add_column("expected", width=19, overflow="fold")
        table.add_column("what happened", ratio=1, overflow="fold")
        console.print(Text(section, style="bold"))
        for finding in findings:
            sign = Text(SIGNS[finding.outcome], style=STYLES[finding.outcome])
            as_expected = finding.happened == finding.check.expected
            happened = Text("as expected" if as_expected else finding.happened)
            table.add_row(sign, finding.check.title, finding.check.expected, happened)
        console.print(table)
    for finding in report.findings:
        if finding.outcome is Outcome.FAILED:
            console.print(Text.assemble((f"{finding.check.title}: {finding.happened}", STYLES[Outcome.FAILED])))
            console.print(f"  what to do: {finding.check.remedy}", soft_wrap=True, markup=False, highlight=False)
    console.print(_sum(report), highlight=False)


def _sum(report: Report) -> str:
    counts = {outcome: report.count(outcome) for outcome in Outcome}
    return f"{report.instance}: " + ", ".join(
        f"{count} {outcome}" for outcome, count in counts.items() if count or outcome is not Outcome.NOT_CHECKED
    )

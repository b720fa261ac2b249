"""The report for people."""

from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ghes_packages.verify.report import Outcome, Report

STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_CHECKED: "yellow"}
SIGNS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.NOT_CHECKED: "?"}


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
    return f"{report.name}: " + ", ".join(
        f"{count} {outcome}" for outcome, count in counts.items() if count or outcome is not Outcome.NOT_CHECKED
    )

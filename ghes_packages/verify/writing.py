"""The report for people."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ghes_packages.verify.report import Finding, Outcome, Report

STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_CHECKED: "yellow"}
SIGNS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.NOT_CHECKED: "?"}
WORST_FIRST = (Outcome.FAILED, Outcome.NOT_CHECKED, Outcome.PASSED)


def write(report: Report, console: Console, *, all_checks: bool = False) -> None:
    """A line for each section, or with `all_checks` for each check; the sum; then each problem and its fix."""
    if all_checks:
        _write_checks(report, console)
    else:
        _write_sections(report, console)
    console.print(_sum(report), highlight=False)
    for section, titles, why in report.not_checked():
        _write_problem(console, Outcome.NOT_CHECKED, section, titles)
        _write_indented(console, f"not checked: {why}")
    for finding in report.failed():
        _write_problem(console, Outcome.FAILED, finding.check.section, finding.check.title)
        _write_indented(console, f"expected: {finding.check.expected}")
        _write_indented(console, f"found: {finding.happened}")
        # A command to copy: on one line, however long.
        console.print(f"  what to do: {finding.check.remedy}", soft_wrap=True, markup=False, highlight=False)


def _sections(report: Report) -> Iterator[tuple[str, list[Finding]]]:
    for section, findings in groupby(report.findings, key=lambda finding: finding.check.section):
        yield section, list(findings)


def _write_sections(report: Report, console: Console) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=6)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for section, findings in _sections(report):
        outcomes = Counter(finding.outcome for finding in findings)
        worst = next(outcome for outcome in WORST_FIRST if outcomes[outcome])
        of_all = "" if worst is Outcome.PASSED else f" of {len(findings)}"
        table.add_row(_sign(worst), section, f"{outcomes[Outcome.PASSED]}{of_all} passed")
    console.print(table)


def _write_checks(report: Report, console: Console) -> None:
    for position, (section, findings) in enumerate(_sections(report)):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True, show_header=position == 0)
        table.add_column("", width=6)
        table.add_column("check", width=30, overflow="fold")
        table.add_column("expected", width=19, overflow="fold")
        table.add_column("what happened", ratio=1, overflow="fold")
        console.print(Text(section, style="bold"))
        for finding in findings:
            as_expected = finding.happened == finding.check.expected
            happened = Text("as expected" if as_expected else finding.happened)
            table.add_row(_sign(finding.outcome), finding.check.title, finding.check.expected, happened)
        console.print(table)


def _sign(outcome: Outcome) -> Text:
    return Text(SIGNS[outcome], style=STYLES[outcome])


def _write_problem(console: Console, outcome: Outcome, section: str, title: str) -> None:
    console.print()
    console.print(Text(f"{section}: {title}", style=STYLES[outcome]))


def _write_indented(console: Console, line: str) -> None:
    console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def _sum(report: Report) -> str:
    counts = {outcome: report.count(outcome) for outcome in Outcome}
    return f"{report.name}: " + ", ".join(
        f"{count} {outcome}" for outcome, count in counts.items() if count or outcome is not Outcome.NOT_CHECKED
    )

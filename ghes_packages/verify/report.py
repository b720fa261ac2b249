"""A check, what came of it, and the report of all checks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from ghes_packages.interruption import Stop, in_thread
from ghes_packages.live.aws import NotProcessed, code, named
from ghes_packages.policies.document import UnreadablePolicy
from ghes_packages.printable import one_line


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


HEADINGS = tuple(Outcome)
# The calls of one instance that AWS answers at the same time.
AT_ONCE = 8


class Failed(Exception):
    """Raised by a check that found something else than expected, with what happened.

    `remedy` is for what only the check could find out about what mends it.
    """

    def __init__(self, happened: str, remedy: str = "") -> None:
        super().__init__(happened)
        self.remedy = remedy


class NotChecked(Exception):
    """Raised by a check that could not be made; the message is why."""


@dataclass(frozen=True)
class Check:
    """One promise and how to see whether it is kept.

    `run` returns what happened when all is well; it raises Failed, NotChecked, NotProcessed or ClientError otherwise.
    `needs` names the check without which this one says nothing, `after` those that must have been made before, whatever
    came of them. `action` is the S3 action that it proves, if any. One that `writes` must not be left half-way.
    """

    section: str
    title: str
    expected: str
    run: Callable[[], str]
    remedy: str
    needs: str = ""
    action: str = ""
    after: tuple[str, ...] = ()
    writes: bool = False


@dataclass(frozen=True)
class Finding:
    """A check that was made, and what happened."""

    check: Check
    outcome: Outcome
    happened: str

    @property
    def title_if_passed(self) -> str | None:
        """What the checks that need this one look for."""
        return self.check.title if self.outcome is Outcome.PASSED else None


@dataclass(frozen=True)
class Report:
    """All findings about one instance, in the order in which they were made."""

    name: str
    findings: tuple[Finding, ...]

    def count(self, outcome: Outcome) -> int:
        """How many checks came out so."""
        return sum(finding.outcome is outcome for finding in self.findings)

    @property
    def exit_status(self) -> int:
        """0 if all passed, 1 if something is wrong, 3 if nothing is wrong but something could not be checked."""
        if self.count(Outcome.FAILED):
            return 1
        return 3 if self.count(Outcome.NOT_CHECKED) else 0

    def row(self) -> Sequence[str]:
        """How many checks came out how, under HEADINGS."""
        return [str(self.count(outcome)) for outcome in HEADINGS]

    def failed(self) -> Iterator[Finding]:
        """What is wrong."""
        return (finding for finding in self.findings if finding.outcome is Outcome.FAILED)

    def not_checked(self) -> Iterator[tuple[str, str, str]]:
        """What could not be checked for a reason of its own: section, titles, and why. One reason comes once.

        A check that needs another one that did not pass has no such reason.
        """
        passed = {finding.title_if_passed for finding in self.findings}
        titles: dict[tuple[str, str], list[str]] = {}
        for finding in self.findings:
            if finding.outcome is Outcome.NOT_CHECKED and (not finding.check.needs or finding.check.needs in passed):
                titles.setdefault((finding.check.section, finding.happened), []).append(finding.check.title)
        return ((section, ", ".join(each), why) for (section, why), each in titles.items())

    def problems(self) -> Iterator[str]:
        """What could not be checked and why, then what failed and what mends it; one line each."""
        for section, titles, why in self.not_checked():
            yield f"{section}: {titles}: not checked: {why}"
        for finding in self.failed():
            check = finding.check
            yield f"{check.section}: {check.title}: {finding.happened}; what to do: {check.remedy}"

    def for_machines(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "instance": self.name,
            "passed": self.count(Outcome.PASSED),
            "failed": self.count(Outcome.FAILED),
            "not_checked": self.count(Outcome.NOT_CHECKED),
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
                for finding in self.findings
            ],
        }


def make(
    checks: Iterable[Check], announce: Callable[[str], None], stop: Stop | None = None, at_once: int = AT_ONCE
) -> tuple[Finding, ...]:
    """Make the checks, so many at once; the findings in the order of the checks.

    A check waits for the earlier ones that it names. Those that the most others wait for in a row come first.
    `announce` is told the title of each before it is made.
    Raises Interrupted, and what a check raises that is no finding: of several, what the first of them raises. Then no
    check that writes is under way.
    """
    stop, checks = stop or Stop(), list(checks)
    findings: dict[int, Finding] = {}
    raised: dict[int, BaseException] = {}
    running: dict[Future[Finding], int] = {}
    before = [_before(check, checks[:number]) for number, check in enumerate(checks)]
    waiting = _longest_row_first(before)

    def run(number: int) -> Finding:
        check, passed = checks[number], {findings[each].title_if_passed for each in before[number]}
        announce(check.title)
        if check.needs and check.needs not in passed:
            return _printable(Finding(check, Outcome.NOT_CHECKED, f"needs: {check.needs}"))
        return _printable(_make(check))

    try:
        while waiting or running:
            ready = [number for number in waiting if all(each in findings for each in before[number])]
            for number in ready[: at_once - len(running)]:
                waiting.remove(number)
                running[in_thread(partial(run, number))] = number
            for future in stop.any_of(running):
                number = running.pop(future)
                if error := future.exception():
                    raised[number] = error
                    waiting = [each for each in waiting if each < number]
                else:
                    findings[number] = future.result()
    finally:
        wait([future for future, number in running.items() if checks[number].writes])
    if raised:
        raise raised[min(raised)]
    return tuple(findings[number] for number in range(len(checks)))


def _before(check: Check, earlier: Sequence[Check]) -> list[int]:
    return [number for number, each in enumerate(earlier) if each.title in (check.needs, *check.after)]


def _longest_row_first(before: Sequence[Sequence[int]]) -> list[int]:
    """The numbers of all checks; those of which none waits for another are the last ones."""
    in_a_row = [1] * len(before)
    for number in reversed(range(len(before))):
        for each in before[number]:
            in_a_row[each] = max(in_a_row[each], in_a_row[number] + 1)
    return sorted(range(len(before)), key=lambda number: -in_a_row[number])


def _printable(finding: Finding) -> Finding:
    # It quotes policies and other answers of AWS, which whoever wrote them would show on this terminal as they like.
    check = replace(finding.check, expected=one_line(finding.check.expected), remedy=one_line(finding.check.remedy))
    return Finding(check, finding.outcome, one_line(finding.happened))


def _make(check: Check) -> Finding:
    try:
        return Finding(check, Outcome.PASSED, check.run())
    except Failed as failed:
        return Finding(replace(check, remedy=failed.remedy or check.remedy), Outcome.FAILED, str(failed))
    except (NotChecked, NotProcessed, UnreadablePolicy) as not_checked:
        return Finding(check, Outcome.NOT_CHECKED, str(not_checked))
    except ClientError as error:
        lacking = f" ({action})" if (action := named(error)) else ""
        return Finding(check, Outcome.FAILED, f"{error.operation_name}: {code(error)}{lacking}")

"""A check, what came of it, and the report of all checks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from ghes_packages.live.aws import NotProcessed, code, named
from ghes_packages.policies.document import UnreadablePolicy
from ghes_packages.printable import one_line


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


HEADINGS = tuple(Outcome)


class Failed(Exception):
    """Raised by a check that found something else than expected; the message is what happened."""


class NotChecked(Exception):
    """Raised by a check that could not be made; the message is why."""


@dataclass(frozen=True)
class Check:
    """One promise and how to see whether it is kept.

    `run` returns what happened when all is well; it raises Failed, NotChecked, NotProcessed or ClientError otherwise.
    `needs` names the check without which this one says nothing. `action` is the S3 action that it proves, if any.
    """

    section: str
    title: str
    expected: str
    run: Callable[[], str]
    remedy: str
    needs: str = ""
    action: str = ""


@dataclass(frozen=True)
class Finding:
    """A check that was made, and what happened."""

    check: Check
    outcome: Outcome
    happened: str


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

    def problems(self) -> Iterator[str]:
        """What failed, with what mends it; one line each."""
        for finding in self.findings:
            if finding.outcome is Outcome.FAILED:
                yield f"{finding.check.title}: {finding.happened}; what to do: {finding.check.remedy}"

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


def make(checks: Iterable[Check], announce: Callable[[str], None]) -> Iterator[Finding]:
    """Make the checks one after the other; `announce` is told the title of each before it is made."""
    passed: set[str] = set()
    for check in checks:
        announce(check.title)
        if check.needs and check.needs not in passed:
            yield Finding(check, Outcome.NOT_CHECKED, f"needs: {check.needs}")
            continue
        finding = _printable(_make(check))
        if finding.outcome is Outcome.PASSED:
            passed.add(check.title)
        yield finding


def _printable(finding: Finding) -> Finding:
    # It quotes policies and other answers of AWS, which whoever wrote them would show on this terminal as they like.
    check = replace(finding.check, expected=one_line(finding.check.expected), remedy=one_line(finding.check.remedy))
    return Finding(check, finding.outcome, one_line(finding.happened))


def _make(check: Check) -> Finding:
    try:
        return Finding(check, Outcome.PASSED, check.run())
    except Failed as failed:
        return Finding(check, Outcome.FAILED, str(failed))
    except (NotChecked, NotProcessed, UnreadablePolicy) as not_checked:
        return Finding(check, Outcome.NOT_CHECKED, str(not_checked))
    except ClientError as error:
        lacking = f" ({action})" if (action := named(error)) else ""
        return Finding(check, Outcome.FAILED, f"{error.operation_name}: {code(error)}{lacking}")

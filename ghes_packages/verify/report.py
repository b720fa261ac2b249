"""A check, what came of it, and the report of all checks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import ClientError

from ghes_packages.aws import code


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Failed(Exception):
    """Raised by a check that found something else than expected; the message is what happened."""


class NotChecked(Exception):
    """Raised by a check that could not be made; the message is why."""


@dataclass(frozen=True)
class Check:
    """One promise and how to see whether it is kept.

    `run` returns what happened when all is well; it raises Failed, NotChecked or a ClientError otherwise.
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

    instance: str
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


def make(checks: Iterable[Check], announce: Callable[[str], None]) -> Iterator[Finding]:
    """Make the checks one after the other; `announce` is told the title of each before it is made."""
    passed: set[str] = set()
    for check in checks:
        announce(check.title)
        if check.needs and check.needs not in passed:
            yield Finding(check, Outcome.NOT_CHECKED, f"needs: {check.needs}")
            continue
        finding = _make(check)
        if finding.outcome is Outcome.PASSED:
            passed.add(check.title)
        yield finding


def _make(check: Check) -> Finding:
    try:
        return Finding(check, Outcome.PASSED, check.run())
    except Failed as failed:
        return Finding(check, Outcome.FAILED, str(failed))
    except NotChecked as not_checked:
        return Finding(check, Outcome.NOT_CHECKED, str(not_checked))
    except ClientError as error:
        return Finding(check, Outcome.FAILED, f"{error.operation_name}: {code(error)}")

"""How a command answers: text for stdout and an exit status, and its progress on stderr."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from ghes_packages.all_instances import InstanceAnswer
    from ghes_packages.review.report import Report


@dataclass(frozen=True)
class Answer:
    """What a command prints on stdout, and its exit status."""

    text: str
    exit_status: int = 0


def of_one(answer: "InstanceAnswer", write: Callable[["Console"], None], *, json: bool, quiet: bool) -> Answer:
    """One instance, as JSON, as problems only, or as `write` writes it."""
    if json:
        return Answer(as_json(answer.for_machines()), answer.exit_status)
    return Answer(_problems([answer]) if quiet else rendered(write), answer.exit_status)


def side_by_side(headings: Sequence[str], answers: "Sequence[InstanceAnswer]", *, json: bool, quiet: bool) -> Answer:
    """All instances: a list in JSON, their problems only, or a table."""
    from ghes_packages.all_instances import worst, write_table

    if json:
        return Answer(as_json([answer.for_machines() for answer in answers]), worst(answers))
    if quiet:
        return Answer(_problems(answers), worst(answers))
    return Answer(rendered(lambda console: write_table(headings, answers, console)), worst(answers))


def of_a_review(report: "Report", write: Callable[[], str], *, json: bool, quiet: bool) -> Answer:
    """A review, as JSON, as the risks that nobody accepted, or as `write` writes it."""
    if json:
        return Answer(report.as_json(), report.exit_status)
    refused = (f"{risk.instance}: {risk.id}: {risk.risk.why}" for risk in report.risks if not risk.accepted)
    return Answer("\n".join(refused) if quiet else write(), report.exit_status)


def counted(answers: "Iterator[InstanceAnswer]", total: int, status: "Status") -> "Iterator[InstanceAnswer]":
    """The answers; the progress shows how many there are."""
    for count, answer in enumerate(answers, 1):
        status.update(f"{count} of {total} instances")
        yield answer


def as_json(answer: Any) -> str:
    """As every command writes JSON."""
    return json.dumps(answer, indent=2)


def progress(*, hidden: bool) -> "Status":
    """What the command is doing, on stderr, where that is a terminal."""
    from rich.console import Console

    return Console(stderr=True, quiet=hidden).status("asking AWS")


def rendered(write: Callable[["Console"], None]) -> str:
    """What `write` prints, with colours where stdout is a terminal."""
    from rich.console import Console

    console = Console()
    with console.capture() as capture:
        write(console)
    return capture.get().rstrip("\n")


def _problems(answers: "Sequence[InstanceAnswer]") -> str:
    return "\n".join(f"{answer.name}: {problem}" for answer in answers for problem in answer.problems())

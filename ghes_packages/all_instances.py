"""A command for all instances: each is checked separately, and a failure hides no other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Any, Protocol

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ghes_packages.config.instance import Instance
from ghes_packages.errors import AwsRefused, CannotGoOn, ConfigurationError, FoundWrong
from ghes_packages.interruption import Stop, side_by_side
from ghes_packages.printable import one_line

AT_ONCE = 32
# What is wrong comes before what could not be seen.
WORST_FIRST = (FoundWrong.exit_status, ConfigurationError.exit_status, AwsRefused.exit_status)
# By exit status, with the style.
SIGNS = {0: ("ok", "green"), FoundWrong.exit_status: ("WRONG", "bold red")}


class InstanceAnswer(Protocol):
    """The result of a command for one instance."""

    @property
    def name(self) -> str:
        """The instance."""

    @property
    def exit_status(self) -> int:
        """What the command exits with when it is for this instance alone."""

    def row(self) -> Sequence[str]:
        """What stands beside the name in a table of all instances."""

    def problems(self) -> Iterable[str]:
        """The problems for an administrator; one line each."""

    def for_machines(self) -> dict[str, Any]:
        """All of it, to be written as JSON."""


@dataclass(frozen=True)
class NoAnswer:
    """An instance of which nothing could be found out, and why, in one line."""

    name: str
    why: str
    exit_status: int

    def row(self) -> Sequence[str]:
        """Nothing is known."""
        return ()

    def problems(self) -> Iterable[str]:
        """Just the one."""
        return (self.why,)

    def for_machines(self) -> dict[str, Any]:
        """`error` is the key by which to know it."""
        return {"instance": self.name, "error": self.why, "exit_status": self.exit_status}


Question = Callable[[Instance], InstanceAnswer]
WritingQuestion = Callable[[Instance, Stop], InstanceAnswer]


def in_order(question: WritingQuestion, instances: Sequence[Instance]) -> Sequence[InstanceAnswer]:
    """The answers in the order of the instances, AT_ONCE at a time.

    For a question that writes: an interruption is told to each, and comes out when each has cleaned up.
    """

    def job(instance: Instance, stop: Stop) -> InstanceAnswer:
        return _asked(lambda each: question(each, stop), instance)

    return side_by_side([partial(job, instance) for instance in instances], AT_ONCE)


def at_once(question: Question, instances: Sequence[Instance]) -> Iterator[InstanceAnswer]:
    """The same. For a question that only reads: an interruption leaves it where it is."""
    with ThreadPool(min(AT_ONCE, len(instances))) as pool:
        yield from pool.imap(lambda instance: _asked(question, instance), instances)


def worst(answers: Iterable[InstanceAnswer]) -> int:
    """The exit status of the whole command."""
    found = {answer.exit_status for answer in answers}
    return next((status for status in WORST_FIRST if status in found), 0)


def write_table(headings: Sequence[str], answers: Sequence[InstanceAnswer], console: Console) -> None:
    """A row for each instance, the sum, and last what there is to do, a line each."""
    table = Table("", "instance", *headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for answer in answers:
        table.add_row(
            Text(*SIGNS.get(answer.exit_status, ("?", "yellow"))),
            answer.name,
            *(Text(one_line(each)) for each in answer.row()),
        )
    console.print(table)
    fine = sum(answer.exit_status == 0 for answer in answers)
    console.print(
        f"{len(answers)} instance{'' if len(answers) == 1 else 's'}: {fine} fine, {len(answers) - fine} not",
        highlight=False,
    )
    for answer in answers:
        for problem in answer.problems():
            console.print(Text.assemble((f"{answer.name}: ", "bold"), one_line(problem)), soft_wrap=True)


def _asked(question: Question, instance: Instance) -> InstanceAnswer:
    try:
        return question(instance)
    except CannotGoOn as error:
        notes: Sequence[str] = getattr(error, "__notes__", ())
        return NoAnswer(instance.name, "; ".join((str(error), *notes)), error.exit_status)

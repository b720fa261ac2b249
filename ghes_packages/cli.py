"""The command line `ghes-packages`. A verb imports what talks to AWS when it runs, so that `--help` is quick."""

import json as json_format
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import DEFAULT_FILE, choose, load, make_deploy, with_file
from ghes_packages.config.values import MAX_AGE_DAYS, UNUSED_FOR_HOURS
from ghes_packages.errors import CannotGoOn, ConfigurationError, FoundWrong
from ghes_packages.interruption import Interrupted, raise_interrupted
from ghes_packages.printable import one_line
from ghes_packages.settings import Format, Settings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from ghes_packages.all_instances import InstanceAnswer

PROGRAM = "ghes-packages"
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

InstanceName = Annotated[
    str | None,
    typer.Argument(metavar="INSTANCE", help="Its name in instances.toml; may be left out if there is one."),
]
All = Annotated[bool, typer.Option("--all", help="Every instance of the file, a row for each.")]
InstancesFile = Annotated[Path, typer.Option("--instances", metavar="FILE", help="Where the instances are.")]
# A century: with more, a date or a time span would be beyond what Python can hold.
MOST_DAYS = 36_500
UnusedFor = Annotated[
    float,
    typer.Option(
        "--unused-for",
        min=0,
        max=24 * MOST_DAYS,
        metavar="HOURS",
        help="How long a key must be unused to count as so.",
    ),
]
Previous = Annotated[bool, typer.Option("--previous", help="The access key before the newest one.")]
ASSEMBLY = Path("cdk.out")
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for machines.")]


@app.callback()
def _about() -> None:
    """Work with the storage for GitHub Packages that `cdk deploy` has made.

    AWS is reached with boto3's own settings: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, AWS_CA_BUNDLE.

    Exit status: 0 fine; 1 something is wrong; 2 wrong usage or configuration; 3 AWS or the network said no.
    """


@dataclass(frozen=True)
class Answer:
    """What a verb has to say on stdout, and its exit status."""

    text: str
    exit_status: int = 0


@app.command()
def settings(
    instance: InstanceName = None,
    form: Annotated[
        Format | None, typer.Option("--format", metavar="FORMAT", help=f"How to write them: {', '.join(Format)}.")
    ] = None,
    json: Json = False,
    show_secret: Annotated[bool, typer.Option("--show-secret", help="Read the secret key too, and show it.")] = False,
    previous: Previous = False,
    file: InstancesFile = DEFAULT_FILE,
) -> Answer:
    """What do I paste into the Management Console?"""
    from ghes_packages.live import aws, deployed

    if json and form not in (None, Format.JSON):
        raise ConfigurationError(f"--json and --format {form}: they say different things; leave one out")
    chosen = choose(load(file), instance, file)
    session = aws.session(chosen)
    outputs = deployed.read(chosen, session).outputs
    secret = deployed.read_secret(outputs, session, previous=previous) if show_secret else None
    if previous:
        outputs = outputs.of_the_previous_key()
    return Answer(Settings(chosen, outputs, secret).write(form or (Format.JSON if json else Format.TABLE)))


@app.command()
def verify(
    instance: InstanceName = None,
    every: All = False,
    previous: Previous = False,
    json: Json = False,
    file: InstancesFile = DEFAULT_FILE,
) -> Answer:
    """Does it work, is it as private as promised, and if not, why?

    The deployed access key is used for what GHES does, and your own rights to look at the bucket and the user.

    What it writes, it writes below a prefix of its own, and removes it again.
    """
    from ghes_packages.all_instances import one_by_one
    from ghes_packages.verify import verify, writing
    from ghes_packages.verify.report import HEADINGS, Report

    chosen = _chosen(file, instance, every=every)

    def ask(each: Instance) -> Report:
        progress.update(f"{each.name}: looking at the stack")
        return verify(each, lambda title: progress.update(f"{each.name}: {title}"), previous=previous)

    with _progress() as progress:
        if every:
            return _side_by_side(HEADINGS, list(one_by_one(ask, chosen)), json=json)
        report = ask(chosen[0])
    text = _as_json(report.for_machines()) if json else _rendered(lambda console: writing.write_tables(report, console))
    return Answer(text, report.exit_status)


@app.command()
def status(
    instance: InstanceName = None,
    every: All = False,
    max_age: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, metavar="DAYS", help="How old a key may be.")
    ] = MAX_AGE_DAYS,
    unused_for: UnusedFor = UNUSED_FOR_HOURS,
    json: Json = False,
    file: InstancesFile = DEFAULT_FILE,
) -> Answer:
    """How is an instance, and how are its access keys? Without INSTANCE: how are all of them?"""
    from ghes_packages.all_instances import at_once
    from ghes_packages.status import HEADINGS, Status, read

    every = every or (instance is None and len(load(file)) > 1)
    chosen = _chosen(file, instance, every=every)

    def ask(each: Instance) -> Status:
        return read(each, timedelta(days=max_age), timedelta(hours=unused_for))

    if every:
        with _progress() as progress:
            return _side_by_side(HEADINGS, list(_counted(at_once(ask, chosen), len(chosen), progress)), json=json)
    found = ask(chosen[0])
    return Answer(_as_json(found.for_machines()) if json else _rendered(found.write_table), found.exit_status)


@app.command()
def rotate(
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", help="Its name in instances.toml.")],
    back: Annotated[bool, typer.Option("--back", help="Take the step back instead.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change, and write nothing.")] = False,
    unused_for: UnusedFor = UNUSED_FOR_HOURS,
    force: Annotated[bool, typer.Option("--force", help="Go on against a refusal; needs --reason.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it must be.")] = "",
    file: InstancesFile = DEFAULT_FILE,
) -> Answer:
    """What is the next safe step to a new access key? Takes it in instances.toml.

    It refuses a step that would hurt, and writes nothing to AWS: the step is yours to review, commit and deploy.
    """
    from ghes_packages.live import access_keys, aws, deployed
    from ghes_packages.rotation import instances_file, steps

    if force != bool(reason.strip()):
        raise ConfigurationError('--force and --reason "…" go together: say why the refusal does not count')
    chosen = choose(load(file), instance, file)
    step = steps.step_back(chosen) if back else steps.next_step(chosen)
    session = aws.session(chosen)
    keys = access_keys.read(chosen, deployed.read(chosen, session).outputs, session)
    refused = list(steps.refusals(chosen, step, keys, datetime.now(UTC), timedelta(hours=unused_for)))
    if refused and not force:
        raise FoundWrong(
            f"{chosen.name}: {steps.stands(chosen)}. Refused to {step.title}: {'; '.join(refused)};"
            f" if you know better: ghes-packages rotate {with_file(chosen.name, file)}"
            f'{" --back" if back else ""} --force --reason "…"'
        )
    text = instances_file.changed(file, chosen.name, step)
    change = instances_file.difference(file, text)
    if not dry_run:
        instances_file.write(file, text)
    return Answer("\n".join(steps.told(chosen, file, step, change, refused, reason, dry_run=dry_run)))


@app.command()
def review(
    base: Annotated[Path | None, typer.Argument(metavar="[BASE]", help="What `cdk synth` wrote before.")] = None,
    head: Annotated[Path | None, typer.Argument(metavar="[HEAD]", help="What it writes with the change.")] = None,
    instance: Annotated[
        str | None, typer.Option("--deployed", metavar="INSTANCE", help="Compare with what is deployed of it instead.")
    ] = None,
    assembly: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="What to deploy; only with --deployed.", show_default=str(ASSEMBLY)),
    ] = None,
    accept: Annotated[list[str] | None, typer.Option(metavar="ID", help="A risk to take; may be repeated.")] = None,
    unused_for: UnusedFor = UNUSED_FOR_HOURS,
    json: Json = False,
    file: InstancesFile = DEFAULT_FILE,
) -> Answer:
    """What does a change do to storage and access?

    BASE and HEAD are folders such as cdk.out: they are compared offline, in Markdown for the pull request.
    """
    if instance is None:
        if base is None or head is None or assembly is not None:
            raise ConfigurationError("review takes either BASE and HEAD, or --deployed INSTANCE and perhaps --assembly")
        from ghes_packages.review import markdown
        from ghes_packages.review.pull_request import review_assemblies

        report = review_assemblies(base, head, accept or ())
        return Answer(report.as_json() if json else markdown.written(report), report.exit_status)
    if base is not None:
        raise ConfigurationError(f"--deployed {instance} takes no BASE and HEAD: it reads what is deployed from AWS")
    from ghes_packages.review.deployed import review_deployed

    chosen = choose(load(file), instance, file)
    found, otherwise = review_deployed(
        chosen, assembly or ASSEMBLY, accept or (), datetime.now(UTC), timedelta(hours=unused_for)
    )
    text = found.as_text(otherwise, make_deploy(chosen.name, file))
    return Answer(found.as_json() if json else text, found.exit_status)


def main() -> NoReturn:
    """Run the command line; every mistake is one line on stderr."""
    raise_interrupted()
    if not os.environ.get("COLUMNS", "").strip("0"):  # unknown, says who has no terminal; rich would print nothing
        os.environ.pop("COLUMNS", None)
    sys.exit(_exit_status())


def _exit_status() -> int:
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        answer = app(prog_name=PROGRAM, standalone_mode=False)
        if not isinstance(answer, Answer):  # --help
            answer = Answer("", answer)
        sys.stdout.write(f"{answer.text}\n" if answer.text else "")
        sys.stdout.flush()
        return answer.exit_status
    except CannotGoOn as error:
        return _complain(str(error), error.exit_status, error)
    except Interrupted as interruption:
        return _complain(f"interrupted by {interruption.signal.name}", interruption.exit_status, interruption)
    except typer.TyperException as error:
        # Typer's type conversion puts pydantic's prefix before its own words.
        problem = error.format_message().replace("Value error, ", "").rstrip(".")
        context = getattr(error, "ctx", None)
        command = context.command_path if context else PROGRAM
        return _complain(f"{problem}; see: {command} --help", 2) if problem else 2
    except BrokenPipeError:
        _forget(1)
        return 128 + signal.SIGPIPE
    except OSError as error:
        _forget(1)
        return _complain(f"the output cannot be written: {error}", 2)


def _chosen(file: Path, instance: str | None, *, every: bool) -> Sequence[Instance]:
    """All instances of the file, or the one."""
    if not every:
        return [choose(load(file), instance, file)]
    if instance is not None:
        raise ConfigurationError(f"--all and {instance}: they say different things; leave one out")
    return list(load(file).values())


def _side_by_side(headings: Sequence[str], answers: "Sequence[InstanceAnswer]", *, json: bool) -> Answer:
    from ghes_packages.all_instances import worst, write_table

    if json:
        return Answer(_as_json([answer.for_machines() for answer in answers]), worst(answers))
    return Answer(_rendered(lambda console: write_table(headings, answers, console)), worst(answers))


def _counted(answers: "Iterator[InstanceAnswer]", total: int, progress: "Status") -> "Iterator[InstanceAnswer]":
    for count, answer in enumerate(answers, 1):
        progress.update(f"{count} of {total} instances")
        yield answer


def _as_json(answer: Any) -> str:
    return json_format.dumps(answer, indent=2)


def _progress() -> "Status":
    from rich.console import Console

    return Console(stderr=True).status("asking AWS")


def _rendered(write: Callable[["Console"], None]) -> str:
    from rich.console import Console

    console = Console()
    with console.capture() as capture:
        write(console)
    return capture.get().rstrip("\n")


def _forget(stream: int) -> None:
    """Else Python tries once more at its end to write what is left, and fails with a status of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def _complain(line: str, exit_status: int, error: BaseException | None = None) -> int:
    try:
        for text in (*line.split("\n"), *getattr(error, "__notes__", ())):
            typer.echo(one_line(text), err=True)
    except OSError:
        _forget(2)
    return exit_status

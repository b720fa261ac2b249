"""The command line `ghes-packages`. A verb imports what talks to AWS when it runs, so that `--help` is quick."""

import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ghes_packages.command_line import answer
from ghes_packages.command_line.answer import Answer
from ghes_packages.command_line.completion import risk_ids
from ghes_packages.command_line.help import Command, Group, examples
from ghes_packages.command_line.options import (
    MOST_DAYS,
    All,
    AllChecks,
    AnyInstance,
    DeployedInstance,
    InstancesFile,
    Json,
    OneInstance,
    Previous,
    Quiet,
    UnusedFor,
    Verbose,
    Version,
)
from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import ASSEMBLY, choose, default_assembly, load, make_deploy, with_file
from ghes_packages.config.values import MAX_AGE_DAYS, UNUSED_FOR_HOURS
from ghes_packages.errors import CannotGoOn, ConfigurationError, FoundWrong
from ghes_packages.interruption import Interrupted, Stop, raise_interrupted, side_by_side
from ghes_packages.printable import one_line
from ghes_packages.settings import Format, Settings

PROGRAM = "ghes-packages"
app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog=examples("settings production", "verify", "COMMAND -h"))
def _about(version: Version = False) -> None:
    """Show, check and rotate the storage for GitHub Packages that `cdk deploy` created.

    The commands use the AWS settings of boto3: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, AWS_CA_BUNDLE.

    Exit status: 0 fine; 1 something is wrong; 2 wrong usage or configuration; 3 AWS or the network refused.
    """


@app.command(
    cls=Command, epilog=examples("settings production", "settings --show-secret", "settings --format env --previous")
)
def settings(
    instance: AnyInstance = None,
    form: Annotated[
        Format | None, typer.Option("--format", metavar="FORMAT", help=f"How to print them: {', '.join(Format)}.")
    ] = None,
    json: Json = False,
    show_secret: Annotated[bool, typer.Option("--show-secret", help="Read the secret key too, and print it.")] = False,
    previous: Previous = False,
    verbose: Verbose = False,
    *,
    file: InstancesFile,
) -> Answer:
    """Print the settings to enter in the Management Console."""
    from ghes_packages.live import aws, deployed

    if json and form not in (None, Format.JSON):
        raise ConfigurationError(f"--json and --format {form}: they contradict each other; leave one out")
    chosen = choose(load(file), instance, file)
    session = aws.session(chosen)
    outputs = deployed.read(chosen, session).outputs
    secret = deployed.read_secret(outputs, session, previous=previous) if show_secret else None
    if previous:
        outputs = outputs.of_the_previous_key()
    return Answer(Settings(chosen, outputs, secret).write(form or (Format.JSON if json else Format.TABLE)))


@app.command(
    cls=Command,
    epilog=examples(
        "verify production", "verify production --all-checks", "verify --all --quiet", "verify --previous --json"
    ),
)
def verify(
    instance: AnyInstance = None,
    every: All = False,
    all_checks: AllChecks = False,
    previous: Previous = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    *,
    file: InstancesFile,
) -> Answer:
    """Check that the storage works and is private, and print how to fix it if not.

    This uses the deployed access key like GHES, and your own permissions to read the bucket and the user.

    It writes test objects under its own prefix, and deletes them again.
    """
    from ghes_packages.all_instances import in_order
    from ghes_packages.verify import verify, writing
    from ghes_packages.verify.report import HEADINGS, Report

    if all_checks and (every or quiet):
        raise ConfigurationError("--all-checks does not work with --all or --quiet: leave one of them out")
    chosen = _chosen(file, instance, every=every)

    def ask(each: Instance, stop: Stop) -> Report:
        progress.update(f"{each.name}: looking at the stack")
        return verify(each, lambda title: progress.update(f"{each.name}: {title}"), previous=previous, stop=stop)

    with answer.progress(hidden=quiet or verbose) as progress:
        if every:
            return answer.side_by_side(HEADINGS, in_order(ask, chosen), json=json, quiet=quiet)
        [report] = side_by_side([partial(ask, chosen[0])])
    return answer.of_one(
        report, lambda console: writing.write(report, console, all_checks=all_checks), json=json, quiet=quiet
    )


@app.command(cls=Command, epilog=examples("status", "status production --max-age 365", "status --json"))
def status(
    instance: AnyInstance = None,
    every: All = False,
    max_age: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, metavar="DAYS", help="How old a key may be.")
    ] = MAX_AGE_DAYS,
    unused_for: UnusedFor = UNUSED_FOR_HOURS,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    *,
    file: InstancesFile,
) -> Answer:
    """Show the stack, its access keys and their last use; without INSTANCE, of every instance."""
    from ghes_packages.all_instances import at_once
    from ghes_packages.status import HEADINGS, Status, read

    every = every or (instance is None and len(load(file)) > 1)
    chosen = _chosen(file, instance, every=every)

    def ask(each: Instance) -> Status:
        return read(each, timedelta(days=max_age), timedelta(hours=unused_for))

    if every:
        with answer.progress(hidden=quiet or verbose) as progress:
            answers = list(answer.counted(at_once(ask, chosen), len(chosen), progress))
        return answer.side_by_side(HEADINGS, answers, json=json, quiet=quiet)
    found = ask(chosen[0])
    return answer.of_one(found, found.write_table, json=json, quiet=quiet)


@app.command(
    cls=Command,
    epilog=examples("rotate production", "rotate production --dry-run", "rotate production --back"),
)
def rotate(
    instance: OneInstance,
    back: Annotated[bool, typer.Option("--back", help="Undo the last step.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the change, but write nothing.")] = False,
    unused_for: UnusedFor = UNUSED_FOR_HOURS,
    force: Annotated[bool, typer.Option("--force", help="Take a step that was refused; needs --reason.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why you take it.")] = "",
    json: Json = False,
    verbose: Verbose = False,
    *,
    file: InstancesFile,
) -> Answer:
    """Write the next safe step to a new access key into instances.toml.

    It refuses steps that could cut off GHES. It only reads from AWS: review, commit and deploy the change yourself.
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
    if json:
        return Answer(
            answer.as_json(steps.for_machines(chosen, file, step, change, refused, reason, written=not dry_run))
        )
    return Answer("\n".join(steps.told(chosen, file, step, change, refused, reason, dry_run=dry_run)))


@app.command(
    cls=Command,
    epilog=examples("review base/cdk.out head/cdk.out", "review --deployed production --accept access-key-1-in-use"),
)
def review(
    base: Annotated[
        Path | None, typer.Argument(metavar="BASE", help="The `cdk synth` assembly before the change.")
    ] = None,
    head: Annotated[Path | None, typer.Argument(metavar="HEAD", help="The assembly with the change.")] = None,
    instance: DeployedInstance = None,
    assembly: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The assembly to deploy; only with --deployed.", show_default=ASSEMBLY),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Accept the risk of this ID; may be repeated.", autocompletion=risk_ids),
    ] = None,
    unused_for: UnusedFor = UNUSED_FOR_HOURS,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    *,
    file: InstancesFile,
) -> Answer:
    """Show what a change does to storage and access, and refuse its risks.

    BASE and HEAD are folders such as cdk.out: they are compared offline, in Markdown for the pull request.
    """
    if instance is None:
        if base is None or head is None or assembly is not None:
            raise ConfigurationError(
                "review needs either BASE and HEAD, or --deployed INSTANCE and optionally --assembly"
            )
        from ghes_packages.review import markdown
        from ghes_packages.review.pull_request import review_assemblies

        report = review_assemblies(base, head, accept or ())
        return answer.of_a_review(report, lambda: markdown.written(report), json=json, quiet=quiet)
    if base is not None:
        raise ConfigurationError(f"--deployed {instance} takes no BASE and HEAD: it reads the deployed stack from AWS")
    from ghes_packages.review.deployed import review_deployed

    chosen = choose(load(file), instance, file)
    found, otherwise = review_deployed(
        chosen,
        assembly or default_assembly(),
        accept or (),
        datetime.now(UTC),
        timedelta(hours=unused_for),
    )
    deploy = make_deploy(chosen.name, file)
    return answer.of_a_review(found, lambda: found.as_text(otherwise, deploy), json=json, quiet=quiet)


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
        found = app(prog_name=PROGRAM, standalone_mode=False)
        if not isinstance(found, Answer):  # --help
            found = Answer("", found)
        sys.stdout.write(f"{found.text}\n" if found.text else "")
        sys.stdout.flush()
        return found.exit_status
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
        raise ConfigurationError(f"--all and {instance}: they contradict each other; leave one out")
    return list(load(file).values())


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

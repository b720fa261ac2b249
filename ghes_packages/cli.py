"""The command line `ghes-packages`. A verb imports what talks to AWS when it runs, so that `--help` is quick."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ghes_packages.errors import CannotGoOn, ConfigurationError
from ghes_packages.instances import DEFAULT_FILE, choose, load
from ghes_packages.interruption import Interrupted, raise_interrupted
from ghes_packages.settings import Format, Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

InstanceName = Annotated[
    str | None,
    typer.Argument(metavar="INSTANCE", help="Its name in instances.toml; may be left out if there is one."),
]
InstancesFile = Annotated[Path, typer.Option("--instances", metavar="FILE", help="Where the instances are.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for machines.")]


@app.callback()
def _about() -> None:
    """Work with the storage for GitHub Packages that `cdk deploy` has made.

    AWS is reached with boto3's own settings: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, AWS_CA_BUNDLE.

    Exit status: 0 fine; 1 something is wrong; 2 wrong usage or configuration; 3 AWS or the network said no.
    """


@app.command()
def settings(
    instance: InstanceName = None,
    form: Annotated[Format | None, typer.Option("--format", help="How to write them.", show_default="table")] = None,
    json: Json = False,
    show_secret: Annotated[bool, typer.Option("--show-secret", help="Read the secret key too, and show it.")] = False,
    file: InstancesFile = DEFAULT_FILE,
) -> None:
    """What do I paste into the Management Console?"""
    with _told():
        from ghes_packages import aws, deployed

        if json and form not in (None, Format.JSON):
            raise ConfigurationError(f"--json and --format {form}: they say different things; leave one out")
        chosen = choose(load(file), instance, file)
        session = aws.session(chosen)
        outputs = deployed.read(chosen, session).outputs
        secret = deployed.read_secret(outputs, session) if show_secret else None
        typer.echo(Settings(chosen, outputs, secret).write(form or (Format.JSON if json else Format.TABLE)))


@app.command()
def verify(
    instance: InstanceName = None,
    json: Json = False,
    file: InstancesFile = DEFAULT_FILE,
) -> None:
    """Does it work, is it as private as promised, and if not, why?

    The deployed access key is used for what GHES does, and your own rights to look at the bucket and the user.

    What it writes, it writes below a prefix of its own, and removes it again.
    """
    with _told():
        from rich.console import Console

        from ghes_packages.verify import verify, writing

        chosen = choose(load(file), instance, file)
        with Console(stderr=True).status(f"{chosen.name}: looking at the stack") as status:
            report = verify(chosen, lambda title: status.update(f"{chosen.name}: {title}"))
        if json:
            typer.echo(writing.as_json(report))
        else:
            writing.write_tables(report, Console())
        raise typer.Exit(report.exit_status)


def main() -> NoReturn:
    """Run the command line; every mistake is one line on stderr."""
    raise_interrupted()
    try:
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        # Typer's type conversion puts pydantic's prefix before its own words.
        problem = error.format_message().replace("Value error, ", "").rstrip(".")
        _complain(f"{problem}; see: ghes-packages --help")
        sys.exit(2)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CannotGoOn as error:
        _complain(str(error), error)
        raise typer.Exit(error.exit_status) from None
    except Interrupted as interruption:
        _complain(f"interrupted by {interruption.signal.name}", interruption)
        raise typer.Exit(interruption.exit_status) from None


def _complain(line: str, error: BaseException | None = None) -> None:
    for text in (line, *getattr(error, "__notes__", ())):
        typer.echo(text, err=True)

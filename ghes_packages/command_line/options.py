"""Options that several commands take, as typer reads them."""

from pathlib import Path
from typing import Annotated

import typer

from ghes_packages import __version__
from ghes_packages.command_line.completion import instance_names
from ghes_packages.config.instances import DEFAULT_FILE, default_file

# A century: with more, a date or a time span would be beyond what Python can hold.
MOST_DAYS = 36_500


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ghes-packages {__version__}")
        raise typer.Exit


def _show_calls(wanted: bool) -> bool:
    if wanted:
        from ghes_packages.live.calls import show_calls

        show_calls()
    return wanted


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
]
OneInstance = Annotated[
    str, typer.Argument(metavar="INSTANCE", help="Its name in instances.toml.", autocompletion=instance_names)
]
AnyInstance = Annotated[
    str | None,
    typer.Argument(
        metavar="INSTANCE",
        help="Its name in instances.toml. You can leave it out if the file has one instance.",
        autocompletion=instance_names,
    ),
]
DeployedInstance = Annotated[
    str | None,
    typer.Option(
        "--deployed",
        metavar="INSTANCE",
        help="Compare with the deployed stack of this instance instead.",
        autocompletion=instance_names,
    ),
]
All = Annotated[bool, typer.Option("--all", help="Every instance of the file, one row each.")]
AllChecks = Annotated[
    bool, typer.Option("--all-checks", help="Show each check, and not only the sections and what is wrong.")
]
InstancesFile = Annotated[
    Path,
    typer.Option(
        "--instances",
        metavar="FILE",
        help="The file of instances; by default the one here, or in the nearest folder above with a cdk.json.",
        default_factory=default_file,
        show_default=str(DEFAULT_FILE),
    ),
]
UnusedFor = Annotated[
    float,
    typer.Option(
        "--unused-for",
        min=0,
        max=24 * MOST_DAYS,
        metavar="HOURS",
        help="The hours without a use after which a key counts as unused.",
    ),
]
Previous = Annotated[bool, typer.Option("--previous", help="The access key before the newest one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is wrong.")]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        callback=_show_calls,
        help="Print each AWS call on stderr: its time and its request ID.",
    ),
]

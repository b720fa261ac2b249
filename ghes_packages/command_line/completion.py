"""What the shell completes besides commands and options. A mistake completes nothing: a shell shows no message."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ghes_packages.config.instances import choose, default_file, load
from ghes_packages.config.values import UNUSED_FOR_HOURS
from ghes_packages.errors import CannotGoOn

if TYPE_CHECKING:
    from ghes_packages.review.report import Report

# Where `cdk synth` writes, beside cdk.json.
ASSEMBLY = "cdk.out"


def instance_names(context: typer.Context, incomplete: str) -> list[str]:
    """The instances of the file, also of one with mistakes in their options."""
    try:
        tables = tomllib.loads(_file(context).read_text(encoding="utf-8-sig")).get("instances")
    except (OSError, ValueError):
        return []
    names = sorted(tables) if isinstance(tables, dict) else []
    return [name for name in names if name.startswith(incomplete)]


def risk_ids(context: typer.Context, incomplete: str) -> list[str]:
    """The risks of the change that the command line names so far, without those that it accepts already.

    With --deployed this reads from AWS what the review itself reads.
    """
    accepted = context.params.get("accept") or ()
    try:
        report = _reviewed(context)
    except CannotGoOn:
        return []
    ids = [risk.id for risk in report.risks] if report else []
    return [each for each in ids if each.startswith(incomplete) and each not in accepted]


def _reviewed(context: typer.Context) -> "Report | None":
    if name := context.params.get("instance"):
        from ghes_packages.review.deployed import review_deployed

        file = _file(context)
        assembly = Path(context.params.get("assembly") or file.with_name(ASSEMBLY))
        unused_for = timedelta(hours=UNUSED_FOR_HOURS)
        return review_deployed(choose(load(file), name, file), assembly, (), datetime.now(UTC), unused_for)[0]
    # The option that is being completed has no value yet: there the parser stops, before it names the arguments.
    if len(context.args) != 2:
        return None
    from ghes_packages.review.pull_request import review_assemblies

    base, head = map(Path, context.args)
    return review_assemblies(base, head, ())


def _file(context: typer.Context) -> Path:
    return Path(context.params.get("file") or default_file())

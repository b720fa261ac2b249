"""What a release must not lose: `make bench` measures it and prints it beside the limit; it asserts nothing.

Times depend on the machine; the limits are for two cores with everything installed.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ghes_packages.local.cdk_cli import PROJECT, CdkCli
from ghes_packages.local.embedded_aws import EmbeddedAws

COMMAND = (sys.executable, "-m", "ghes_packages")
QUICK_TESTS = ("-m", "pytest", "--ignore", "tests/end_to_end")


def seconds(command: Sequence[str], environment: Mapping[str, str], runs: int) -> tuple[float, float]:
    """The medians of wall and CPU seconds of a command that must succeed."""
    walls, cpus = [], []
    for _ in range(runs):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, check=True)
        walls.append(time.monotonic() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(walls), statistics.median(cpus)


def one_of_fifty_changed(cdk: CdkCli, folder: Path) -> tuple[str, str]:
    """Two assemblies of fifty instances, in the second of which one keeps its packages longer."""
    base, head, instances = folder / "base", folder / "head", folder / "fifty.toml"
    instances.write_text("".join(f"[instances.ghes-{number}]\n" for number in range(50)))
    cdk.run("synth", "--quiet", "--output", str(base), "--context", f"instances={instances}")
    shutil.copytree(base, head)
    template = head / "GhesPackages-ghes-7.template.json"
    template.write_text(template.read_text().replace('"NoncurrentDays": 30', '"NoncurrentDays": 90'))
    return str(base), str(head)


def main() -> None:
    """Measure, and print a table."""
    console = Console()
    table = Table("what", "wall s", "CPU s", "limit")

    def row(what: str, limit: str, command: Sequence[str], environment: Mapping[str, str], runs: int) -> None:
        with console.status(what):
            wall, cpu = seconds(command, environment, runs)
        table.add_row(what, f"{wall:.2f}", f"{cpu:.2f}", limit)

    with EmbeddedAws(region="us-west-2") as aws:
        assembly = str(Path(aws.environment["TMPDIR"], "cdk.out"))
        CdkCli(aws.environment).run("synth", "--quiet", "--output", assembly)
        cdk = CdkCli(aws.environment, app=assembly)
        cdk.run("bootstrap", f"aws://{aws.account}/{aws.region}")
        cdk.run("deploy", "--all")
        row("ghes-packages settings --help", "0.4 CPU", (*COMMAND, "settings", "--help"), aws.environment, 5)
        row("ghes-packages settings", "1 wall", (*COMMAND, "settings"), aws.environment, 5)
        review = (*COMMAND, "review", *one_of_fifty_changed(CdkCli(aws.environment), Path(assembly).parent))
        row("ghes-packages review, 1 of 50 changed", "2 CPU", review, aws.environment, 5)
        row("ghes-packages verify", "", (*COMMAND, "verify"), aws.environment, 5)
    row("make synth", "", ("make", "synth"), os.environ, 3)
    row("make demo", "45 wall", ("make", "demo"), os.environ, 3)
    row("the tests without end to end", "25 wall", (sys.executable, *QUICK_TESTS), os.environ, 1)
    row("make test", "120 wall", ("make", "test"), os.environ, 1)
    console.print(table)


if __name__ == "__main__":
    main()

"""What a release must not lose: `make bench` measures it and prints it beside the limit; it asserts nothing.

Times depend on the machine; the limits are for two cores with everything installed.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local_aws.cdk_cli import JSII_CACHE, PROJECT, CdkCli
from local_aws.embedded_aws import EmbeddedAws

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


def synth(instances: int, folder: Path, *, guarded: bool = True) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that synthesise an app of so many instances, without the CLI."""
    file = folder / f"{instances}.toml"
    file.write_text("".join(f"[instances.ghes-{number}]\n" for number in range(instances)))
    context = {**json.loads((PROJECT / "cdk.json").read_text())["context"], "instances": str(file)}
    environment = {
        **os.environ,
        "PATH": f"{PROJECT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": JSII_CACHE,
        "CDK_OUTDIR": str(folder / f"{instances}.out"),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    unguarded = "import app, stacks.guardrails; stacks.guardrails.check = lambda stack: []; app.main()"
    return ([sys.executable, "app.py"] if guarded else [sys.executable, "-c", unguarded]), environment


def peak_memory(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """MiB that a command and its children take together, at the most; Linux only."""
    peak = 0
    with subprocess.Popen(command, env=environment, cwd=PROJECT, start_new_session=True) as process:
        while process.poll() is None:
            pages = [
                int(stat.split(") ")[1].split()[21])
                for file in Path("/proc").glob("[0-9]*/stat")
                if (stat := _read(file)) and int(stat.split(") ")[1].split()[3]) == process.pid
            ]
            peak = max(peak, sum(pages) * os.sysconf("SC_PAGE_SIZE"))
            time.sleep(0.05)
    return peak / 2**20


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def one_of_fifty_changed(cdk: CdkCli, folder: Path) -> tuple[str, str]:
    """Two assemblies of fifty instances, in the second of which one keeps its packages longer."""
    tables = [f"[instances.ghes-{number}]\n" for number in range(50)]
    changed = [*tables[:7], tables[7] + "noncurrent_days = 90\n", *tables[8:]]
    base, head, instances = folder / "base", folder / "head", folder / "fifty.toml"
    for assembly, written in ((base, tables), (head, changed)):
        instances.write_text("".join(written))
        cdk.run("synth", "--quiet", "--output", str(assembly), "--context", f"instances={instances}")
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
    with tempfile.TemporaryDirectory() as folder:
        row("app.py without the guardrails", "", *synth(1, Path(folder), guarded=False), 5)
        row("app.py, 1 instance", "10 % more CPU", *synth(1, Path(folder)), 5)
        row("app.py, 200 instances", "20 CPU more", *synth(200, Path(folder)), 1)
        table.add_row("its memory, MiB", "", f"{peak_memory(*synth(200, Path(folder))):.0f}", "1536")
    row("make synth", "", ("make", "synth"), os.environ, 3)
    row("make demo", "45 wall", ("make", "demo"), os.environ, 3)
    row("the tests without end to end", "25 wall", (sys.executable, *QUICK_TESTS), os.environ, 1)
    row("make test", "120 wall", ("make", "test"), os.environ, 1)
    console.print(table)


if __name__ == "__main__":
    main()

"""What a release must not lose: `make bench` measures it and writes it, beside its limit, to docs/performance.md.

Each figure is a count, a ratio, or CPU seconds, which depend on the machine but not on what else runs there. It
asserts nothing. `python -m benchmarks --tests` measures the tests too, which takes minutes.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from local_aws.cdk_cli import JSII_CACHE, PROJECT, CdkCli
from local_aws.embedded_aws import EmbeddedAws

PAGE = PROJECT / "docs" / "performance.md"
ALL = 20
"""The instances that `verify --all` is asked about."""


class Figure(NamedTuple):
    """A row of the table."""

    what: str
    measured: str
    limit: str
    bound_by: str


def cpu(command: Sequence[str], environment: Mapping[str, str], runs: int = 3) -> float:
    """The least CPU seconds of a command that must succeed, with its children: what else runs only adds to them."""
    spent = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def tables(instances: int, settings: str = "") -> list[str]:
    """An instances.toml, a table each."""
    return [f"[instances.ghes-{number}]\n{settings}\n" for number in range(instances)]


def synth() -> Iterator[Figure]:
    """The programs by themselves, without the CLI, whose CPU is the same for each."""
    with tempfile.TemporaryDirectory() as folder:

        def spent(*program: str, instances: Sequence[str] = ()) -> float:
            file = Path(folder, "instances.toml")
            file.write_text("".join(instances))
            context = json.loads((PROJECT / "cdk.json").read_text())["context"] | {"instances": str(file)}
            environment = os.environ | {
                "JSII_RUNTIME_PACKAGE_CACHE_ROOT": JSII_CACHE,
                "CDK_OUTDIR": f"{folder}/cdk.out",
                "CDK_CONTEXT_JSON": json.dumps(context),
            }
            return cpu((sys.executable, *program), environment)

        empty = spent("-m", "benchmarks.obvious", "0")
        obvious = {count: spent("-m", "benchmarks.obvious", str(count)) for count in (1, 10, 100)}
        ours = {count: spent("app.py", instances=tables(count)) for count in (1, 10, 100)}
        regulated = (PROJECT / "examples" / "regulated.toml").read_text().partition("[instances.production]\n")[2]
        most = {count: spent("app.py", instances=tables(count, regulated)) for count in (1, 100)}
    yield Figure("CPU of an app with one empty stack", f"{empty:.1f} s", "", "the start of node and jsii")
    for count, seconds in ours.items():
        yield Figure(
            f"synth of {count}",
            f"{seconds / empty:.1f} times the empty app; {seconds / obvious[count]:.1f} times the obvious one",
            "",
            "the start of node, jsii and the template checks" if count == 1 else "calls between Python and node",
        )
    for what, spent_on, limit in (("", ours, "80 ms"), (" with a replica, a key and all rule packs", most, "")):
        yield Figure(
            f"CPU of each further instance{what}",
            f"{(spent_on[100] - spent_on[1]) / 99 * 1000:.0f} ms",
            limit,
            "calls between Python and node",
        )
    yield Figure(
        "the same of the obvious program", f"{(obvious[100] - obvious[1]) / 99 * 1000:.0f} ms", "", "the same calls"
    )


def round_trips(aws: EmbeddedAws, name: str, *arguments: str) -> tuple[int, int]:
    """The calls of a command, and how many of them wait for another. Raises CalledProcessError if it fails."""
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks.far_away", name, *arguments),
        env=aws.environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    calls, trips = done.stderr.splitlines()[-1].split()
    return int(calls), int(trips)


def commands() -> Iterator[Figure]:
    """What they cost against an AWS that is far away."""
    with EmbeddedAws(region="us-west-2") as aws, tempfile.TemporaryDirectory() as folder:
        file, assembly = Path(folder, "instances.toml"), f"{folder}/deployed"
        file.write_text("".join(tables(ALL)))
        context = ("--context", f"instances={file}")
        CdkCli(aws.environment).run("synth", "--quiet", "--output", assembly, *context)
        cdk = CdkCli(aws.environment, app=assembly)
        cdk.run("deploy", "--all", "--concurrency", str(ALL))
        one, at = "ghes-0", ("--instances", str(file))
        trips = {}
        for command, limit, bound_by in (
            (("settings", one), "4", "the stack's outputs"),
            (("status", one), "5", "the stack, then its user, then each key"),
            (("verify", one), "15", "write, read, copy, delete with the key, one after the other"),
            (("review", "--deployed", one, "--assembly", assembly), "7", "the stack, then what it holds"),
            (("verify", "--all"), "3 times one instance", f"those of one: {ALL} instances side by side"),
        ):
            calls, trips[command[:2]] = round_trips(aws, *command, *at)
            what = " ".join(command[:2]).removesuffix(one).strip()
            yield Figure(f"round trips of `{what}`", f"{trips[command[:2]]} of {calls} calls", limit, bound_by)
        ratio = trips["verify", "--all"] / trips["verify", one]
        yield Figure(
            f"`verify --all` of {ALL}", f"{ratio:.1f} times one instance", "3 times", "the instances side by side"
        )
        run = (sys.executable, "-m", "ghes_packages")
        yield Figure("CPU of `--help`", f"{cpu((*run, '--help'), aws.environment):.2f} s", "0.3 s", "imports")
        review = (*run, "review", *one_of_fifty_changed(CdkCli(aws.environment), Path(folder)))
        yield Figure("CPU of `review`, 1 of 50 changed", f"{cpu(review, aws.environment):.1f} s", "2 s", "reading JSON")


def one_of_fifty_changed(cdk: CdkCli, folder: Path) -> tuple[str, str]:
    """Two assemblies of fifty instances, in the second of which one keeps its packages longer."""
    before = tables(50)
    changed = [before[0] + "noncurrent_days = 90\n", *before[1:]]
    file, base, head = folder / "fifty.toml", folder / "base", folder / "head"
    for assembly, written in ((base, before), (head, changed)):
        file.write_text("".join(written))
        cdk.run("synth", "--quiet", "--output", str(assembly), "--context", f"instances={file}")
    return str(base), str(head)


def tests() -> Iterator[Figure]:
    """In units of one `cdk synth`, which is what most of them run."""
    unit = cpu(("make", "synth"), os.environ)
    for target in ("check", "test"):
        measured = cpu(("make", target), os.environ, runs=1) / unit
        yield Figure(
            f"CPU of `make {target}`",
            f"{measured:.0f} times `make synth`",
            "",
            "the CDK CLI and the local AWS emulator",
        )


def table(figures: Sequence[Figure]) -> str:
    """In Markdown."""
    rows = (("what", "measured", "limit", "bound by"), ("---",) * 4, *figures)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> None:
    """Measure, say each figure at once, and write the table."""
    figures = []
    for measure in (synth, commands, *([tests] if "--tests" in sys.argv else [])):
        for figure in measure():
            sys.stderr.write(f"{figure.what}: {figure.measured}\n")
            figures.append(figure)
    pattern = r"(<!-- measured -->\n).*(<!-- end -->)"
    PAGE.write_text(re.sub(pattern, lambda found: found[1] + table(figures) + found[2], PAGE.read_text(), flags=re.S))


if __name__ == "__main__":
    main()

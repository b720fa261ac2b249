"""The commands of the Makefile, as a newcomer runs them."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.cdk_cli import PROJECT
from tests.waiting import interrupt, running, wait_until


@pytest.fixture
def instances(tmp_path: Path) -> Path:
    """What the README's output is of; whoever uses this project has others in its own file."""
    file = tmp_path / "instances.toml"
    file.write_text('[instances.production]\nghes_version = "3.17"\n')
    return file


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A temporary folder of this test's own shows what is left behind."""
    home = tmp_path / "home"
    temporary = tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(temporary), "COLUMNS": "80"}


def left_by(environment: dict[str, str]) -> list[Path]:
    return [path for name in ("HOME", "TMPDIR") for path in Path(environment[name]).iterdir()]


def processes_of(environment: dict[str, str]) -> list[str]:
    """The command lines of processes that bear this environment's temporary folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if environment["TMPDIR"].encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended, or is somebody else's
    return found


def test_the_demo_does_the_whole_job_and_shows_nothing_else(environment: dict[str, str], instances: Path) -> None:
    command = ["make", "demo", f"INSTANCES={instances}"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "AWS Service URL\n  https://s3." in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")
    steps = [line.split(":")[0].split(" ")[0] for line in done.stderr.splitlines() if line and line[0] != " "]
    assert steps == ["Local", "cdk", "cdk", "ghes-packages", "ghes-packages", "Next"]
    assert "Next: make sandbox " in done.stderr
    assert len(done.stdout.splitlines()) + len(done.stderr.splitlines()) <= 32
    assert left_by(environment) == []
    shown = [line.strip() for line in done.stdout.splitlines()]
    missing = [line for line in output_in_the_readme() if not any(each.startswith(line) for each in shown)]
    assert missing == []


def test_the_set_up_is_what_these_tests_run_in(environment: dict[str, str]) -> None:
    programs = "command -v python && command -v cdk && command -v ghes-packages && cdk --version"
    program = f"make --silent setup && . .venv/bin/activate && {programs}"
    done = subprocess.run(
        ["sh", "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    *found, version = done.stdout.splitlines()
    assert found == [str(PROJECT / ".venv" / "bin" / name) for name in ("python", "cdk", "ghes-packages")]
    assert Path(sys.executable) == PROJECT / ".venv" / "bin" / "python"
    assert version.startswith(json.loads((PROJECT / "package.json").read_text())["devDependencies"]["aws-cdk"])


def output_in_the_readme() -> list[str]:
    """The lines of the README that show output, each up to what differs from run to run."""
    blocks = re.findall(r"^ *```text\n(.*?)^ *```", (PROJECT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    lines = [line.strip().partition("…")[0] for block in blocks for line in block.splitlines()]
    assert len(lines) > 5
    return lines


def test_the_demo_takes_the_instance_that_is_named_or_says_which_there_are(
    environment: dict[str, str], instances: Path
) -> None:
    command = ["make", "demo", f"INSTANCES={instances}", "INSTANCE=prodution"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no instance prodution, did you mean production?; instances: production" in done.stderr


def test_a_deploy_synthesises_and_reviews_the_file_of_instances_that_is_named(environment: dict[str, str]) -> None:
    def commands(*variables: str) -> list[str]:
        command = ["make", "--dry-run", "deploy", "INSTANCE=production", *variables]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-3:]

    assert commands() == [
        'exec cdk synth --quiet --context instances="instances.toml"',
        'exec ghes-packages review --deployed production --instances "instances.toml" ',
        "cdk deploy --app cdk.out GhesPackages-production ",
    ]
    named = ("INSTANCES=other.toml", "ACCEPT=one two", "CDK_DEPLOY_OPTIONS=--require-approval never")
    assert commands(*named) == [
        'exec cdk synth --quiet --context instances="other.toml"',
        'exec ghes-packages review --deployed production --instances "other.toml" --accept one --accept two',
        "cdk deploy --app cdk.out GhesPackages-production --require-approval never",
    ]


def test_the_template_is_synthesised_and_its_commands_are_printed(environment: dict[str, str]) -> None:
    def commands(*variables: str) -> list[str]:
        command = ["make", "--dry-run", "template", *variables]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-2:]

    assert commands("INSTANCE=production", "INSTANCES=other.toml") == [
        'exec cdk synth --quiet --no-notices --context instances="other.toml"',
        'exec python -m ghes_packages.template "other.toml" production',
    ]


@pytest.mark.parametrize("moment", ["server.log", "tmp/cdk.out"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process_and_no_file(
    environment: dict[str, str], instances: Path, moment: str, number: signal.Signals
) -> None:
    command = ["make", "demo", f"INSTANCES={instances}"]
    with running(command, PROJECT, environment, stderr=subprocess.DEVNULL) as demo:
        assert wait_until(lambda: any(Path(environment["TMPDIR"]).glob(f"embedded-aws-*/{moment}")), seconds=60)
        interrupt(demo, number)
        assert demo.wait(30) != 0
    assert wait_until(lambda: processes_of(environment) == [])
    assert left_by(environment) == []


@pytest.mark.parametrize("moment", ["", "tmp/cdk.out"])
def test_a_killed_demo_leaves_no_process_and_no_file(environment: dict[str, str], instances: Path, moment: str) -> None:
    """Nothing of it can clean up any more: what it started notices."""
    command = [sys.executable, "-m", "local_aws", "demo", str(instances)]
    with running(command, PROJECT, environment, stderr=subprocess.PIPE) as demo:
        assert demo.stderr
        assert demo.stderr.readline().startswith("Local AWS emulator")
        assert wait_until(lambda: any(Path(environment["TMPDIR"]).glob(f"embedded-aws-*/{moment}")), seconds=60)
        demo.kill()
    assert wait_until(lambda: processes_of(environment) == [])
    assert left_by(environment) == []

"""`make sandbox`, as somebody uses it who reads docs/tour.md."""

import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_aws.cdk_cli import PROJECT
from local_aws.embedded_aws import EmbeddedAws
from local_aws.sandbox import PROMPT
from tests.end_to_end.test_make import environment, instances, left_by, processes_of
from tests.runbook import Shell, blocks
from tests.waiting import interrupt, running, wait_until

__all__ = ["environment", "instances"]


def test_the_tour_shows_what_it_says(environment: dict[str, str], instances: Path, quicker_aws: EmbeddedAws) -> None:
    before = instances.read_text()
    sandbox, *pages = blocks("docs/tour.md")
    with (PROJECT / "instances.toml").open() as ours:
        unchanged = ours.read()
    shell = Shell(PROJECT, environment, *sandbox.split(), f"INSTANCES={instances}")
    try:
        # Nobody is here to answer the CDK CLI.
        shell.run('set -e; export CDK_DEPLOY_OPTIONS="--require-approval never --no-notices"')
        shell.run("export CDK_VALIDATION=false")  # test_synth.py and `make demo` hear what it says
        make_deploy, _, pages[0] = pages[0].partition("\n")
        shell.run(make_deploy)
        # That was the CDK CLI. From here on the quick programs do, also for make.
        shell.run(f"export MAKEFLAGS=e PATH='{quicker_aws.environment['PATH']}'")
        printed = [shell.run(block) for block in pages]
    finally:
        shell.end()
    deployed, as_ghes, broken, mended, rotated, refused, accepted, back, leaked = printed

    assert re.search(r"^AWS S3 Bucket\n  ghespackages-production-", deployed, re.MULTILINE)
    assert re.search(r"\d+ passed, 0 failed", deployed)
    assert "refused, as it should be" in as_ghes
    assert "verify found it" in broken
    for mends in ("aws s3api put-public-access-block", "aws iam detach-user-policy"):
        assert mends in broken
    assert "failed" not in mended
    assert '+previous_access_key = "active"' in rotated
    assert "GHES still has the old key" in rotated
    assert "refused: the old key may be in use" in refused
    assert "REFUSED access-key-1-in-use" in accepted
    assert "refused: accept the risk" in accepted
    assert accepted.splitlines()[-1] == "nothing to do"
    assert back.splitlines()[-1] == "hello"
    assert "cut off" in leaked
    assert "production: " in leaked
    assert left_by(environment) == []
    assert instances.read_text() == before
    assert (PROJECT / "instances.toml").read_text() == unchanged


@contextmanager
def in_a_terminal(environment: dict[str, str], instances: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The sandbox as the foreground of a terminal, at its prompt, and the other end of the terminal."""
    ours, theirs = pty.openpty()
    command = ["setsid", "--ctty", "--wait", "make", "sandbox", f"INSTANCES={instances}"]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as sandbox:
        os.close(theirs)
        try:
            shown(ours, PROMPT)
            yield sandbox, ours
        finally:
            os.close(ours)
            if sandbox.poll() is None:
                sandbox.kill()


def shown(terminal: int, text: str) -> str:
    """What the terminal shows until there is the text."""
    printed = ""
    while text not in printed:
        printed += os.read(terminal, 4096).decode(errors="replace")
    return printed


def test_ctrl_c_ends_a_command_and_exit_ends_the_sandbox_of_which_nothing_stays(
    environment: dict[str, str], instances: Path
) -> None:
    with in_a_terminal(environment, instances) as (sandbox, terminal):
        os.write(terminal, b"sleep 1000\n")
        assert wait_until(lambda: any("sleep 1000" in each for each in processes_of(environment)))
        os.write(terminal, b"\x03")
        shown(terminal, PROMPT)
        os.write(terminal, b"aws sts get-caller-identity --query Account\n")
        shown(terminal, '"111122223333"')
        os.write(terminal, b"false\nexit\n")
        assert sandbox.wait(30) == 0
    assert wait_until(lambda: processes_of(environment) == [])
    assert left_by(environment) == []


def test_a_closed_terminal_ends_the_sandbox(environment: dict[str, str], instances: Path) -> None:
    with in_a_terminal(environment, instances):
        pass
    assert wait_until(lambda: processes_of(environment) == [], seconds=30)
    assert left_by(environment) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sandbox_leaves_no_process_and_no_file(
    environment: dict[str, str], instances: Path, number: signal.Signals
) -> None:
    command = ["make", "sandbox", f"INSTANCES={instances}"]
    pipe = subprocess.PIPE
    with running(command, PROJECT, environment, stderr=pipe, stdin=pipe) as sandbox:
        assert sandbox.stderr
        assert sandbox.stderr.readline().startswith("Local AWS emulator")
        interrupt(sandbox, number)
        assert sandbox.wait(30) != 0
    assert wait_until(lambda: processes_of(environment) == [])
    assert left_by(environment) == []

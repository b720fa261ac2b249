"""`verify` on a terminal, and what a signal does to it."""

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.cdk_cli import PROJECT
from tests.verify.conftest import Storage


@pytest.mark.parametrize(
    ("number", "exit_status", "options"), [(signal.SIGINT, 130, []), (signal.SIGTERM, 143, ["--all"])]
)
def test_it_shows_what_it_is_doing_and_a_signal_ends_it_with_one_line(
    storage: Storage, tmp_path: Path, number: signal.Signals, exit_status: int, options: list[str]
) -> None:
    # An inactive key is tried for half a minute, which is when the signal comes.
    key = storage.deployed.outputs.access_key
    storage.iam.update_access_key(UserName=storage.user, AccessKeyId=key, Status="Inactive")
    instances = tmp_path / "instances.toml"
    instances.write_text(f"[instances.{storage.instance.name}]")
    terminal, its_end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "ghes_packages", "verify", *options, "--instances", str(instances)],
        cwd=PROJECT,
        env={**os.environ, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=its_end,
        text=True,
    ) as command:
        os.close(its_end)
        shown = ""
        while "sign in" not in shown and select.select([terminal], [], [], 30)[0]:
            shown += os.read(terminal, 1024).decode()
        command.send_signal(number)
        stdout, _ = command.communicate(timeout=30)
        while chunk := _rest(terminal):
            shown += chunk
    os.close(terminal)
    assert (command.returncode, stdout) == (exit_status, "")
    assert shown.strip().endswith(f"interrupted by {number.name}")
    assert storage.left_behind() == []


def _rest(terminal: int) -> str:
    try:
        return os.read(terminal, 1024).decode()
    except OSError:  # how a terminal says that the other end is closed
        return ""

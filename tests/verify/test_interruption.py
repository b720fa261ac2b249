"""`verify` on a terminal, and what a signal does to it."""

import itertools
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from urllib3.connectionpool import HTTPConnectionPool

from ghes_packages.config.instance import Instance
from ghes_packages.interruption import INTERRUPTS, Interrupted, Stop, side_by_side
from ghes_packages.verify import verify
from ghes_packages.verify.report import Report
from local_aws.cdk_cli import PROJECT
from tests.verify.conftest import Storage

# Each call takes a run of a second; of these calls each of the three signals meets some of every kind.
STEP = 4


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
        # Until the command ends: it would wait for a terminal that nobody reads.
        while chunk := _rest(terminal):
            shown += chunk
        stdout, _ = command.communicate(timeout=30)
    os.close(terminal)
    assert (command.returncode, stdout) == (exit_status, "")
    assert shown.strip().endswith(f"interrupted by {number.name}")
    assert storage.left_behind() == []


def _rest(terminal: int) -> str:
    try:
        return os.read(terminal, 1024).decode()
    except OSError:  # how a terminal says that the other end is closed
        return ""


def calls_before(number: int, monkeypatch: pytest.MonkeyPatch) -> "itertools.count[int]":
    """Counts the calls from now on, and has this process interrupted when that one is sent."""
    counted, urlopen = itertools.count(1), HTTPConnectionPool.urlopen

    def sent(pool: HTTPConnectionPool, *arguments: Any, **options: Any) -> Any:
        if next(counted) == number:
            os.kill(os.getpid(), INTERRUPTS[number % len(INTERRUPTS)])
        return urlopen(pool, *arguments, **options)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", sent)
    return counted


@pytest.mark.parametrize("many", [1, 2])
def test_whichever_call_is_interrupted_nothing_is_left_behind(
    storage_with: Callable[..., Storage], monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    storages = [storage_with() for _ in range(many)]
    jobs = [partial(verified, each.instance) for each in storages]
    with monkeypatch.context() as patch:
        calls = calls_before(0, patch)
        side_by_side(jobs, many)
    for number in range(1, next(calls), STEP * many):
        with monkeypatch.context() as patch:
            calls_before(number, patch)
            with suppress(Interrupted):  # the last calls may have been answered before the signal comes
                side_by_side(jobs, many)
        assert [each.left_behind() for each in storages] == [[]] * many, number


def verified(instance: Instance, stop: Stop) -> Report:
    return verify(instance, lambda _: None, patience=0, stop=stop)

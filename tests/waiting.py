"""Waiting for a condition, rather than for a time, and commands that are waited for."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@contextmanager
def running(
    command: list[str], folder: Path, environment: Mapping[str, str], *, stderr: int, stdin: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A command with a process group of its own, which does not outlive the block."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def interrupt(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """SIGTERM is for one process; the other signals come from the terminal, for every process of it."""
    if number == signal.SIGTERM:
        process.send_signal(number)
    else:
        os.killpg(process.pid, number)


def exists(pid: int) -> bool:
    """Whether there is such a process, or, by its number with a minus, such a process group."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

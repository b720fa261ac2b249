"""Runs the pinned CDK CLI like a user, without prompts, and leaves no process behind."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from local_aws import supervised

PROJECT = Path(__file__).parents[1]
JSII_CACHE = str(PROJECT / ".cache" / "jsii")

GLOBAL_OPTIONS = ("--no-color", "--no-notices", "--ci")
"""`--ci` sends to stdout what is not an error; otherwise stdout has nothing but templates and outputs."""

OPTIONS = {
    "bootstrap": ("--progress", "events"),
    "deploy": ("--progress", "events", "--require-approval", "never"),
    "destroy": ("--progress", "events", "--force"),
}
"""What a sub-command needs so that it never asks, and prints lines instead of a progress bar."""

ENDS_WITHIN_SECONDS = 10


class CdkCliError(Exception):
    """The CDK CLI failed. The message has its command line and its last output."""


class CdkCli:
    """The CDK CLI of this checkout, with `environment` as its whole environment.

    `app` is its `--app`: a command, or the folder of a finished assembly; by default that of `cdk.json`. `project` is
    the folder that it runs in.
    """

    def __init__(self, environment: Mapping[str, str], app: str | None = None, project: Path = PROJECT) -> None:
        self._environment = environment
        self._app = () if app is None else ("--app", app)
        self._project = project

    def run(
        self, command: str, *arguments: str, check: bool = True, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Run a sub-command for at most `timeout` seconds. Raises CdkCliError if it fails, unless `check` is false."""
        executable = str(PROJECT / "node_modules" / ".bin" / "cdk")
        line = [executable, command, *arguments, *OPTIONS.get(command, ()), *self._app, *GLOBAL_OPTIONS]
        ends_with_us, held_by_us = os.pipe()
        with (
            os.fdopen(held_by_us, "wb"),
            os.fdopen(ends_with_us, "rb") as standard_input,
            subprocess.Popen(
                [sys.executable, supervised.__file__, *line],
                cwd=self._project,
                env={"JSII_RUNTIME_PACKAGE_CACHE_ROOT": JSII_CACHE, **self._environment},
                stdin=standard_input,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                # The CLI starts the app, and the app starts jsii: their own process group lets us end them all.
                start_new_session=True,
            ) as process,
        ):
            try:
                stdout, stderr = process.communicate(timeout=timeout)
            except BaseException:
                _end_group(process)
                raise
        if check and process.returncode != 0:
            last_lines = "\n".join((stdout + stderr).splitlines()[-40:])
            raise CdkCliError(f"{shlex.join(line)}: exit status {process.returncode}\n{last_lines}")
        return subprocess.CompletedProcess(line, process.returncode, stdout, stderr)


def _end_group(leader: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(leader.pid, signal.SIGTERM)
        try:
            leader.wait(ENDS_WITHIN_SECONDS)
        finally:
            # For processes that ignored the first signal, or that the leader did not wait for.
            os.killpg(leader.pid, signal.SIGKILL)

"""A runner of GitHub Actions, as far as the scripts of the steps can tell."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.workflows.files import step

FAKE = """#!/usr/bin/env bash
echo "${0##*/} $*" >> "$RUNNER_TEMP/calls"
cat "$RUNNER_TEMP/said"
cat "$RUNNER_TEMP/complained" >&2
exit "$EXIT_STATUS"
"""


class Runner:
    """A checkout in which the commands of the project are fakes, and the files that each step is given.

    A fake notes its call in `calls`, says what is in `said`, on stderr what is in `complained`, and exits with
    EXIT_STATUS.
    """

    def __init__(self, folder: Path) -> None:
        self.temp, self.checkout = folder / "temp", folder / "checkout"
        self.commands = self.checkout / ".venv" / "bin"
        for made in (self.temp, self.commands):
            made.mkdir(parents=True)
        for name in ("ghes-packages", "cdk", "make"):
            (self.commands / name).write_text(FAKE)
            (self.commands / name).chmod(0o755)
        for name in ("calls", "output", "summary", "said", "complained"):
            (self.temp / name).touch()
        self.environment = {
            "PATH": f"{self.commands}:{os.environ['PATH']}",
            "HOME": str(self.temp),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_PATH": str(self.temp / "path"),
            "EXIT_STATUS": "0",
        }

    def shell(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script as GitHub documents it for `shell: bash`."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.checkout,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, job: str, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the step of that name."""
        return self.shell(step(job, name)["run"], **environment)

    def read(self, name: str) -> str:
        return (self.temp / name).read_text(errors="replace")

    @property
    def outputs(self) -> dict[str, str]:
        """As GitHub reads $GITHUB_OUTPUT: NAME=VALUE, or NAME<<END, lines, END."""
        several = re.findall(r"^(\w+)<<(.+)\n([\s\S]*?)\n\2$", self.read("output"), re.MULTILINE)
        single = re.findall(r"^(\w+)=(.*)$", self.read("output"), re.MULTILINE)
        return {**dict(single), **{name: value for name, _, value in several}}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)

"""What a shell completes: it is asked itself where it is installed; elsewhere typer is, by its protocol for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.review.pairs import assembly
from tests.synthesis import template_of

# What completes the last word of a command line, after the script that a user has in the start file of the shell.
ASK = {
    "bash": """
        eval "$SCRIPT"
        COMP_WORDS=($WORDS "$LAST") COMP_CWORD=$(echo $WORDS | wc -w)
        _ghes_packages_completion ghes-packages
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "zsh": """
        compdef() { }
        _arguments() { print -r -- "$@" }
        _files() { }
        eval "$SCRIPT"
        words=(${=WORDS} "$LAST")
        CURRENT=$#words
        _ghes_packages_completion
    """,
    "fish": """
        echo $SCRIPT | source
        complete --do-complete "$WORDS $LAST"
    """,
}
ALONE = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}


def completed(shell: str, folder: Path, words: str, last: str) -> str:
    """What the shell offers for the last word."""
    environment = {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "HOME": str(folder),
        "WORDS": f"ghes-packages {words}",
        "LAST": last,
    }
    command = [sys.executable, "-m", "ghes_packages"]

    def run(*line: str, **more: str) -> str:
        done = subprocess.run(
            line, cwd=folder, env={**environment, **more}, stdout=subprocess.PIPE, text=True, check=False
        )
        return done.stdout

    if program := shutil.which(shell):
        script = run(*command, _GHES_PACKAGES_COMPLETE=f"source_{shell}")
        return run(program, ALONE[shell], "-c", ASK[shell], SCRIPT=script)
    line = f"{environment['WORDS']} {last}"
    return run(
        *command,
        _GHES_PACKAGES_COMPLETE=f"complete_{shell}",
        COMP_WORDS=line,
        COMP_CWORD=str(len(environment["WORDS"].split())),
        _TYPER_COMPLETE_ARGS=line,
        _TYPER_COMPLETE_FISH_ACTION="get-args",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "instances.toml").write_text('[instances.production]\nregion = "wrong"\n[instances.staging]\n')
    (tmp_path / "other.toml").write_text("[instances.elsewhere]\n")
    return tmp_path


@pytest.mark.parametrize("shell", ASK)
def test_commands_options_and_instances_are_completed(shell: str, folder: Path) -> None:
    assert "verify" in completed(shell, folder, "", "ver")
    assert "--previous" in completed(shell, folder, "verify", "--prev")
    assert "--all-checks" in completed(shell, folder, "verify", "--all-")
    offered = completed(shell, folder, "verify", "pro")
    assert "production" in offered
    assert "staging" not in offered
    assert "staging" in completed(shell, folder, "review --deployed", "st")


@pytest.mark.parametrize("shell", ASK)
def test_instances_are_those_of_the_file_that_is_named(shell: str, folder: Path) -> None:
    assert "elsewhere" in completed(shell, folder, "status --instances other.toml", "el")


@pytest.mark.parametrize("shell", ASK)
def test_the_risks_of_the_change_are_completed_but_those_that_are_accepted_already(shell: str, folder: Path) -> None:
    assembly(folder / "base", {"production": template_of()})
    assembly(folder / "head", {})
    assert "production/instance-removed" in completed(shell, folder, "review base head --accept", "pro")
    accepted = "review base head --accept production/instance-removed --accept"
    assert "removed" not in completed(shell, folder, accepted, "pro")


@pytest.mark.parametrize("words", ["review --accept", "review --deployed production --accept", "review a b --accept"])
def test_where_nothing_can_be_completed_there_is_no_message(words: str, folder: Path) -> None:
    assert completed("bash", folder, words, "x").strip() == ""

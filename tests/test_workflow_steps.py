"""What the steps of the workflows do, each run as a runner runs it; only the commands that they call are fakes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workflows import jobs, run, step

RISK = "production/bucket-orphaned-PackagesBucket3210E67E"
BIN = Path(sys.executable).parent
FAKE = """#!/usr/bin/env bash
echo "${0##*/} $*" >> "$RUNNER_TEMP/calls"
cat "$RUNNER_TEMP/said"
exit "$EXIT_STATUS"
"""


class Runner:
    """A checkout with fakes of the commands in its .venv, and the files that a runner gives to each step."""

    def __init__(self, folder: Path) -> None:
        self.temp, self.checkout = folder / "temp", folder / "checkout"
        commands = self.checkout / ".venv" / "bin"
        for made in (self.temp, commands):
            made.mkdir(parents=True)
        for name in ("ghes-packages", "cdk"):
            (commands / name).write_text(FAKE)
            (commands / name).chmod(0o755)
        for name in ("calls", "output", "summary", "said"):
            (self.temp / name).touch()

    def run(self, job: str, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a step; every command that it calls says what is in `said`, and exits with EXIT_STATUS."""
        given = {
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_SHA": "HEAD",
            "HOME": str(self.temp),
            "EXIT_STATUS": "0",
        }
        return run(step(job, name)["run"], self.checkout, **{**given, **environment})

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


@pytest.fixture
def merged(runner: Runner) -> Runner:
    """The merge of a pull request of two commits, one of which takes a risk; so did one before it, on the base."""
    commit = "git commit --quiet --allow-empty --message"
    script = f"""
        git init --quiet --initial-branch main
        {commit} base --trailer Accept-risk:staging/before
        git switch --quiet --create change
        {commit} change --trailer 'Accept-risk: {RISK}'
        {commit} again --trailer 'Accept-risk: {RISK}' --trailer 'Accept-risk: --help x'
        git switch --quiet main
        {commit} meanwhile --trailer Accept-risk:staging/meanwhile
        git merge --quiet --no-ff --no-edit change
    """
    who = {f"GIT_{role}_{key}": "x@x" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    done = run(script, runner.checkout, HOME=str(runner.temp), **who)
    assert done.returncode == 0, done.stderr
    return runner


def assembly(runner: Runner) -> str:
    """What the job `synth` hands on."""
    (runner.checkout / "cdk.out").mkdir()
    (runner.checkout / "cdk.out" / "manifest.json").write_text("{}")
    assert runner.run("review/synth", "Hand on the assembly").returncode == 0
    return runner.outputs["assembly"]


def test_the_review_gets_base_head_and_the_risks_that_the_change_takes(merged: Runner) -> None:
    (merged.temp / "said").write_text("a report")
    done = merged.run("review/review", "Review", ASSEMBLY=assembly(merged))
    assert (done.returncode, done.stderr) == (0, "")
    head = merged.temp / "head" / "cdk.out"
    assert merged.read("calls") == f"ghes-packages review cdk.out {head} --accept=--help x --accept={RISK}\n"
    assert (head / "manifest.json").read_text() == "{}"
    assert (merged.read("report.md"), merged.outputs["status"]) == ("a report", "0")


@pytest.mark.parametrize("exit_status", ["0", "1", "2"])
def test_the_job_fails_as_the_review_does_after_the_report_is_published(merged: Runner, exit_status: str) -> None:
    (merged.temp / "said").write_text("# Report\n\nEOF\n")
    assert merged.run("review/review", "Review", EXIT_STATUS=exit_status, ASSEMBLY=assembly(merged)).returncode == 0
    done = merged.run("review/review", "Publish the report", STATUS=merged.outputs["status"])
    assert str(done.returncode) == exit_status
    assert merged.read("summary") == "# Report\n\nEOF\n"
    assert merged.outputs["report"] == "# Report\n\nEOF\n"


def test_without_a_review_the_job_fails_and_says_why(runner: Runner) -> None:
    assert step("review/review", "Review")["if"] == "needs.synth.result == 'success'"
    publish = step("review/review", "Publish the report")
    assert publish["env"]["STATUS"] == "${{ steps.review.outputs.status || 1 }}"
    assert publish["if"] == "${{ !cancelled() }}"
    assert runner.run("review/review", "Publish the report", STATUS="1").returncode == 1
    assert runner.read("summary").startswith("No review: the head or the base does not synthesise.")
    assert runner.outputs["report"].startswith("No review: ")


def test_a_long_report_is_cut_where_github_takes_no_more(runner: Runner) -> None:
    (runner.temp / "report.md").write_text("→" * 400_000)
    assert runner.run("review/review", "Publish the report", STATUS="0").returncode == 0
    assert len(runner.read("summary").encode()) < 2**20
    assert runner.outputs["report"].endswith("→\n\n… and more, in the summary of the job.")
    assert len(runner.outputs["report"].encode()) < 2**16 - 2_000


COMMENT = """
const comments = JSON.parse(process.argv[1]), calls = [];
const issues = {
  listComments: "list",
  createComment: async (what) => calls.push(["create", what]),
  updateComment: async (what) => calls.push(["update", what]),
};
const github = { rest: { issues }, paginate: async (what) => (what === "list" ? comments : null) };
const context = {
  serverUrl: "https://ghes.example.com", runId: 7, issue: { number: 3 }, repo: { owner: "o", repo: "r" },
};
const AsyncFunction = (async () => {}).constructor;
new AsyncFunction("github", "context", process.argv[2])(github, context).then(() => console.log(JSON.stringify(calls)));
"""
MARKER = "<!-- ghes-packages review -->"
OURS: dict[str, Any] = {"id": 1, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER}\nold"}
OTHERS: list[dict[str, Any]] = [
    {"id": 2, "user": {"login": "somebody"}, "body": f"{MARKER}\nforged"},
    {"id": 3, "user": None, "body": MARKER},
    {"id": 4, "user": {"login": "github-actions[bot]"}, "body": "of another workflow"},
]


def commented(comments: list[dict[str, Any]], report: str = "new") -> Any:
    script = step("review/comment", "Create or update the comment")["with"]["script"]
    command = [str(BIN / "node"), "-e", COMMENT, json.dumps(comments), script]
    done = subprocess.run(command, env={"REPORT": report}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_there_is_one_comment_which_is_kept_up_to_date() -> None:
    body = f"{MARKER}\nnew\n\n[Summary and log](https://ghes.example.com/o/r/actions/runs/7)"
    place = {"owner": "o", "repo": "r"}
    assert commented(OTHERS) == [["create", {**place, "issue_number": 3, "body": body}]]
    assert commented([*OTHERS, OURS]) == [["update", {**place, "comment_id": 1, "body": body}]]


def test_a_review_that_failed_early_does_not_leave_an_old_report() -> None:
    [[what, comment]] = commented([OURS], report="")
    assert what == "update"
    assert comment["body"].startswith(f"{MARKER}\nNo review: ")


@pytest.mark.parametrize(
    ("instance", "accept"),
    [("*", ""), ("--help", ""), ("a b", ""), ("", ""), ("$(id)", ""), ("production", ";id"), ("production", "a\nb")],
)
def test_deploy_refuses_an_input_of_another_form_first(runner: Runner, instance: str, accept: str) -> None:
    first = jobs()["deploy/deploy"]["steps"][0]
    done = runner.run("deploy/deploy", first["name"], INSTANCE=instance, ACCEPT=accept)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def deployed(runner: Runner, refused: str = "") -> str:
    """The calls of the steps with credentials, up to the first that fails as the runner does; `refused` fails."""
    path = f"{runner.checkout / '.venv' / 'bin'}:/usr/bin:/bin"
    inputs = {"INSTANCE": "production", "ACCEPT": f"{RISK} access-key-1-in-use", "PATH": path}
    names = [each["name"] for each in jobs()["deploy/deploy"]["steps"] if "name" in each]
    assert runner.run("deploy/deploy", names[0], **inputs).returncode == 0
    for name in names[names.index("Assume the role") + 1 :]:
        if runner.run("deploy/deploy", name, EXIT_STATUS=str(int(name == refused)), **inputs).returncode:
            break
    return runner.read("calls")


REVIEWED = f"ghes-packages review --deployed production --accept={RISK} --accept=access-key-1-in-use\n"


def test_deploy_reviews_shows_deploys_and_verifies(runner: Runner) -> None:
    (runner.temp / "said").write_text("what the review says\n")
    assert deployed(runner) == (
        f"{REVIEWED}cdk diff --app cdk.out GhesPackages-production\n"
        "cdk deploy --app cdk.out GhesPackages-production --require-approval never\n"
        "ghes-packages verify production\nghes-packages settings production\n"
    )
    assert runner.read("summary") == "what the review says\n"


def test_nothing_is_deployed_that_the_review_refuses(runner: Runner) -> None:
    assert deployed(runner, refused="Review") == REVIEWED

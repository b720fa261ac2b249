"""What the steps of review.yml do, run as a runner runs them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.workflows.conftest import Runner
from tests.workflows.files import step

RISK = "production/bucket-orphaned-PackagesBucket3210E67E"
NODE = Path(sys.executable).with_name("node")


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
    done = runner.shell(f"{script}\ngit rev-parse HEAD", **who)
    assert done.returncode == 0, done.stderr
    runner.environment["GITHUB_SHA"] = done.stdout.strip()
    return runner


def assembly(runner: Runner) -> str:
    """What the job `synth` hands on."""
    (runner.checkout / "cdk.out").mkdir()
    (runner.checkout / "cdk.out" / "manifest.json").write_text("{}")
    assert runner.run("review/synth", "Hand on the assembly").returncode == 0
    return runner.outputs["assembly"]


def test_the_base_is_what_the_change_would_be_merged_into(merged: Runner) -> None:
    assert merged.run("review/review", "Synthesise the base").returncode == 0
    assert merged.shell("git log -1 --format=%s").stdout == "meanwhile\n"
    assert merged.read("calls") == "make synth\n"


def test_the_review_gets_base_head_and_the_risks_that_the_change_takes(merged: Runner) -> None:
    (merged.temp / "said").write_text("a report")
    merged.shell("git switch --quiet --detach HEAD^1")
    done = merged.run("review/review", "Review", ASSEMBLY=assembly(merged))
    assert (done.returncode, done.stderr) == (0, "")
    head = merged.temp / "head" / "cdk.out"
    assert merged.read("calls") == f"ghes-packages review cdk.out {head} --accept=--help x --accept={RISK}\n"
    assert (head / "manifest.json").read_text() == "{}"
    assert (merged.read("report.md"), merged.outputs["status"]) == ("a report", "0")


def test_a_head_that_is_a_link_to_the_base_is_not_reviewed(merged: Runner) -> None:
    merged.shell("ln --symbolic elsewhere cdk.out")
    assert merged.run("review/synth", "Hand on the assembly").returncode == 0
    done = merged.run("review/review", "Review", ASSEMBLY=merged.outputs["assembly"])
    assert done.returncode == 1
    assert "ghes-packages" not in merged.read("calls")


@pytest.mark.parametrize("exit_status", ["0", "1", "2"])
def test_the_job_fails_as_the_review_does_after_the_report_is_published(merged: Runner, exit_status: str) -> None:
    (merged.temp / "said").write_text("# Report\n\nEOF\n")
    assert merged.run("review/review", "Review", EXIT_STATUS=exit_status, ASSEMBLY=assembly(merged)).returncode == 0
    done = merged.run("review/review", "Publish the report", STATUS=merged.outputs["status"])
    assert str(done.returncode) == exit_status
    assert merged.read("summary") == "# Report\n\nEOF\n"
    assert merged.outputs["report"] == "# Report\n\nEOF\n"


def test_what_is_said_of_an_assembly_that_cannot_be_read_is_code_whatever_it_quotes(merged: Runner) -> None:
    (merged.temp / "complained").write_text("not an assembly: ```\r# x\n<img src=x> @octocat\n")
    done = merged.run("review/review", "Review", EXIT_STATUS="2", ASSEMBLY=assembly(merged))
    assert (done.returncode, merged.outputs["status"]) == (0, "2")
    [block] = MarkdownIt().parse(f"{MARKER}\n{merged.read('report.md')}")[1:]
    assert (block.type, block.content) == ("code_block", "not an assembly: ``` # x\n<img src=x> @octocat\n")


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
    command = [str(NODE), "-e", COMMENT, json.dumps(comments), script]
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

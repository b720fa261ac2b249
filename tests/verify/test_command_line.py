"""What `--verbose` and `--quiet` print, and `rotate --json`, against the embedded AWS."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ghes_packages import cli
from ghes_packages.live import calls
from tests.verify.conftest import Storage


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def storage(shared_storage: Storage) -> Storage:
    """What a test changes, it puts back."""
    return shared_storage


@pytest.fixture
def run(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(calls.LOGGER, "handlers", [])
    Path("instances.toml").write_text(f"[instances.{storage.instance.name}]\n")

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["ghes-packages", *arguments])
        return Done(cli._exit_status(), *capsys.readouterr())

    return run


def test_verbose_shows_each_call_with_its_request_id_and_no_secret(storage: Storage, run: Run) -> None:
    name = storage.instance.name
    secrets = json.loads(run("settings", name, "--show-secret", "--json").stdout)
    done = run("verify", "--verbose")
    assert done.returncode == 0
    assert done.stdout == run("verify").stdout
    *calls, refused = (
        line for line in done.stderr.splitlines() if re.match(r"s3 (PutObject|GetBucketPolicy) \(us-west-2\): ", line)
    )
    form = re.compile(r"s3 \w+ \(us-west-2\): HTTP \d{3}( \w+)?, request ID [\w-]+, \d+ ms")
    assert all(form.fullmatch(line) for line in (*calls, refused))
    assert "HTTP 200" in calls[0]
    assert "cloudformation DescribeStacks" in done.stderr
    assert "secretsmanager GetSecretValue" in done.stderr
    assert secrets["AwsS3SecretKey"] not in done.stderr
    assert storage.aws.environment["AWS_SECRET_ACCESS_KEY"] not in done.stderr


@pytest.mark.parametrize("command", ["verify", "status"])
def test_quiet_prints_nothing_where_all_is_well_and_each_problem_where_not(
    storage: Storage, run: Run, command: str
) -> None:
    fine = run(command, "--quiet")
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, "", "")
    stray = storage.iam.create_access_key(UserName=storage.user)["AccessKey"]["AccessKeyId"]
    wrong = run(command, "--quiet")
    storage.iam.delete_access_key(UserName=storage.user, AccessKeyId=stray)
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert wrong.stdout.startswith(f"{storage.instance.name}: ")
    assert all(line.startswith(f"{storage.instance.name}: ") for line in wrong.stdout.splitlines())


def test_each_section_is_a_line_and_with_all_checks_each_check(storage: Storage, run: Run) -> None:
    checks = json.loads(run("verify", "--json").stdout)["checks"]
    folded, each = (run("verify", *more).stdout.splitlines() for more in ([], ["--all-checks"]))
    assert len(folded) == len({check["section"] for check in checks}) + 1
    assert len([line for line in each if line.startswith(" ok  ")]) == len(checks)
    assert each[-1] == folded[-1] == f"{storage.instance.name}: {len(checks)} passed, 0 failed"


def test_a_rotation_tells_scripts_what_it_wrote_and_what_is_next(storage: Storage, run: Run) -> None:
    name = storage.instance.name
    told = json.loads(run("rotate", name, "--dry-run", "--json").stdout)
    assert told["written"] is False
    told = json.loads(run("rotate", name, "--json").stdout)
    assert (told["instance"], told["access_key"], told["previous_access_key"]) == (name, 2, "active")
    assert told["written"] is True
    assert "+access_key = 2" in told["change"].splitlines()
    assert told["next"][0].endswith(f"make deploy INSTANCE={name}")
    assert told["overridden"] == []
    assert "access_key = 2" in Path("instances.toml").read_text()

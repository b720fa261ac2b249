"""What `--verbose` and `--quiet` print, and `rotate --json`, against the embedded AWS."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verify.conftest import Storage


def run(storage: Storage, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "instances.toml").write_text(f"[instances.{storage.instance.name}]\n")
    command = [sys.executable, "-m", "ghes_packages", *arguments]
    environment = storage.aws.environment
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_verbose_shows_each_call_with_its_request_id_and_no_secret(storage: Storage, tmp_path: Path) -> None:
    name = storage.instance.name
    secrets = json.loads(run(storage, tmp_path, "settings", name, "--show-secret", "--json").stdout)
    done = run(storage, tmp_path, "verify", "--verbose")
    assert done.returncode == 0
    assert done.stdout == run(storage, tmp_path, "verify").stdout
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
    storage: Storage, tmp_path: Path, command: str
) -> None:
    fine = run(storage, tmp_path, command, "--quiet")
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, "", "")
    storage.iam.create_access_key(UserName=storage.user)
    wrong = run(storage, tmp_path, command, "--quiet")
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert wrong.stdout.startswith(f"{storage.instance.name}: ")
    assert all(line.startswith(f"{storage.instance.name}: ") for line in wrong.stdout.splitlines())


def test_each_section_is_a_line_and_with_all_checks_each_check(storage: Storage, tmp_path: Path) -> None:
    checks = json.loads(run(storage, tmp_path, "verify", "--json").stdout)["checks"]
    folded, each = (run(storage, tmp_path, "verify", *more).stdout.splitlines() for more in ([], ["--all-checks"]))
    assert len(folded) == len({check["section"] for check in checks}) + 1
    assert len([line for line in each if line.startswith(" ok  ")]) == len(checks)
    assert each[-1] == folded[-1] == f"{storage.instance.name}: {len(checks)} passed, 0 failed"


def test_a_rotation_tells_scripts_what_it_wrote_and_what_is_next(storage: Storage, tmp_path: Path) -> None:
    name = storage.instance.name
    told = json.loads(run(storage, tmp_path, "rotate", name, "--dry-run", "--json").stdout)
    assert told["written"] is False
    told = json.loads(run(storage, tmp_path, "rotate", name, "--json").stdout)
    assert (told["instance"], told["access_key"], told["previous_access_key"]) == (name, 2, "active")
    assert told["written"] is True
    assert "+access_key = 2" in told["change"].splitlines()
    assert told["next"][0].endswith(f"make deploy INSTANCE={name}")
    assert told["overridden"] == []
    assert "access_key = 2" in (tmp_path / "instances.toml").read_text()

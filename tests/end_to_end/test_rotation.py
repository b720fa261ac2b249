"""The runbook, command by command, while a client works as GHES would."""

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from ghes_packages.config.instances import load
from local_aws.cdk_cli import PROJECT
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.end_to_end.conftest import Cloud
from tests.keys import instance
from tests.runbook import commands
from tests.synthesis import assembly_of, deployable
from tests.waiting import wait_until

RUNBOOK = commands("docs/rotation.md")
ROTATE, DEPLOY = "ghes-packages rotate production", "make deploy INSTANCE=production"
STATUS, VERIFY = "ghes-packages status production", "ghes-packages verify production"
PASTE = "ghes-packages settings production --show-secret"
BACK = f"{ROTATE} --back"
A_DAY_LATER = " --unused-for 0"  # the only thing in these tests that a day of waiting would do


class Ghes:
    """A client that puts, gets and multiparts all the time, with the key that was entered last."""

    def __init__(self, aws: EmbeddedAws, settings: dict[str, str]) -> None:
        self._aws = aws
        self.requests = 0
        self.failures: list[str] = []
        self._stopped = threading.Event()
        self._in_use: Any = None
        self._thread = threading.Thread(target=self._work)
        self.enter(settings)

    def enter(self, settings: dict[str, str]) -> None:
        """What an administrator does in the Management Console; over when nothing uses the key before any more."""
        self._bucket, self.access_key_id = settings["AwsS3Bucket"], settings["AwsS3AccessKey"]
        self._client = self._aws.client(
            "s3", aws_access_key_id=self.access_key_id, aws_secret_access_key=settings["AwsS3SecretKey"]
        )
        if self._thread.is_alive():
            assert wait_until(lambda: self._in_use is self._client, seconds=60)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._in_use = client = self._client
            package, layer = ({"Bucket": self._bucket, "Key": key} for key in ("a/package", "a/layer"))
            try:
                client.put_object(**package, Body=b"content")
                client.get_object(**package)["Body"].read()
                upload = {**layer, "UploadId": client.create_multipart_upload(**layer)["UploadId"]}
                part = client.upload_part(**upload, PartNumber=1, Body=b"content")["ETag"]
                parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
                client.complete_multipart_upload(**upload, MultipartUpload=parts)
                self.requests += 5
            except (ClientError, BotoCoreError) as error:
                self.failures.append(str(error))


class Administrator:
    """Runs the commands of the runbook in a checkout of its own."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.cloud, self.folder = cloud, folder
        self.stack = Stack(cloud.aws, "GhesPackages-production")
        self.environment = {
            **cloud.aws.environment,
            "CDK_DEPLOY_OPTIONS": "--require-approval never --no-notices",
            # What validation says does not depend on the keys, and other tests hear it.
            "CDK_VALIDATION": "false",
        }
        for name in ("Makefile", "app.py", "cdk.json", "pyproject.toml", "package.json", "package-lock.json"):
            shutil.copy2(PROJECT / name, folder / name)
        for file in PROJECT.glob("requirements*.txt"):
            shutil.copy2(file, folder / file.name)
        for name in ("stacks", "ghes_packages"):
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in (".venv", "node_modules", ".cache"):
            (folder / name).symlink_to(PROJECT / name)
        self.configure("")

    def deployed(self, *steps: tuple[int, str | None]) -> None:
        """Configured so, and deployed step by step; straight through CloudFormation, which is quicker."""
        self.stack.create(*deployable(instance(1)))
        for access_key, previous in steps:
            self.stack.update(*deployable(instance(access_key, previous)))
            self.configure(f'access_key = {access_key}\nprevious_access_key = "{previous}"\n')

    def reviewed_deploy(self, accepted: str = "") -> None:
        """What `make deploy` comes to, without its start of the CDK CLI and of the app."""
        [configured] = load(self.folder / "instances.toml").values()
        assembly = assembly_of([configured], Path(tempfile.mkdtemp(dir=self.folder)))
        self.succeeds(f"ghes-packages review --deployed production --assembly {assembly} {accepted}")
        self.stack.update(*deployable(configured))

    def configure(self, keys: str) -> None:
        (self.folder / "instances.toml").write_text(f"[instances.production]  # ours\n{keys}")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def succeeds(self, command: str) -> str:
        done = self.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def refused(self, command: str, line: str) -> None:
        done = self.run(command)
        assert done.returncode != 0, done.stdout
        assert line in done.stdout + done.stderr

    def settings(self, options: str = "") -> dict[str, str]:
        values: dict[str, str] = json.loads(self.succeeds(f"{PASTE} {options} --json"))
        return values


@pytest.fixture
def administrator(cloud: Cloud, tmp_path: Path) -> Iterator[Administrator]:
    yield Administrator(cloud, tmp_path)
    stack = Stack(cloud.aws, "GhesPackages-production")
    stack.cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    stack.delete()


def keys_of(cloud: Cloud) -> dict[str, str]:
    user = cloud.outputs("production")["IamUserName"]
    listed = cloud.aws.client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in listed}


def test_the_runbook_rotates_without_a_failed_request(cloud: Cloud, administrator: Administrator) -> None:
    run, steps = administrator.succeeds, iter(RUNBOOK)

    def next_is(*commands: str) -> None:
        assert [next(steps) for _ in commands] == list(commands)

    administrator.deployed()
    first = administrator.settings()
    ghes = Ghes(cloud.aws, first)
    with ghes.at_work():
        next_is(STATUS, ROTATE, DEPLOY)
        assert "nothing to do" in run(STATUS)
        assert '+previous_access_key = "active"' in run(ROTATE)
        run(DEPLOY)

        next_is(VERIFY, PASTE)
        run(VERIFY)
        administrator.refused(STATUS, "GHES has it; enter access key 2")
        second = administrator.settings()
        ghes.enter(second)
        next_is(STATUS)

        next_is(f"{VERIFY} --previous", "ghes-packages settings production --previous --show-secret")
        run(f"{VERIFY} --previous")
        assert administrator.settings("--previous") == first

        next_is(ROTATE, DEPLOY)
        administrator.refused(ROTATE, "access key 1 may be in use (last used: less than a minute ago (s3))")
        run(ROTATE + A_DAY_LATER)
        administrator.reviewed_deploy("--accept access-key-1-in-use")
        assert keys_of(cloud) == {first["AwsS3AccessKey"]: "Inactive", second["AwsS3AccessKey"]: "Active"}

        next_is(ROTATE, DEPLOY, STATUS)
        run(ROTATE + A_DAY_LATER)
        administrator.reviewed_deploy("--accept access-key-1-in-use")
        assert "nothing to do" in run(STATUS)
        assert keys_of(cloud) == {second["AwsS3AccessKey"]: "Active"}

        assert list(steps) == RUNBOOK[-4:]  # the ways back, which another test takes

        # And once more, straight through CloudFormation, which is all that the deploys come to.
        for step in ("active", "inactive", "deleted"):
            administrator.stack.update(*deployable(instance(3, step)))
            if step == "active":
                administrator.configure('access_key = 3\nprevious_access_key = "active"\n')
                ghes.enter(administrator.settings())
        assert keys_of(cloud) == {ghes.access_key_id: "Active"}

    assert ghes.failures == []
    assert ghes.requests > 100
    assert "# ours" in (administrator.folder / "instances.toml").read_text()


def test_the_ways_back_of_the_runbook_lead_back(cloud: Cloud, administrator: Administrator) -> None:
    run = administrator.succeeds
    *_, back, deploy, forced, accepted = RUNBOOK
    assert (back, deploy) == (BACK, DEPLOY)
    assert forced.startswith(f"{BACK} --force --reason ")
    administrator.deployed((2, "active"), (2, "inactive"))
    run(back)
    # `make deploy` comes to this; it is run at the end.
    stack = Stack(cloud.aws, "GhesPackages-production")
    stack.update(*deployable(instance(2, "active")))
    stack.cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=True)
    assert sorted(keys_of(cloud).values()) == ["Active", "Active"]

    run(VERIFY)
    administrator.refused(back, "access key 2 may be in use")
    shown = run(forced)
    assert "OVERRIDDEN (GHES is on access key 1; verify used access key 2): access key 2 may be in use" in shown
    run(accepted)
    assert list(keys_of(cloud)) == [administrator.settings()["AwsS3AccessKey"]]
    run(VERIFY)


def test_the_jump_that_would_cut_ghes_off_is_refused_by_rotate_and_before_the_deploy(
    cloud: Cloud, administrator: Administrator
) -> None:
    administrator.deployed()
    key = administrator.settings()["AwsS3AccessKey"]
    administrator.configure('access_key = 2\nprevious_access_key = "deleted"\n')
    administrator.refused(ROTATE, "the configuration skips a step: access key 1 would stop working")
    administrator.refused(DEPLOY, "REFUSED access-key-1-replaced")
    reviewed = administrator.run("ghes-packages review --deployed production --json")
    assert reviewed.returncode == 1
    assert [risk["id"] for risk in json.loads(reviewed.stdout)["risks"]] == ["access-key-1-replaced"]
    another = "ghes-packages review --deployed production --accept another"
    administrator.refused(another, "--accept another: this change has no such risk; it has: access-key-1-replaced")
    assert keys_of(cloud) == {key: "Active"}


def test_rotate_writes_nothing_on_a_dry_run_or_a_refusal(administrator: Administrator) -> None:
    administrator.deployed()
    file = administrator.folder / "instances.toml"
    before = file.read_bytes()
    assert "+access_key = 2" in administrator.succeeds(f"{ROTATE} --dry-run")
    administrator.refused(f"{ROTATE} --force", '--force and --reason "…" go together')
    administrator.refused(BACK, "has no rotation in progress")
    assert file.read_bytes() == before

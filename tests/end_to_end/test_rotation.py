"""The runbook, command by command, while a client works as GHES would."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.embedded_aws import EmbeddedAws
from tests.end_to_end.operator import Operator
from tests.runbook import commands
from tests.waiting import wait_until

RUNBOOK = commands("docs/rotation.md")
ROTATE, DEPLOY = "ghes-packages rotate production", "make deploy INSTANCE=production"
STATUS, VERIFY = "ghes-packages status production", "ghes-packages verify production"
PASTE = "ghes-packages settings production --show-secret"
BACK = f"{ROTATE} --back"
A_DAY_LATER = " --unused-for 0"  # the only thing in these tests that a day of waiting would do
ACCEPTED = " ACCEPT=access-key-1-in-use"  # as is this


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
        # Ten times a second is enough to meet every step, and leaves the processor to the commands.
        while not self._stopped.wait(0.1):
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


def settings(operator: Operator, options: str = "") -> dict[str, str]:
    values: dict[str, str] = json.loads(operator.run(f"{PASTE} {options} --json"))
    return values


def keys(operator: Operator) -> dict[str, str]:
    listed = operator.aws.client("iam").list_access_keys(UserName=operator.outputs()["IamUserName"])
    return {key["AccessKeyId"]: key["Status"] for key in listed["AccessKeyMetadata"]}


def test_the_runbook_rotates_without_a_failed_request(operator: Operator) -> None:
    run, steps = operator.run, iter(RUNBOOK)

    def next_is(*commands: str) -> None:
        assert [next(steps) for _ in commands] == list(commands)

    operator.deploy()
    first = settings(operator)
    ghes = Ghes(operator.aws, first)
    with ghes.at_work():
        next_is(STATUS, ROTATE, DEPLOY)
        assert "nothing to do" in run(STATUS)
        assert '+previous_access_key = "active"' in run(ROTATE)
        run(DEPLOY)

        next_is(VERIFY, PASTE)
        run(VERIFY)
        assert "GHES has it; enter access key 2" in operator.refused(STATUS)
        second = settings(operator)
        ghes.enter(second)
        next_is(STATUS)

        next_is(f"{VERIFY} --previous", "ghes-packages settings production --previous --show-secret")
        run(f"{VERIFY} --previous")
        assert settings(operator, "--previous") == first

        next_is(ROTATE, DEPLOY)
        assert "access key 1 may be in use (last used: less than a minute ago (s3))" in operator.refused(ROTATE)
        run(ROTATE + A_DAY_LATER)
        run(DEPLOY + ACCEPTED)
        assert keys(operator) == {first["AwsS3AccessKey"]: "Inactive", second["AwsS3AccessKey"]: "Active"}

        next_is(ROTATE, DEPLOY, STATUS)
        run(ROTATE + A_DAY_LATER)
        run(DEPLOY + ACCEPTED)
        assert "nothing to do" in run(STATUS)
        assert keys(operator) == {second["AwsS3AccessKey"]: "Active"}

        assert list(steps) == RUNBOOK[-4:]  # the ways back, which another test takes
        assert "# ours" in (operator.folder / "instances.toml").read_text()

        # And once more, without the commands.
        for step in ("active", "inactive", "deleted"):
            operator.deploy(access_key=3, previous_access_key=step)
            if step == "active":
                ghes.enter(settings(operator))
        assert keys(operator) == {ghes.access_key_id: "Active"}

    assert ghes.failures == []
    assert ghes.requests > 30


def test_the_ways_back_of_the_runbook_lead_back(operator: Operator) -> None:
    run = operator.run
    *_, back, deploy, forced, accepted = RUNBOOK
    assert (back, deploy) == (BACK, DEPLOY)
    assert forced.startswith(f"{BACK} --force --reason ")
    operator.deploy()
    for step in ("active", "inactive"):
        operator.deploy(access_key=2, previous_access_key=step)
    run(back)
    run(deploy)
    assert sorted(keys(operator).values()) == ["Active", "Active"]

    run(VERIFY)
    assert "access key 2 may be in use" in operator.refused(back)
    shown = run(forced)
    assert "OVERRIDDEN (GHES is on access key 1; verify used access key 2): access key 2 may be in use" in shown
    run(accepted)
    assert list(keys(operator)) == [settings(operator)["AwsS3AccessKey"]]
    run(VERIFY)


def test_the_jump_that_would_cut_ghes_off_is_refused_by_rotate_and_before_the_deploy(operator: Operator) -> None:
    operator.deploy()
    before = operator.stack().outputs()
    operator.configure(access_key=2, previous_access_key="deleted")
    assert "the configuration skips a step: access key 1 would stop working" in operator.refused(ROTATE)
    assert "REFUSED access-key-1-replaced" in operator.refused(DEPLOY)
    reviewed = json.loads(operator.run("ghes-packages review --deployed production --json || [ $? = 1 ]"))
    assert [risk["id"] for risk in reviewed["risks"]] == ["access-key-1-replaced"]
    another = "ghes-packages review --deployed production --accept another"
    unknown = "--accept another: this change has no such risk; it has: access-key-1-replaced"
    assert unknown in operator.refused(another)
    assert keys(operator) == {before["AwsS3AccessKey"]: "Active"}


def test_rotate_writes_nothing_on_a_dry_run_or_a_refusal(operator: Operator) -> None:
    operator.deploy()
    file = operator.folder / "instances.toml"
    before = file.read_bytes()
    assert "+access_key = 2" in operator.run(f"{ROTATE} --dry-run")
    assert '--force and --reason "…" go together' in operator.refused(f"{ROTATE} --force")
    assert "has no rotation in progress" in operator.refused(BACK)
    assert file.read_bytes() == before

"""Somebody who looks after instances as the runbooks in docs/ say, with the real Makefile, commands and AWS CLI."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import load
from local_aws.cdk_cli import PROJECT
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack, deploy
from tests.runbook import Follower, Shell
from tests.synthesis import assembly_of

PACKAGES = {"a/package": b"package", "a/layer": b"layer", "b/with blank": b"blank"}
OF_THE_PROJECT = ("Makefile", "package.json", "package-lock.json", "pyproject.toml", ".venv", "node_modules")


class Operator:
    """Somebody with an `instances.toml`, a shell, and stacks that can be destroyed again.

    `cdk` is the quick one, also for `make`: -e has it take what PATH has first.
    """

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.s3: Any = aws.client("s3")
        self.tables: dict[str, dict[str, Any]] = {}
        for each in (*OF_THE_PROJECT, *(file.name for file in PROJECT.glob("requirements*.txt"))):
            (folder / each).symlink_to(PROJECT / each)
        self.environment = {**aws.environment, "MAKEFLAGS": "e"}
        self.shell = Shell(folder, self.environment)

    def configure(self, name: str = "production", **options: Any) -> None:
        self.tables[name] = options
        (self.folder / "instances.toml").write_text(
            "".join(
                f"[instances.{each}]  # ours\n"
                + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
                for each, table in self.tables.items()
            )
        )

    def stack(self, name: str = "production") -> Stack:
        return Stack(self.aws, f"GhesPackages-{name}")

    def replica(self, name: str, region: str) -> Stack:
        return Stack(self.aws, f"GhesPackages-{name}-Replica", region)

    def deploy(self, name: str = "production", **options: Any) -> None:
        """Without a review; the stack of a replica too."""
        self.configure(name, **options)
        instance = Instance.model_validate({"name": name, **options})
        deploy(self.aws, assembly_of([instance], self.folder / "cdk.out"), instance.construct_id)

    def outputs(self, name: str = "production") -> dict[str, str]:
        return self.stack(name).outputs()

    def bucket(self, name: str = "production") -> str:
        return self.outputs(name)["AwsS3Bucket"]

    def publish(self, packages: Mapping[str, bytes] = PACKAGES) -> None:
        bucket = self.bucket()
        for key, body in packages.items():
            self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def content(self, bucket: str) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: self.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}

    def as_ghes(self, name: str = "production", service: str = "s3") -> Any:
        """A client with the newest key of an instance."""
        secret = self.aws.client("secretsmanager").get_secret_value(
            SecretId=self.outputs(name)["AwsS3SecretKeyReference"]
        )
        key = json.loads(secret["SecretString"])
        return self.aws.client(
            service, aws_access_key_id=key["access_key_id"], aws_secret_access_key=key["secret_access_key"]
        )

    def follow(self, page: str, instead: Mapping[str, Callable[[], object]] | None = None) -> Follower:
        return Follower(page, self.shell, {} if instead is None else instead)

    def run(self, command: str) -> str:
        """What it printed; it must succeed."""
        return self.shell.run(command)

    def refused(self, command: str) -> str:
        """What it printed; it must fail, and the shell goes on."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def end(self) -> None:
        self.shell.close()
        instances = load(self.folder / "instances.toml").values() if self.tables else ()
        for instance in (each for one in instances for each in (one, one.replica) if each):
            stack = Stack(self.aws, instance.stack_name, instance.region)
            try:
                stack.protect(on=False)
            except ClientError:
                continue  # the runbook destroyed it
            stack.delete()


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return str(error.value.response["Error"]["Code"])

"""Somebody who looks after instances as the runbooks in docs/ say, with the real AWS CLI.

`cdk` and `make` are run by other tests; here the same goes straight through CloudFormation, which is quicker.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ghes_packages.config.instance import Instance
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.runbook import Follower, Shell
from tests.synthesis import deployable, deployable_replica

PACKAGES = {"a/package": b"package", "a/layer": b"layer", "b/with blank": b"blank"}


class Operator:
    """Somebody with an `instances.toml`, a shell, and stacks that can be destroyed again."""

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.s3: Any = aws.client("s3")
        self.tables: dict[str, dict[str, Any]] = {}
        self._replicas: dict[str, Stack] = {}
        self.shell = Shell(folder, aws.environment)

    def configure(self, name: str, **options: Any) -> None:
        self.tables[name] = options
        (self.folder / "instances.toml").write_text(
            "".join(
                f"[instances.{each}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
                for each, table in self.tables.items()
            )
        )

    def stack(self, name: str) -> Stack:
        return Stack(self.aws, f"GhesPackages-{name}")

    def replica(self, name: str, region: str) -> Stack:
        return self._replicas.setdefault(name, Stack(self.aws, f"GhesPackages-{name}-Replica", region))

    def deploy(self, name: str = "production", **options: Any) -> None:
        self.configure(name, **options)
        instance = Instance.model_validate({"name": name, **options})
        if instance.replica:
            replica = self.replica(name, str(instance.replica_region))
            replica.create(*deployable_replica(instance))
            self.protect(replica, on=True)
        stack = self.stack(name)
        stack.create(*deployable(instance))
        self.protect(stack, on=True)

    def update(self, name: str = "production", **options: Any) -> None:
        self.configure(name, **options)
        self.stack(name).update(*deployable(Instance.model_validate({"name": name, **options})))

    def protect(self, stack: Stack, *, on: bool) -> None:
        stack.cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=on)

    def outputs(self, name: str = "production") -> dict[str, str]:
        return outputs(self.stack(name))

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

    def follow(self, page: str, instead: Mapping[str, Callable[[], object]]) -> Follower:
        return Follower(page, self.shell, instead)

    def end(self) -> None:
        self.shell.close()
        for stack in (*map(self.stack, self.tables), *self._replicas.values()):
            try:
                self.protect(stack, on=False)
            except ClientError:
                continue  # the runbook destroyed it
            stack.delete()


def outputs(stack: Stack) -> dict[str, str]:
    [described] = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return str(error.value.response["Error"]["Code"])

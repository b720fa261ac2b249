"""The kinds of instances, each deployed to the embedded AWS, and the commands that ask AWS about them."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from botocore.exceptions import WaiterError

from ghes_packages.config.instance import Instance
from ghes_packages.outputs import Outputs
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.synthesis import assembly_of, deployable, deployable_replica

ROLE = "arn:aws:iam::111122223333:role/operators"
LOGS = "central-logs-of-the-faults"

# Each brings calls that the ones before it do not make.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "kms": {"encryption": "kms", "secret_readers": [ROLE], "role_arn": ROLE},
    "replica": {"replica_region": "us-east-1"},
    "central-logs": {"access_logs": LOGS},
    "existing-bucket": {},
    "two-keys": {"access_key": 2, "previous_access_key": "active"},
    "restricted": {"storage_class": "intelligent-tiering", "allowed_vpc_endpoints": ["vpce-0123456789abcdef0"]},
}
# Instances that are not deployed, or whose first deploy failed.
NEW, FAILED = "new", "failed"
EVERY = (*OPTIONS, NEW, FAILED)
ALL = "--all"
SEVERAL = ("default", "existing-bucket", NEW)

# Each with its options, and the kinds of instances; with ALL, they are in one `instances.toml`.
COMMANDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "settings": {"": EVERY, "--show-secret": tuple(OPTIONS), "--show-secret --previous": ("two-keys",)},
    "status": {"": EVERY, ALL: SEVERAL},
    "rotate": {"--dry-run": EVERY},
    "review": {"--deployed": EVERY},
    "verify": {"--json": tuple(OPTIONS), "": ("default",), "--previous": ("two-keys",), f"{ALL} --json": SEVERAL},
}


@dataclass(frozen=True)
class Kind:
    """An instance alone in its `instances.toml`, with what `cdk synth` makes of it, and its secret access keys.

    Without a name, several instances.
    """

    name: str
    file: Path
    assembly: Path
    secret_keys: tuple[str, ...]

    def arguments(self, command: str, options: str) -> list[str]:
        """The command line of a command about the instance."""
        assembly = ["--assembly", str(self.assembly)] if command == "review" else []
        name = [self.name] if self.name else []
        return [command, *options.split(), *name, *assembly, "--instances", str(self.file)]


def together(kinds: Sequence[Kind]) -> Kind:
    """All of them in one `instances.toml`."""
    tables = [tomlkit.parse(each.file.read_text())["instances"] for each in kinds]
    file = kinds[0].file.with_name("together.toml")
    file.write_text(tomlkit.dumps({"instances": {name: table for each in tables for name, table in each.items()}}))
    return Kind("", file, kinds[0].assembly, tuple(key for each in kinds for key in each.secret_keys))


def deploy(aws: EmbeddedAws, name: str, folder: Path) -> Kind:
    """The instance of that name, deployed as `cdk deploy` leaves it; `folder` is where its files go."""
    options = {"account": aws.account, "region": aws.region, **OPTIONS.get(name, {})}
    if name == "kms":
        _let_assume(aws)
    if name == "central-logs":
        aws.client("s3").create_bucket(Bucket=LOGS, CreateBucketConfiguration={"LocationConstraint": aws.region})
    if name == "existing-bucket":
        options["existing_bucket"] = _somebodys_bucket(aws)
    instance = Instance.model_validate({"name": name, **options})
    if name == FAILED:
        impossible = {"Impossible": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "nobody"}}}
        with suppress(WaiterError):
            Stack(aws, instance.stack_name).create(impossible)
    if instance.replica:
        Stack(aws, instance.replica.stack_name, instance.replica.region).create(*deployable_replica(instance))
    secret_keys: list[str] = []
    if name in OPTIONS:
        stack = Stack(aws, instance.stack_name)
        stack.create(*deployable(instance.model_copy(update={"access_key": 1, "previous_access_key": None})))
        secret_keys.append(_secret_key(aws, stack))
        if instance.access_key > 1:
            stack.update(*deployable(instance))
            secret_keys.append(_secret_key(aws, stack))
        stack.protect(on=True)
    file = folder / f"{name}.toml"
    file.write_text(tomlkit.dumps({"instances": {name: options}}))
    return Kind(name, file, assembly_of([instance], folder / name), tuple(secret_keys))


def _secret_key(aws: EmbeddedAws, stack: Stack) -> str:
    outputs = Outputs.model_validate(stack.outputs())
    value = aws.client("secretsmanager").get_secret_value(SecretId=outputs.secret_key_reference)["SecretString"]
    secret_key: str = json.loads(value)["secret_access_key"]
    return secret_key


def _let_assume(aws: EmbeddedAws) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}}
    name, iam = ROLE.rpartition("/")[2], aws.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=_policy(everything))


def _policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _somebodys_bucket(aws: EmbeddedAws) -> str:
    """A bucket that keeps all promises."""
    stack = Stack(aws, "somebodys")
    stack.create({id_: each for id_, each in deployable()[0].items() if each["Type"].startswith("AWS::S3::")})
    return stack.physical_id("PackagesBucket3210E67E")

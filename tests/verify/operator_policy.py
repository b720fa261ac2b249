"""The policy of an operator who runs one command on one instance, made of what the page on rights is made of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ghes_packages.live import aws, deployed
from ghes_packages.policies.operator_permissions import (
    OPERATOR_PERMISSIONS,
    Command,
    OperatorPermission,
    Resource,
    Where,
)
from tests.verify.conftest import Storage, allowing

Arns = Mapping[Resource, Sequence[str]]


def least_policy(storage: Storage, command: Command) -> str:
    """What the command needs, on the resources of this instance and of no other."""
    return allowing(*_statements(storage, command))


def _statements(storage: Storage, command: Command) -> Iterator[dict[str, Any]]:
    instance, replica = _of_the_instance(storage), _of_the_replica(storage)
    for needed in OPERATOR_PERMISSIONS:
        if command in needed.commands and (replica or not needed.with_replica):
            if needed.where is not Where.REPLICA:
                yield from _on(needed, instance)
            if needed.where is not Where.INSTANCE:
                yield from _on(needed, replica)


def _on(needed: OperatorPermission, arns: Arns) -> Iterator[dict[str, Any]]:
    if resources := arns.get(needed.resource):
        yield {"Action": list(needed.actions), "Resource": list(resources)}


def _of_the_instance(storage: Storage) -> Arns:
    account, region, parts = storage.aws.account, storage.aws.region, storage.parts
    bucket = f"arn:aws:s3:::{storage.bucket}"
    log_bucket = [f"arn:aws:s3:::{parts.log_bucket}"] if parts.log_bucket else []
    return {
        Resource.STACK: [f"arn:aws:cloudformation:{region}:{account}:stack/{storage.instance.stack_name}/*"],
        Resource.SECRET: [storage.deployed.outputs.secret_key_reference],
        Resource.KMS_KEY: [f"arn:aws:kms:{region}:{account}:key/{parts.kms_key.id}"] if parts.kms_key else [],
        Resource.BUCKET: [bucket],
        Resource.EACH_BUCKET: [bucket, *log_bucket],
        Resource.PROBE_OBJECTS: [f"{bucket}/ghes-packages-verify-*"],
        Resource.USER: [f"arn:aws:iam::{account}:user/{storage.user}"],
        Resource.GROUP: [f"arn:aws:iam::{account}:group/{parts.group}"],
        Resource.POLICY: [parts.policy_arn],
        Resource.ANY: ["*"],
    }


def _of_the_replica(storage: Storage) -> Arns:
    replica = storage.instance.replica
    if replica is None:
        return {}
    outputs = deployed.read_replica(replica, aws.session(replica))
    bucket = f"arn:aws:s3:::{outputs.bucket}"
    return {
        Resource.STACK: [f"arn:aws:cloudformation:{replica.region}:{storage.aws.account}:stack/{replica.stack_name}/*"],
        Resource.BUCKET: [bucket],
        Resource.EACH_BUCKET: [bucket, f"arn:aws:s3:::{outputs.access_logs}"],
        Resource.ANY: ["*"],
    }

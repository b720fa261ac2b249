"""The policy of an operator who runs one command on one instance, made of what the page on rights is made of."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ghes_packages.live import aws, deployed
from tests.operator_permissions import (
    OPERATOR_PERMISSIONS,
    Command,
    OperatorPermission,
    Resource,
    When,
    Where,
)
from tests.verify.conftest import Storage, allowing

Arns = Mapping[Resource, Sequence[str]]


def least_policy(storage: Storage, command: Command) -> str:
    """What the command needs, on the resources of this instance and of no other."""
    return document(rights(storage, command))


def document(needed: Iterable[tuple[OperatorPermission, Sequence[str]]]) -> str:
    """The policy that grants it."""
    return allowing(*({"Action": permission.actions, "Resource": arns} for permission, arns in needed))


def rights(storage: Storage, command: Command) -> Iterator[tuple[OperatorPermission, Sequence[str]]]:
    """Each permission that the command needs for this instance, and the ARNs that it needs it on."""
    has = {
        When.ALWAYS,
        When.REPLICA if storage.instance.replica else When.NO_REPLICA,
        *([When.ACCESS_KEY_REFUSED] if storage.instance.replica else []),
        *([When.KMS] if storage.kms_key else []),
        *([When.KMS_KEY_OF_THE_STACK] if storage.parts.kms_key else []),
    }
    regions = {Where.INSTANCE: _of_the_instance(storage), Where.REPLICA: _of_the_replica(storage)}
    for needed in OPERATOR_PERMISSIONS:
        if command in needed.commands and needed.when in has:
            arns = (regions[each].get(needed.resource, ()) for each in regions if needed.where in (each, Where.BOTH))
            yield needed, list(dict.fromkeys(itertools.chain.from_iterable(arns)))


def _of_the_instance(storage: Storage) -> Arns:
    account, region, parts = storage.aws.account, storage.aws.region, storage.parts
    bucket = f"arn:aws:s3:::{storage.bucket}"
    log_bucket = [f"arn:aws:s3:::{parts.log_bucket}"] if parts.log_bucket else []
    return {
        Resource.STACK: [f"arn:aws:cloudformation:{region}:{account}:stack/{storage.instance.stack_name}/*"],
        Resource.SECRET: [storage.deployed.outputs.secret_key_reference],
        Resource.KMS_KEY: [f"arn:aws:kms:{region}:{account}:key/{storage.kms_key}"],
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

"""Rotations as CloudFormation sees them: what works, what is refused and what is gone after each deploy."""

import json
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from ghes_packages.config.instance import Instance
from ghes_packages.live import access_keys, deployed
from ghes_packages.live.aws import code
from ghes_packages.live.aws import session as session_of
from ghes_packages.verify import verify
from tests.cloudformation import Stack
from tests.synthesis import deployable
from tests.verify.conftest import Storage


def deploy(storage: Storage, access_key: int, previous: str | None = None, *, broken: bool = False) -> None:
    options = {"name": "x", "access_key": access_key, "previous_access_key": previous}
    resources, outputs = deployable(Instance.model_validate(options))
    if broken:
        impossible = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "nobody"}, "DependsOn": [*resources]}
        resources = {**resources, "Impossible": impossible}
    Stack(storage.aws, storage.instance.stack_name).update(resources, outputs)
    storage.instance = Instance.model_validate({**options, "name": storage.instance.name})


def secret(storage: Storage, stage: str = "AWSCURRENT") -> dict[str, str]:
    client: Any = storage.aws.client("secretsmanager")
    arn = storage.deployed.outputs.secret_key_reference
    value: dict[str, str] = json.loads(client.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"])
    return value


def works(storage: Storage, key: dict[str, str]) -> bool:
    client = storage.aws.client(
        "s3", aws_access_key_id=key["access_key_id"], aws_secret_access_key=key["secret_access_key"]
    )
    try:
        client.put_object(Bucket=storage.bucket, Key="a/package", Body=b"content")
    except client.exceptions.ClientError as error:
        if code(error) != "InvalidAccessKeyId":
            raise
        return False
    return True


def keys(storage: Storage) -> dict[str, str]:
    listed = storage.iam.list_access_keys(UserName=storage.user)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in listed}


def test_both_keys_work_until_the_old_one_is_inactive_and_then_it_is_gone(storage: Storage) -> None:
    old = secret(storage)
    deploy(storage, 2, "active")
    new = secret(storage)
    assert secret(storage, "AWSPREVIOUS") == old != new
    assert (works(storage, old), works(storage, new)) == (True, True)
    deploy(storage, 2, "inactive")
    assert (works(storage, old), works(storage, new)) == (False, True)
    assert keys(storage) == {old["access_key_id"]: "Inactive", new["access_key_id"]: "Active"}
    deploy(storage, 2, "deleted")
    assert keys(storage) == {new["access_key_id"]: "Active"}
    assert (secret(storage), works(storage, new)) == (new, True)


def test_the_secret_keeps_its_arn_through_rotations(storage: Storage) -> None:
    for step in ((2, "active"), (2, "inactive"), (2, "deleted"), (3, "active")):
        deploy(storage, *step)
        outputs = deployed.read(storage.instance, session_of(storage.instance)).outputs
        assert outputs.secret_key_reference == storage.deployed.outputs.secret_key_reference
        assert secret(storage)["access_key_id"] == outputs.access_key


def test_an_inactive_key_is_made_active_again(storage: Storage) -> None:
    old = secret(storage)
    for step in ((2, "active"), (2, "inactive"), (2, "active")):
        deploy(storage, *step)
    assert works(storage, old)


def test_a_bad_new_key_is_dropped_and_the_next_one_is_another(storage: Storage) -> None:
    old = secret(storage)
    deploy(storage, 2, "active")
    bad = secret(storage)
    deploy(storage, 1)
    assert (secret(storage), keys(storage)) == (old, {old["access_key_id"]: "Active"})
    assert works(storage, old)
    deploy(storage, 2, "active")
    assert secret(storage)["access_key_id"] not in (old["access_key_id"], bad["access_key_id"])
    assert secret(storage, "AWSPREVIOUS") == old


@pytest.mark.parametrize(
    ("deployed_before", "fails"),
    [([], (2, "active")), ([(2, "active")], (2, "inactive")), ([(2, "active"), (2, "inactive")], (2, "deleted"))],
)
def test_a_deploy_that_fails_in_the_middle_leaves_the_key_of_ghes_working(
    storage: Storage, deployed_before: list[tuple[int, str]], fails: tuple[int, str]
) -> None:
    for step in deployed_before:
        deploy(storage, *step)
    used, before = secret(storage), keys(storage)
    with pytest.raises(WaiterError):
        deploy(storage, *fails, broken=True)
    assert (secret(storage), keys(storage)) == (used, before)
    assert works(storage, used)
    deploy(storage, *fails)
    assert works(storage, used) or fails == (2, "inactive")


def test_verify_proves_either_key_while_both_live_and_of_an_inactive_one_nothing(storage: Storage) -> None:
    def exit_status(*, previous: bool) -> int:
        return verify(storage.instance, storage.titles.append, previous=previous, patience=0).exit_status

    deploy(storage, 2, "active")
    assert (exit_status(previous=False), exit_status(previous=True)) == (0, 0)
    used = {key.generation for key in keys_with_use(storage) if key.last_used}
    assert used == {1, 2}
    deploy(storage, 2, "inactive")
    assert (exit_status(previous=False), exit_status(previous=True)) == (0, 1)


def keys_with_use(storage: Storage) -> list[access_keys.AccessKey]:
    session = session_of(storage.instance)
    return access_keys.read(storage.instance, deployed.read(storage.instance, session).outputs, session)


def test_keys_are_read_with_their_generation_and_last_use(storage: Storage) -> None:
    deploy(storage, 2, "active")
    stray = storage.iam.create_user(UserName=f"other-{storage.instance.name}")["User"]["UserName"]
    assert [key.generation for key in keys_with_use(storage)] == [2, 1]
    assert [key.last_used for key in keys_with_use(storage)] == [None, None]
    works(storage, secret(storage, "AWSPREVIOUS"))
    newest, previous = keys_with_use(storage)
    assert (newest.last_used, previous.last_service) == (None, "s3")
    storage.iam.delete_user(UserName=stray)
    deploy(storage, 2, "deleted")
    storage.iam.create_access_key(UserName=storage.user)
    assert [key.generation for key in keys_with_use(storage)] == [2, None]

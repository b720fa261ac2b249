"""The access keys in the template, from generation to generation."""

from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from tests.synthesis import resources_of, template_of


def instance(access_key: int, previous: str | None = None) -> Instance:
    return Instance.model_validate({"name": "x", "access_key": access_key, "previous_access_key": previous})


def statuses(access_key: int, previous: str | None = None) -> dict[str, Any]:
    keys = resources_of("AWS::IAM::AccessKey", instance(access_key, previous))
    return {logical_id: key["Properties"]["Status"] for logical_id, key in keys.items()}


FIRST, SECOND, THIRD = "AccessAccessKey1D123CC98", "AccessAccessKey265FD35D5", "AccessAccessKey346FEA367"
ROTATIONS = [
    ((1, None), {FIRST: "Active"}),
    ((2, "active"), {SECOND: "Active", FIRST: "Active"}),
    ((2, "inactive"), {SECOND: "Active", FIRST: "Inactive"}),
    ((2, "deleted"), {SECOND: "Active"}),
    ((3, "active"), {THIRD: "Active", SECOND: "Active"}),
]


@pytest.mark.parametrize(("configured", "keys"), ROTATIONS)
def test_each_generation_is_a_resource_of_its_own_whose_logical_id_never_changes(
    configured: tuple[int, str | None], keys: dict[str, str]
) -> None:
    assert statuses(*configured) == keys


def test_nothing_but_its_status_ever_changes_of_a_key() -> None:
    """A changed `Serial` would replace the key, and delete the one that GHES uses."""
    for configured, _ in ROTATIONS:
        for key in resources_of("AWS::IAM::AccessKey", instance(*configured)).values():
            assert key["Properties"].keys() == {"Status", "UserName"}


@pytest.mark.parametrize(("configured", "keys"), ROTATIONS)
def test_secret_and_outputs_follow_the_newest_key(configured: tuple[int, str | None], keys: dict[str, str]) -> None:
    template = template_of(instance(*configured))
    newest, *previous = keys
    assert template["Outputs"]["AwsS3AccessKey"]["Value"] == {"Ref": newest}
    if previous:
        assert template["Outputs"]["PreviousAwsS3AccessKey"]["Value"] == {"Ref": previous[0]}
    else:
        assert "PreviousAwsS3AccessKey" not in template["Outputs"]
    secret = template["Resources"]["AccessSecretD1770891"]["Properties"]["SecretString"]["Fn::Join"][1]
    assert [part for part in secret if part in ({"Ref": key} for key in keys)] == [{"Ref": newest}]
    assert {"Fn::GetAtt": [newest, "SecretAccessKey"]} in secret


def test_a_step_of_a_rotation_changes_keys_secret_and_outputs_only() -> None:
    before = template_of(instance(1))
    for configured, keys in ROTATIONS[1:]:
        after = template_of(instance(*configured))
        changed = {
            logical_id
            for logical_id in before["Resources"].keys() | after["Resources"].keys()
            if before["Resources"].get(logical_id) != after["Resources"].get(logical_id)
        }
        assert changed <= {FIRST, *keys, "AccessSecretD1770891"}

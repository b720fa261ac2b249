from datetime import timedelta
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.live.access_keys import AccessKey
from ghes_packages.review.access_keys import UserKeys, changes
from ghes_packages.review.deployed import known_to_iam
from ghes_packages.rotation.steps import UNUSED_FOR
from tests.keys import NOW, instance, key
from tests.review.pairs import changes_between, ids, rendered, stack
from tests.synthesis import template_of

MINUTES, DAYS = timedelta(minutes=5), timedelta(days=2)


def found(before: Instance, after: Instance, *keys: AccessKey) -> list[str]:
    return ids(changes(*rendered(template_of(before), template_of(after)), user(*keys)))


def user(*keys: AccessKey) -> UserKeys:
    return known_to_iam(keys, NOW, UNUSED_FOR)


def offline(before: Instance, after: Instance) -> list[str]:
    return ids(changes_between(stack(template_of(before)), stack(template_of(after))))


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        (instance(1), instance(1), [key(1, unused=MINUTES)]),
        (instance(1), instance(2, "active"), [key(1, unused=MINUTES)]),
        (instance(2, "active"), instance(2, "inactive"), [key(2, unused=MINUTES), key(1, unused=DAYS)]),
        (
            instance(2, "inactive"),
            instance(2, "deleted"),
            [key(2, unused=MINUTES), key(1, "Inactive", unused=DAYS)],
        ),
        (instance(2, "deleted"), instance(3, "active"), [key(2, unused=MINUTES)]),
        (instance(2, "active"), instance(1), [key(2), key(1, unused=MINUTES)]),
        (instance(2, "inactive"), instance(2, "active"), [key(2), key(1, "Inactive")]),
    ],
    ids=lambda value: f"{value.access_key}-{value.previous_access_key}" if isinstance(value, Instance) else "",
)
def test_every_safe_step_and_the_way_back_pass(before: Instance, after: Instance, keys: list[AccessKey]) -> None:
    assert found(before, after, *keys) == []
    assert offline(before, after) == []


def test_a_key_that_leaked_and_was_switched_off_by_hand_is_replaced_in_one_deploy() -> None:
    assert found(instance(1), instance(2, "inactive"), key(1, "Inactive", unused=MINUTES)) == []


@pytest.mark.parametrize("previous", ["deleted", "inactive"])
def test_a_key_cannot_be_replaced_in_one_deploy(previous: str) -> None:
    assert found(instance(1), instance(2, previous), key(1, unused=MINUTES)) == ["access-key-1-replaced"]
    assert found(instance(1), instance(2, previous), key(1)) == ["access-key-1-replaced"]
    assert offline(instance(1), instance(2, previous)) == ["access-key-1-replaced"]


@pytest.mark.parametrize("previous", ["inactive", "deleted"])
def test_a_key_in_use_cannot_be_switched_off(previous: str) -> None:
    refused = found(instance(2, "active"), instance(2, previous), key(2), key(1, unused=MINUTES))
    assert "access-key-1-in-use" in refused


def test_an_active_key_is_not_deleted_without_having_been_inactive() -> None:
    refused = found(instance(2, "active"), instance(2, "deleted"), key(2, unused=MINUTES), key(1, unused=DAYS))
    assert refused == ["access-key-1-deleted"]
    assert offline(instance(2, "active"), instance(2, "deleted")) == ["access-key-1-deleted"]


def test_an_inactive_key_that_was_just_used_is_not_deleted() -> None:
    keys = [key(2, unused=timedelta(0)), key(1, "Inactive", unused=MINUTES)]
    assert found(instance(2, "inactive"), instance(2, "deleted"), *keys) == ["access-key-1-in-use"]


def test_what_iam_says_of_a_key_counts_and_not_what_the_template_says() -> None:
    keys = [key(2, unused=MINUTES), key(1, unused=DAYS)]
    assert found(instance(2, "inactive"), instance(2, "deleted"), *keys) == ["access-key-1-deleted"]


def test_ghes_is_not_left_with_a_key_that_does_not_work() -> None:
    for dead in ([key(2)], [key(2), key(1, "Inactive")]):
        assert "access-key-1-dead" in found(instance(2, "active"), instance(1), *dead)


@pytest.mark.parametrize("change", ["Serial", "logical ID"])
def test_a_key_is_not_replaced_by_another_of_its_generation(change: str) -> None:
    before, after = template_of(instance(1)), template_of(instance(1))
    [logical_id] = [name for name in after["Resources"] if name.startswith("AccessAccessKey1")]
    if change == "Serial":
        after["Resources"][logical_id]["Properties"]["Serial"] = 2
    else:
        after["Resources"]["AccessAccessKey100000000"] = after["Resources"].pop(logical_id)
    assert ids(changes(*rendered(before, after), user(key(1)))) == ["access-key-1-replaced"]
    assert "access-key-1-replaced" in ids(changes_between(stack(before), stack(after)))


def test_the_last_key_is_not_dropped() -> None:
    before, after = template_of(instance(1)), template_of(instance(1))
    del after["Resources"]["AccessAccessKey1D123CC98"]
    assert "access-key-1-deleted" in ids(changes_between(stack(before), stack(after)))


def test_a_new_key_in_use_is_not_dropped() -> None:
    refused = found(instance(2, "active"), instance(1), key(2, unused=MINUTES), key(1))
    assert refused == ["access-key-2-in-use"]


def test_a_third_key_is_refused_before_aws_refuses_it() -> None:
    assert found(instance(1), instance(2, "active"), key(1), key(None)) == ["access-key-quota"]
    refused = found(instance(2, "active"), instance(3, "active"), key(2), key(1, unused=DAYS))
    assert refused == ["access-key-1-replaced", "access-key-quota"]


def test_a_removed_resource_of_another_kind_is_no_key() -> None:
    after: dict[str, Any] = template_of(instance(1))
    before = {**after, "Resources": {**after["Resources"], "Other": {"Type": "AWS::IAM::Group"}}}
    assert list(changes(*rendered(before, after), user(key(1)))) == []


@pytest.mark.parametrize(
    ("before", "after", "risks"),
    [
        (instance(2, "inactive"), instance(1), ["access-key-1-dead"]),
        (instance(2, "inactive"), instance(3, "active"), ["access-key-quota"]),
        (instance(2, "active"), instance(3, "active"), ["access-key-1-replaced", "access-key-quota"]),
    ],
)
def test_offline_the_template_before_says_which_keys_there_are(
    before: Instance, after: Instance, risks: list[str]
) -> None:
    assert offline(before, after) == risks

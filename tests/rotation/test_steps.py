from datetime import timedelta
from pathlib import Path

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.errors import ConfigurationError, FoundWrong
from ghes_packages.live.access_keys import AccessKey
from ghes_packages.rotation.steps import Step, ago, behind, next_step, refusals, stands, step_back, told
from tests.keys import NOW, instance, key

SECONDS, MINUTES, DAYS = timedelta(seconds=5), timedelta(minutes=5), timedelta(days=2)


def refused(configured: Instance, keys: list[AccessKey], step: Step | None = None) -> list[str]:
    return list(refusals(configured, step or next_step(configured), keys, NOW))


def written(step: Step) -> tuple[int, str | None]:
    return step.access_key, step.previous_access_key


@pytest.mark.parametrize(
    ("configured", "step"),
    [
        (instance(1), (2, "active")),
        (instance(2, "active"), (2, "inactive")),
        (instance(2, "inactive"), (2, "deleted")),
        (instance(2, "deleted"), (3, "active")),
    ],
)
def test_the_steps_of_a_rotation_follow_each_other(configured: Instance, step: tuple[int, str]) -> None:
    assert written(next_step(configured)) == step


@pytest.mark.parametrize(
    ("configured", "step"),
    [
        (instance(2, "active"), (1, None)),
        (instance(3, "active"), (2, "deleted")),
        (instance(2, "inactive"), (2, "active")),
    ],
)
def test_there_is_a_way_back_until_the_old_key_is_deleted(configured: Instance, step: tuple[int, str | None]) -> None:
    assert written(step_back(configured)) == step


@pytest.mark.parametrize("configured", [instance(1), instance(2, "deleted")])
def test_there_is_no_way_back_from_a_single_key(configured: Instance) -> None:
    with pytest.raises(ConfigurationError, match="no rotation in progress"):
        step_back(configured)


@pytest.mark.parametrize("configured", [instance(1), instance(2, "active"), instance(2, "inactive")])
def test_it_is_said_where_in_the_rotation_an_instance_stands(configured: Instance) -> None:
    assert f"access key {configured.access_key} is" in stands(configured)


@pytest.mark.parametrize(
    ("configured", "keys"),
    [
        (instance(1), [key(1, unused=MINUTES)]),
        (instance(2, "active"), [key(2, unused=MINUTES), key(1, unused=DAYS)]),
        (instance(2, "active"), [key(2, unused=MINUTES), key(1)]),
        (instance(2, "inactive"), [key(2, unused=MINUTES), key(1, "Inactive", unused=DAYS)]),
        (instance(2, "deleted"), [key(2, unused=MINUTES)]),
    ],
)
def test_a_step_that_hurts_nobody_is_taken(configured: Instance, keys: list[AccessKey]) -> None:
    assert refused(configured, keys) == []


@pytest.mark.parametrize(
    ("configured", "keys"),
    [
        (instance(2, "active"), [key(2, unused=SECONDS), key(1, unused=MINUTES)]),
        (instance(2, "inactive"), [key(2, unused=SECONDS), key(1, "Inactive", unused=MINUTES)]),
    ],
)
def test_a_key_that_was_used_within_a_day_is_neither_switched_off_nor_deleted(
    configured: Instance, keys: list[AccessKey]
) -> None:
    assert refused(configured, keys) == ["access key 1 may be in use (last used: 5 minutes ago (s3))"]


def test_no_key_is_switched_off_as_long_as_its_use_may_not_show_yet() -> None:
    for configured, status in ((instance(2, "active"), "Active"), (instance(2, "inactive"), "Inactive")):
        assert refused(configured, [key(2, age=MINUTES, unused=SECONDS), key(1, status)]) == [
            "access key 2 was created 5 minutes ago, and AWS shows a use of access key 1 some hours late"
        ]


def test_the_limit_can_be_set() -> None:
    configured, keys = instance(2, "active"), [key(2, unused=SECONDS), key(1, unused=timedelta(hours=3))]
    assert list(refusals(configured, next_step(configured), keys, NOW, timedelta(hours=2))) == []
    assert list(refusals(configured, next_step(configured), keys, NOW, timedelta(hours=4))) != []


def test_no_rotation_starts_while_the_user_has_two_keys() -> None:
    [line] = refused(instance(1), [key(1), key(None)])
    assert line == (
        "the user has 2 access keys, and AWS allows 2: access key 1 (key-1), stray access key key-None (key-None);"
        " delete one of them first"
    )


@pytest.mark.parametrize(
    ("configured", "keys", "difference"),
    [
        (instance(2, "active"), [key(1)], "deployed: access key 1 Active; configured: access key 1 Active, access"),
        (instance(2, "inactive"), [key(2), key(1)], "deployed: access key 1 Active, access key 2 Active; configured:"),
        (instance(2, "deleted"), [key(2), key(1, "Inactive")], "deployed: access key 1 Inactive, access key 2 Active;"),
    ],
)
def test_nothing_goes_on_while_the_deployed_stack_is_behind(
    configured: Instance, keys: list[AccessKey], difference: str
) -> None:
    [line] = refused(configured, keys)
    assert line.startswith(f"the deployed stack is behind the configuration: {difference}")
    assert "deploy it with: make deploy INSTANCE=production; if there is nothing to deploy, somebody changed" in line


def test_a_configuration_that_jumps_is_refused_with_the_step_that_was_left_out() -> None:
    for previous in ("deleted", "inactive"):
        with pytest.raises(FoundWrong) as jumped:
            refused(instance(2, previous), [key(1, unused=MINUTES)])
        assert str(jumped.value) == (
            "production: the configuration skips a step: access key 1 would stop working in the deploy that creates"
            ' access key 2; first write access_key = 2 and previous_access_key = "active"'
        )


def test_a_new_key_that_is_used_is_not_dropped_on_the_way_back() -> None:
    configured = instance(2, "active")
    keys = [key(2, unused=MINUTES), key(1, unused=MINUTES)]
    [line] = refused(configured, keys, step_back(configured))
    assert line == "access key 2 may be in use (last used: 5 minutes ago (s3))"
    young = [key(2, age=MINUTES), key(1, unused=MINUTES)]
    assert refused(configured, young, step_back(configured)) == [
        "access key 2 may be in use (last used: never, created 5 minutes ago)"
    ]
    assert refused(configured, [key(2), key(1, unused=MINUTES)], step_back(configured)) == []


@pytest.mark.parametrize("new", [key(2), key(2, unused=DAYS * 3)])
def test_the_old_key_is_kept_as_long_as_nothing_shows_that_ghes_uses_the_new_one(new: AccessKey) -> None:
    [line] = refused(instance(2, "active"), [new, key(1, unused=DAYS)])
    assert line.startswith("nothing shows that GHES uses access key 2 (last used: ")


def test_an_inactive_key_is_made_active_again_without_conditions() -> None:
    configured = instance(2, "inactive")
    keys = [key(2, unused=MINUTES), key(1, "Inactive", unused=MINUTES)]
    assert refused(configured, keys, step_back(configured)) == []


@pytest.mark.parametrize(
    ("file", "deploy", "verify"),
    [
        ("instances.toml", "make deploy INSTANCE=production", "ghes-packages verify production"),
        (
            "two parts/other.toml",
            "make deploy INSTANCE=production INSTANCES='two parts/other.toml'",
            "ghes-packages verify production --instances 'two parts/other.toml'",
        ),
    ],
)
def test_what_comes_next_names_the_file_of_instances_where_it_is_another(file: str, deploy: str, verify: str) -> None:
    configured = instance(1)
    lines = list(told(configured, Path(file), next_step(configured), "", (), "", dry_run=False))
    first, second, *_ = lines[lines.index("Next:") + 1 :]
    assert first == f"  1. review and commit the change; then: {deploy}"
    assert second == f"  2. prove the new key: {verify}"


@pytest.mark.parametrize(
    ("step", "last"),
    [
        (next_step(instance(1)), "ghes-packages status production"),
        (next_step(instance(2, "inactive")), "ghes-packages status production"),
        (step_back(instance(2, "active")), "ghes-packages verify production"),
        (step_back(instance(2, "inactive")), "ghes-packages verify production --previous"),
    ],
)
def test_what_comes_last_is_a_command_for_the_instance(step: Step, last: str) -> None:
    *_, line = told(instance(1), Path("instances.toml"), step, "", (), "", dry_run=False)
    assert line.endswith(f": {last}")


def test_what_is_deployed_as_configured_is_not_behind() -> None:
    assert behind(instance(2, "inactive"), [key(2), key(1, "Inactive"), key(None)]) is None


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=3, hours=20), "3 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=23), "23 hours"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=59), "less than a minute"),
    ],
)
def test_a_time_span_is_told_in_its_largest_unit(span: timedelta, words: str) -> None:
    assert ago(span) == words

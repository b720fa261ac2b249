import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from ghes_packages.config.instance import Instance
from ghes_packages.live.access_keys import AccessKey
from ghes_packages.status import Status
from tests.keys import NOW, instance, key

HOURS, DAYS = timedelta(hours=2), timedelta(days=2)


def status(configured: Instance, *keys: AccessKey) -> Status:
    return Status(configured, configured, "UPDATE_COMPLETE", keys, NOW)


@pytest.mark.parametrize(
    ("configured", "keys"),
    [
        (instance(1), [key(1, unused=HOURS)]),
        (instance(2, "active"), [key(2, unused=HOURS), key(1, unused=DAYS)]),
        (instance(2, "inactive"), [key(2, unused=HOURS), key(1, "Inactive", unused=HOURS)]),
    ],
)
def test_an_instance_without_problems_is_fine(configured: Instance, keys: list[AccessKey]) -> None:
    assert list(status(configured, *keys).problems()) == []
    assert status(configured, *keys).exit_status == 0


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (
            status(instance(1), key(1, age=timedelta(days=91))),
            "access key 1 is 91 days old, and the limit is 90 days;"
            " take the next step with: ghes-packages rotate production",
        ),
        (
            status(instance(1), key(1), key(None)),
            "stray access key key-None: the stack does not know it; find out who created it and what uses it,"
            " then delete it in IAM",
        ),
        (
            status(instance(2, "active"), key(2), key(1, unused=HOURS)),
            "access key 1 is still in use (last used: 2 hours ago (s3)): GHES has it;"
            " enter access key 2 in the Management Console:"
            " ghes-packages settings production --show-secret",
        ),
        (
            status(instance(2, "active"), key(1)),
            "the deployed stack is behind the configuration: deployed: access key 1 Active; configured: access key 1"
            " Active, access key 2 Active; deploy it with: make deploy INSTANCE=production;"
            " if there is nothing to deploy, somebody changed a key by hand;"
            " unless it leaked, change it back: aws iam update-access-key",
        ),
        (
            status(instance(1), key(1, "Inactive")),
            "the deployed stack is behind the configuration: deployed: access key 1 Inactive; configured: access key 1"
            " Active; deploy it with: make deploy INSTANCE=production;"
            " if there is nothing to deploy, somebody changed a key by hand;"
            " unless it leaked, change it back: aws iam update-access-key",
        ),
    ],
)
def test_a_problem_is_one_line_with_what_to_do(found: Status, problem: str) -> None:
    assert list(found.problems()) == [problem]
    assert found.exit_status == 1


def test_the_age_limit_can_be_set() -> None:
    found = Status(instance(1), instance(1), "x", (key(1, age=timedelta(days=10)),), NOW, max_age=timedelta(days=9))
    assert found.exit_status == 1


def table_of(found: Status) -> list[str]:
    console = Console(width=80, record=True, file=io.StringIO())
    found.write_table(console)
    return console.export_text().splitlines()


def test_the_table_has_a_row_for_each_key_and_fits() -> None:
    lines = table_of(status(instance(2, "active"), key(2, unused=HOURS), key(1, unused=DAYS), key(None)))
    rows = [" ".join(line.split()) for line in lines]
    assert rows[0] == "GhesPackages-production: UPDATE_COMPLETE"
    assert "2 key-2 Active 30 days 2 hours ago (s3) to use this" in rows
    assert "1 key-1 Active 30 days 2 days ago (s3)" in rows
    assert "stray key-None Active 30 days never, created 30 days ago" in rows
    assert max(len(line) for line in lines if "stray access" not in line) <= 80


@pytest.mark.parametrize(
    ("service", "shown"), [("[/red]", "[/red]"), ("[bold]s3", "[bold]s3"), ("\x1b[2Js3\n", "?[2Js3?")]
)
def test_the_name_of_a_service_is_text_and_nothing_else(service: str, shown: str) -> None:
    used = replace(key(1, unused=HOURS), last_service=service)
    assert f"2 hours ago ({shown})" in "\n".join(table_of(status(instance(1), used)))


def test_json_has_every_key_and_problem() -> None:
    found = status(instance(2, "active"), key(2, unused=HOURS), key(1))
    written = found.for_machines()
    assert written["stack"] == "GhesPackages-production"
    assert [(each["generation"], each["for_ghes"]) for each in written["access_keys"]] == [(2, True), (1, False)]
    assert written["access_keys"][0]["last_used"] == "2026-03-01T10:00:00+00:00"
    assert written["access_keys"][1]["last_used"] is None
    assert written["problems"] == []


def test_a_key_that_is_not_made_yet_is_not_to_be_entered() -> None:
    [problem] = status(instance(2, "active"), key(1, unused=HOURS)).problems()
    assert problem.startswith("the deployed stack is behind")


def test_an_option_that_is_not_deployed_yet_is_told_with_both_values() -> None:
    configured = instance().model_copy(update={"encryption": "kms", "noncurrent_days": 90})
    found = Status(configured, instance(), "UPDATE_COMPLETE", (key(1, unused=HOURS),), NOW)
    assert list(found.problems()) == [
        'the deployed stack is behind the configuration: deployed: encryption = "s3", noncurrent_days = 30;'
        ' configured: encryption = "kms", noncurrent_days = 90; deploy it with: make deploy INSTANCE=production'
    ]


def test_an_older_key_that_was_never_used_is_not_said_to_be_in_use() -> None:
    assert list(status(instance(2, "active"), key(2, unused=HOURS), key(1, age=HOURS)).problems()) == []


def test_the_version_that_wrote_the_template_is_shown_where_there_is_one() -> None:
    for version, line in (
        ("1.1.0", "GhesPackages-production: UPDATE_COMPLETE, template of version 1.1.0"),
        (None, "GhesPackages-production: UPDATE_COMPLETE"),
    ):
        found = replace(status(instance(1), key(1)), version=version)
        found.write_table(Console(file=(printed := io.StringIO()), width=80))
        assert printed.getvalue().splitlines()[0] == line
        assert found.for_machines()["template_version"] == version
        assert list(found.problems()) == []

"""Which move of current packages is this project's own."""

import copy
from typing import Any

import pytest

from ghes_packages.guardrails import check
from ghes_packages.template.rendered import RenderedStack
from tests.stacks.test_options import instance
from tests.synthesis import Json, replica_template_of, template_of

BUCKET, LOGS = "PackagesBucket3210E67E", "PackagesAccessLogs000D49E7"
TIERED = {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}
INSTANCE = instance(storage_class="intelligent-tiering", replica_region="us-east-2")
ARCHIVE_TIERS = [{"Id": "a", "Status": "Enabled", "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}]


def broken(template: Json, region: str = "us-west-2") -> list[str]:
    return [rule.name for rule, _ in check(RenderedStack(template, "111122223333", region))]


def edited(logical_id: str, **changes: Any) -> Json:
    template = copy.deepcopy(template_of(INSTANCE))
    template["Resources"][logical_id]["Properties"]["LifecycleConfiguration"]["Rules"][0] |= changes
    return template


def test_packages_and_their_replica_may_move_to_intelligent_tiering() -> None:
    assert broken(template_of(INSTANCE)) == []
    assert broken(replica_template_of(INSTANCE), "us-east-2") == []


@pytest.mark.parametrize(
    "transitions",
    [
        [{**TIERED, "StorageClass": "GLACIER"}],
        [{**TIERED, "StorageClass": "GLACIER_IR"}],
        [{**TIERED, "StorageClass": "DEEP_ARCHIVE"}],
        [{**TIERED, "StorageClass": "STANDARD_IA", "TransitionInDays": 31}],
        [TIERED, {**TIERED, "StorageClass": "GLACIER", "TransitionInDays": 90}],
        [{**TIERED, "TransitionInDays": 1}],
        [{"StorageClass": "INTELLIGENT_TIERING", "TransitionDate": "2030-01-01T00:00:00Z"}],
        [],
        TIERED,
    ],
    ids=str,
)
def test_any_other_move_breaks_the_promise(transitions: Any) -> None:
    assert broken(edited(BUCKET, Transitions=transitions)) == ["current_packages_stay"]


def test_the_older_way_to_write_it_and_a_move_of_the_access_logs_break_it() -> None:
    assert broken(edited(BUCKET, Transition=TIERED)) == ["current_packages_stay"]
    assert broken(edited(LOGS, Transitions=[TIERED])) == ["current_packages_stay"]


def test_the_archive_tiers_break_it() -> None:
    template = copy.deepcopy(template_of(INSTANCE))
    template["Resources"][BUCKET]["Properties"]["IntelligentTieringConfigurations"] = ARCHIVE_TIERS
    assert broken(template) == ["current_packages_stay"]

"""Which change of the way in which a stack is deployed is a risk."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.review.deployed import strangers
from ghes_packages.review.pull_request import review_assemblies
from ghes_packages.review.report import Report, State
from ghes_packages.template import assembly as assemblies
from tests.review.pairs import ids
from tests.synthesis import PROJECT, assembly_of

HERE = {"account": "111122223333", "region": "us-west-2"}
ROLE = "arn:aws:iam::111122223333:role/GhesPackagesDeploy"
DIRECT: dict[str, Any] = {}
THROUGH_THE_BOOTSTRAP: dict[str, Any] = {"bootstrap": True}
IN_A_ROLE: dict[str, Any] = {"execution_role_arn": ROLE}


def instance(**options: Any) -> Instance:
    return Instance.model_validate({"name": "production", **HERE, **options})


Reviewed = Callable[[dict[str, Any], dict[str, Any]], Report]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Reviewed:
    """What the review says of an instance with other options than before. Each is synthesised once."""

    @cache
    def made(**options: Any) -> Path:
        return assembly_of([instance(**options)], tmp_path_factory.mktemp("assembly"))

    return lambda before, after: review_assemblies(made(**before), made(**after), ())


def risks(report: Report) -> list[str]:
    return [each.id.removeprefix("production/deployment-") for each in report.risks]


BOOTSTRAP = ["assumeRoleArn", "cloudFormationExecutionRoleArn", "lookupRole", "stackTemplateAssetObjectUrl"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (THROUGH_THE_BOOTSTRAP, DIRECT, []),
        (IN_A_ROLE, DIRECT, []),
        (DIRECT, THROUGH_THE_BOOTSTRAP, BOOTSTRAP),
        (DIRECT, IN_A_ROLE, ["cloudFormationExecutionRoleArn"]),
        (THROUGH_THE_BOOTSTRAP, IN_A_ROLE, ["cloudFormationExecutionRoleArn"]),
        (THROUGH_THE_BOOTSTRAP, {"bootstrap": "acme"}, BOOTSTRAP),
    ],
)
def test_a_role_that_goes_is_no_risk_and_one_that_comes_is(
    reviewed: Reviewed, before: dict[str, Any], after: dict[str, Any], found: list[str]
) -> None:
    report = reviewed(before, after)
    assert risks(report) == found
    [changed] = report.instances
    # Nothing but the way changes; what goes is shown too.
    assert {change.topic.title for change in changed.changes} == {"Stack"}
    assert changed.state is State.CHANGED


def test_another_name_is_another_stack(reviewed: Reviewed) -> None:
    report = reviewed({}, {"stack_name": "Acme-Packages"})
    assert [(each.name, each.state) for each in report.instances] == [
        ("Acme-Packages", State.NEW),
        ("production", State.REMOVED),
    ]
    assert [each.id for each in report.risks] == ["production/instance-removed"]


def test_a_stack_of_another_name_and_its_replica_are_found_and_are_no_strangers(tmp_path: Path) -> None:
    named = instance(stack_name="Acme-Packages", replica_region="us-east-1", encryption="kms")
    folder = assembly_of([named], tmp_path / "head")
    stacks = assemblies.read(folder)
    assert stacks.keys() == {"Acme-Packages", "Acme-Packages-Replica"}
    assert ids(strangers(named, stacks)) == []
    before = assembly_of([instance(stack_name="Acme-Packages", encryption="kms")], tmp_path / "base")
    found = [each.id for each in review_assemblies(before, folder, ()).risks]
    assert not [each for each in found if "replication" in each], found


def test_the_page_names_what_the_version_before_refuses() -> None:
    page = (PROJECT / "docs" / "deploying.md").read_text()
    assert re.findall(r"`production/deployment-(\w+)`", page) == BOOTSTRAP

"""Which denials in the policy of the user are this project's own."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ghes_packages.guardrails import check
from ghes_packages.template.rendered import RenderedStack
from tests.stacks.test_options import instance
from tests.synthesis import Json, template_of

ADDRESSES, ENDPOINTS = {"allowed_cidrs": ["203.0.113.0/24"]}, {"allowed_vpc_endpoints": ["vpce-1a2b3c4d"]}
POLICY = "AccessPolicy24F350C1"
NOT_THROUGH = {"StringNotEquals": {"aws:SourceVpce": ["vpce-1a2b3c4d"]}}


def broken(options: Json, edit: Callable[[Json], Any]) -> list[str]:
    template = copy.deepcopy(template_of(instance(**options)))
    [denial] = [
        each
        for each in template["Resources"][POLICY]["Properties"]["PolicyDocument"]["Statement"]
        if each["Effect"] == "Deny"
    ]
    edit(denial)
    return [rule.name for rule, _ in check(RenderedStack(template, "111122223333", "us-west-2"))]


@pytest.mark.parametrize("options", [ADDRESSES, ENDPOINTS, {**ADDRESSES, **ENDPOINTS}])
def test_addresses_endpoints_and_both_may_be_let_in(options: Json) -> None:
    assert broken(options, lambda denial: None) == []


@pytest.mark.parametrize("options", [ENDPOINTS, {**ADDRESSES, **ENDPOINTS}])
@pytest.mark.parametrize(
    "edit",
    [
        lambda denial: denial["Condition"].pop("Bool"),
        lambda denial: denial["Condition"].update(StringEquals=denial["Condition"].pop("StringNotEquals")),
        lambda denial: denial["Condition"].update(StringNotEquals={"aws:SourceVpc": ["vpc-1a2b3c4d"]}),
        lambda denial: denial["Condition"]["StringNotEquals"].update({"aws:PrincipalAccount": "111122223333"}),
        lambda denial: denial["Condition"]["StringNotEquals"].update({"aws:SourceVpce": []}),
        lambda denial: denial.update(Resource="*"),
        lambda denial: denial.update(Action="s3:*"),
        lambda denial: denial.update(Condition=NOT_THROUGH),
        lambda denial: denial.update(NotAction=denial.pop("Action")),
    ],
)
def test_another_denial_by_endpoint_breaks_the_promise(options: Json, edit: Callable[[Json], Any]) -> None:
    assert broken(options, edit) == ["no_other_denial"]

"""Whether one grant covers another, and who the principals of a template are."""

from typing import Any

import pytest

from ghes_packages.policies.document import statement
from ghes_packages.policies.statements import address_statement
from ghes_packages.template.grant_matching import covers
from ghes_packages.template.grants import Grant
from ghes_packages.template.rendered import RenderedStack
from tests.combinations import VALUES, instance
from tests.guardrails.breaks import GROUP, POLICY, USER, Edit, added, edited, more, ref, statements, to
from tests.review.pairs import changes, ids
from tests.synthesis import template_of


def of(effect: str = "Allow", action: str = "s3:GetObject", resource: str = "b/*", **condition: Any) -> Grant:
    read = statement({"Effect": effect, "Action": action, "Condition": condition})
    return Grant("somebody", effect, action, resource, read.conditions)


CIDRS, ENDPOINTS = "allowed_cidrs", "allowed_vpc_endpoints"


def via(*services: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": list(services)}}


ADDRESSES = {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (of(action="s3:*"), of()),
        (of(action="S3:GET*"), of()),
        (of(resource="*"), of()),
        (of(resource="b/*"), of(resource="b/x?")),
        (of(), of(StringEquals={"k": "a"})),
        (of(StringEquals={"k": ["a", "b"]}), of(StringEquals={"K": "a"})),
        (of(StringNotEquals={"k": "a"}), of(StringNotEquals={"k": ["a", "b"]})),
        (of(IpAddress=ADDRESSES), of(IpAddress={"aws:SourceIp": "10.1.0.0/16"})),
        (of("Deny", NotIpAddress={"aws:SourceIp": "10.1.0.0/16"}), of("Deny", NotIpAddress=ADDRESSES)),
        (of("Deny", NumericLessThan={"v": 1.3}), of("Deny", NumericLessThan={"v": 1.2})),
        (of(ArnLike={"k": "arn:*"}), of(ArnLike={"k": "arn:x"})),
        (of(action="*"), of(action="everything but s3:GetObject")),
        (of(**via("s3.r", "iam.r")), of(**via("s3.r.amazonaws.com.cn"))),
    ],
)
def test_a_wide_grant_covers_a_narrow_one_and_not_the_other_way_round(wide: Grant, narrow: Grant) -> None:
    assert covers(wide, narrow)
    assert not covers(narrow, wide)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (of("Allow"), of("Deny")),
        (of(action="everything but s3:*"), of(action="everything but s3:GetObject")),
        (of(StringEquals={"k": "a"}), of(StringLike={"k": "a"})),
        (of(resource="b/?"), of(resource="b/*")),
        (of(DateLessThan={"k": "2027"}), of(DateLessThan={"k": "2028"})),
    ],
)
def test_what_cannot_be_compared_covers_nothing(one: Grant, other: Grant) -> None:
    assert not covers(one, other)


def test_the_suffix_of_a_service_gives_nothing_and_takes_no_denial_away() -> None:
    own, other = via("s3.r.${AWS::URLSuffix}"), via("s3.r.${AWS::URLSuffix}", "s3.r.amazonaws.com")
    assert covers(of(**own), of(**other))
    assert not covers(of("Deny", **via("s3.r.amazonaws.com.cn")), of("Deny", **via("s3.r.amazonaws.com")))
    assert not covers(of(StringNotEquals=other["StringEquals"]), of(StringNotEquals=own["StringEquals"]))
    assert not covers(of(**own), of(**via("s3.r.example.com")))
    assert not covers(of(**own), of(**via("s3.other.amazonaws.com")))


def test_everybody_covers_somebody() -> None:
    assert covers(Grant("everybody", "Allow", "*", "*"), of())


def who(template: dict[str, Any]) -> set[str]:
    return {grant.who for grant in RenderedStack(template).grants}


def test_the_principals_of_the_template_are_the_user_the_logs_and_everybody_who_is_denied() -> None:
    assert who(template_of()) == {f"${{{USER}}}", "Service logging.s3", "everybody"}


EVERYTHING = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    "edit",
    [
        added("AWS::IAM::User", Groups=[ref(GROUP)]),
        added("AWS::IAM::User", ManagedPolicyArns=[ref(POLICY)]),
        added("AWS::IAM::Role", ManagedPolicyArns=["arn:x"]),
        added("AWS::IAM::UserToGroupAddition", GroupName=ref(GROUP), Users=["${Other}"]),
        added("AWS::IAM::UserToGroupAddition", GroupName="Administrators", Users=[ref(USER)]),
        more(f"Resources.{USER}.Properties.Groups", "Administrators"),
        more(f"Resources.{USER}.Properties.Groups", {"Fn::ImportValue": "Administrators"}),
        added("AWS::IAM::Role", Policies=[{"PolicyDocument": {"Statement": EVERYTHING}}]),
        added("AWS::KMS::Key", KeyPolicy={"Statement": EVERYTHING}),
        added("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": {**EVERYTHING, "Principal": {"AWS": "1"}}}),
        added("AWS::SecretsManager::ResourcePolicy", SecretId="s", ResourcePolicy={"Statement": [EVERYTHING]}),
        added("AWS::IAM::Policy", PolicyDocument={"Statement": ["hidden"]}),
    ],
)
def test_access_is_found_wherever_a_template_can_give_it(edit: Edit) -> None:
    assert any(each.startswith("access-gained") for each in ids(changes(edited(edit))))


def test_another_condition_value_gives_access_where_it_allows_and_takes_it_where_it_denies() -> None:
    def template(effect: str, addresses: list[str]) -> dict[str, Any]:
        allowed = {"Effect": "Allow", "Action": "s3:GetBucketAcl", "Resource": "*"}
        statement = {
            "Allow": {**allowed, "Condition": {"IpAddress": {"aws:SourceIp": addresses}}},
            "Deny": address_statement("*", addresses),
        }[effect]
        return edited(to(statements(POLICY), [statement]))

    few, many = ["10.0.0.0/8"], ["10.0.0.0/8", "192.0.2.0/24"]
    for effect in ("Allow", "Deny"):
        assert len(of_access(template(effect, few), template(effect, many))) == 1
        assert of_access(template(effect, many), template(effect, few)) == []


def of_access(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [each for each in ids(changes(after, before)) if each.startswith("access-")]


RESTRICTIONS = [frozenset(some) for some in ((), (CIDRS,), (ENDPOINTS,), (CIDRS, ENDPOINTS))]


@pytest.mark.parametrize("before", RESTRICTIONS, ids=sorted)
@pytest.mark.parametrize("after", RESTRICTIONS, ids=sorted)
def test_to_let_in_other_addresses_or_endpoints_is_a_risk_and_to_let_in_fewer_is_none(
    before: frozenset[str], after: frozenset[str]
) -> None:
    was, becomes = (
        template_of(instance(**{key: each for option in some for key, each in VALUES[option][0].items()}))
        for some in (before, after)
    )
    found = {each.partition(f"-{USER[:-8]}")[0] for each in ids(changes(becomes, was))}
    lets_in_more = before and not (after and after <= before)
    assert found == ({"access-denial"} if lets_in_more else set())

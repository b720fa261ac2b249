"""Whether one grant covers another, and who the principals of a template are."""

from typing import Any

import pytest

from ghes_packages.policies.document import statement
from ghes_packages.policies.statements import address_statement
from ghes_packages.template.grant_matching import covers
from ghes_packages.template.grants import Grant, grants
from tests.review.pairs import GROUP, POLICY, USER, changes, edited, ids, property_of, set_at
from tests.stacks.test_options import VALUES, instance
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
    return {grant.who for grant in grants(template["Resources"], {})}


def test_the_principals_of_the_template_are_the_user_the_logs_and_everybody_who_is_denied() -> None:
    assert who(template_of()) == {f"${{{USER}}}", "Service logging.s3", "everybody"}


@pytest.mark.parametrize(
    ("logical_id", "resource"),
    [
        ("Other", {"Type": "AWS::IAM::User", "Properties": {"Groups": [{"Ref": GROUP}]}}),
        ("Other", {"Type": "AWS::IAM::User", "Properties": {"ManagedPolicyArns": [{"Ref": POLICY}]}}),
        ("Other", {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["arn:x"]}}),
        (
            "Other",
            {
                "Type": "AWS::IAM::UserToGroupAddition",
                "Properties": {"GroupName": {"Ref": GROUP}, "Users": ["${Other}"]},
            },
        ),
        (
            "Other",
            {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "Policies": [
                        {"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}
                    ]
                },
            },
        ),
        (
            "Other",
            {
                "Type": "AWS::KMS::Key",
                "Properties": {
                    "KeyPolicy": {
                        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
                    }
                },
            },
        ),
        (
            "Other",
            {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Statement": {"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "sts:AssumeRole"}
                    }
                },
            },
        ),
        (
            "Other",
            {
                "Type": "AWS::SecretsManager::ResourcePolicy",
                "Properties": {
                    "SecretId": "s",
                    "ResourcePolicy": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]},
                },
            },
        ),
        ("Other", {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": ["hidden"]}}}),
    ],
    ids=lambda value: value["Type"] if isinstance(value, dict) else "",
)
def test_access_is_found_wherever_a_template_can_give_it(logical_id: str, resource: dict[str, Any]) -> None:
    found = ids(changes(edited(set_at(logical_id, to=resource))))
    assert any(each.startswith("access-gained") for each in found)


def test_another_condition_value_gives_access_where_it_allows_and_takes_it_where_it_denies() -> None:
    def template(effect: str, addresses: list[str]) -> dict[str, Any]:
        allowed = {"Effect": "Allow", "Action": "s3:GetBucketAcl", "Resource": "*"}
        statement = {
            "Allow": {**allowed, "Condition": {"IpAddress": {"aws:SourceIp": addresses}}},
            "Deny": address_statement("*", addresses),
        }[effect]
        return edited(property_of(POLICY, "PolicyDocument", "Statement", to=[statement]))

    few, many = ["10.0.0.0/8"], ["10.0.0.0/8", "192.0.2.0/24"]
    for effect in ("Allow", "Deny"):
        assert len(ids(changes(template(effect, many), template(effect, few)))) == 1
        assert ids(changes(template(effect, few), template(effect, many))) == []


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

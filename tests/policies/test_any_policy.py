"""Policy documents that nobody foresaw, and what must hold of any two grants that are compared."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghes_packages.policies.document import EVERYTHING_BUT, Condition, UnreadablePolicy, statement, statements
from ghes_packages.template.grant_matching import covers
from ghes_packages.template.grants import EVERYBODY, Grant, grants
from ghes_packages.template.rendered import Resource
from tests import strangers


@given(st.one_of(strangers.json, strangers.json.map(json.dumps), strangers.text, st.just("[" * 99_999)))
def test_any_document_is_read_or_is_none(document: Any) -> None:
    for each in [document, {"Statement": document}, {"Statement": [{"Effect": "Allow", "Principal": document}]}]:
        try:
            read = statements(each)
        except UnreadablePolicy:
            continue
        assert all(isinstance(words, str) for one in read for words in one.in_words())


words = st.one_of(st.text("ab*?:", max_size=4), strangers.text)
one_or_more: Any = st.one_of(words, st.lists(words, max_size=3))
# What IAM, S3, KMS and Secrets Manager could hold.
valid = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Principal": st.one_of(st.just("*"), st.dictionaries(st.sampled_from(["AWS", "Service"]), one_or_more)),
        "Action": one_or_more,
        "Resource": one_or_more,
    },
    optional={"Sid": words, "Condition": st.dictionaries(words, st.dictionaries(words, one_or_more, max_size=2))},
)


@given(valid)
def test_one_value_and_a_list_of_it_are_the_same_statement(element: dict[str, Any]) -> None:
    def listed(value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    principal = element["Principal"]
    everywhere = {
        **element,
        "Action": listed(element["Action"]),
        "Resource": listed(element["Resource"]),
        "Principal": {"AWS": ["*"]}
        if principal == "*"
        else {kind: listed(values) for kind, values in principal.items()},
        "Condition": {
            operator: {key: listed(values) for key, values in keys.items()}
            for operator, keys in element.get("Condition", {}).items()
        },
    }
    assert statements({"Statement": element}) == statements(json.dumps({"Statement": [everywhere]}))


@given(strangers.json, st.sampled_from(["Effect", "Principal", "NotPrincipal", "Action", "Resource", "Condition"]))
def test_a_statement_that_cannot_be_read_is_a_grant_that_everybody_sees(value: Any, key: str) -> None:
    element = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", key: value}
    properties = {"Bucket": "b", "PolicyDocument": {"Statement": element}}
    found = grants([Resource("Policy", "Policy", "AWS::S3::BucketPolicy", properties, {})])
    try:
        statement(element)
    except UnreadablePolicy:
        [unread] = found
        assert (unread.who, unread.effect) == (EVERYBODY, "Allow")


# --- Whether a grant covers another

PATTERNS = st.text("ab*?", max_size=4)
OPERATORS: Mapping[str, st.SearchStrategy[str]] = {
    **dict.fromkeys(("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"), PATTERNS),
    **dict.fromkeys(("ArnLike", "ArnNotLike"), st.sampled_from(["arn:*", "arn:a", "arn:*:b", "arn:a:b", "arn:a?:b"])),
    **dict.fromkeys(("IpAddress", "NotIpAddress"), st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "::/0", "10.1.2.3"])),
    "NumericLessThan": st.sampled_from(["1", "1.2", "1.20", "x"]),
}
VALUES = {
    **dict.fromkeys(("IpAddress", "NotIpAddress"), st.sampled_from(["10.1.2.3", "10.9.9.9", "2001:db8::1"])),
    "NumericLessThan": st.sampled_from(["0", "1.1", "1.3"]),
}


def values_of(operator: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(OPERATORS[operator], min_size=1, max_size=2, unique=True).map(tuple)


conditions = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda operator: st.builds(Condition, st.just(operator), st.sampled_from(["k", "K"]), values_of(operator))
)
some_grants = st.builds(
    Grant,
    who=st.sampled_from(["somebody", EVERYBODY]),
    effect=st.just("Allow"),
    action=st.one_of(PATTERNS, PATTERNS.map(lambda pattern: f"{EVERYTHING_BUT}{pattern}")),
    resource=PATTERNS,
    conditions=st.frozensets(conditions, max_size=2),
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Grant, Grant]:
    """A grant, and one that is narrower, or may be."""
    wide = draw(some_grants)
    alike = {replace(each, values=draw(values_of(each.operator))) for each in wide.conditions}
    narrow = replace(wide, action=filled(draw, wide.action), resource=filled(draw, wide.resource))
    return wide, replace(narrow, conditions=draw(st.frozensets(conditions, max_size=1)) | alike)


def filled(draw: Callable[[st.SearchStrategy[str]], str], pattern: str) -> str:
    """A text, or another pattern, in the place of each wildcard."""
    return re.sub(r"[*?]", lambda _: draw(st.sampled_from(["a", "b", "*", "?"])), pattern)


@given(some_grants)
def test_every_grant_covers_itself(grant: Grant) -> None:
    assert covers(grant, grant)


@given(pairs(), st.data())
def test_what_covers_a_grant_covers_what_that_one_covers(pair: tuple[Grant, Grant], data: st.DataObject) -> None:
    wide, grant = pair
    more = data.draw(st.frozensets(conditions, max_size=1))
    narrow = replace(grant, resource=filled(data.draw, grant.resource), conditions=grant.conditions | more)
    if covers(wide, grant) and covers(grant, narrow):
        assert covers(wide, narrow)


@settings(max_examples=3 * settings().max_examples)
@given(pairs(), st.data())
def test_what_a_covered_grant_lets_through_the_wide_one_lets_through(
    pair: tuple[Grant, Grant], data: st.DataObject
) -> None:
    wide, narrow = (replace(each, conditions=frozenset()) for each in pair)
    resource = filled(data.draw, narrow.resource)
    action = filled(data.draw, narrow.action).removeprefix(EVERYTHING_BUT) + data.draw(st.sampled_from(["", "a"]))
    if covers(wide, narrow) and fits(narrow.action.lower(), action.lower()) and fits(narrow.resource, resource):
        assert fits(wide.action.lower(), action.lower())
        assert fits(wide.resource, resource)


@settings(max_examples=5 * settings().max_examples)
@given(conditions, st.data())
def test_what_meets_the_condition_of_a_covered_grant_meets_that_of_the_wide_one(
    condition: Condition, data: st.DataObject
) -> None:
    other = replace(condition, values=data.draw(values_of(condition.operator)))
    value = data.draw(st.one_of(st.none(), VALUES.get(condition.operator, OPERATORS[condition.operator])))
    wide, narrow = (Grant("x", "Allow", "*", "*", frozenset({each})) for each in (condition, other))
    if covers(wide, narrow) and meets(other, value):
        assert meets(condition, value)


@pytest.mark.parametrize("wide", ["arn:aws:*:*:*:a", "arn:*:a"])
def test_a_wildcard_in_a_condition_on_an_arn_stays_in_its_part(wide: str) -> None:
    def of(pattern: str) -> Grant:
        return Grant("x", "Allow", "*", "*", frozenset({Condition("ArnLike", "aws:SourceArn", (pattern,))}))

    assert not covers(of(wide), of("arn:aws:s3:::b:a"))


def fits(pattern: str, text: str) -> bool:
    """IAM's wildcards."""
    if pattern.startswith(EVERYTHING_BUT):
        return not fits(pattern.removeprefix(EVERYTHING_BUT), text)
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def meets(condition: Condition, value: str | None) -> bool:
    """Whether a request meets it, with that value of its key or without the key, which meets negated operators."""
    negated = "Not" in condition.operator
    if value is None:
        return negated
    return any(_is(condition.operator.replace("Not", ""), wanted, value) for wanted in condition.values) != negated


def _is(operator: str, wanted: str, value: str) -> bool:
    try:
        match operator:
            case "StringEquals":
                return value == wanted
            case "StringLike":
                return fits(wanted, value)
            case "ArnLike":
                parts = wanted.split(":"), value.split(":")
                return len(parts[0]) == len(parts[1]) and all(map(fits, *parts))
            case "IpAddress":
                return ip_address(value) in ip_network(wanted)
            case _:
                return float(value) < float(wanted)
    except ValueError:
        return False

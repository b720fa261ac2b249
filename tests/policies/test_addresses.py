"""From where the policy of the user lets objects be read, by the rules that AWS documents for conditions.

All conditions of a statement must hold. One of the values is enough; for an operator with `Not`, none may match. Where
the key is missing from the request, a condition is false, and true for an operator with `Not`. Source: AWS, IAM user
guide, "Condition operators" and "AWS global condition context keys".
"""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.combinations import instance
from tests.synthesis import resources_of

MATCHES: dict[str, Callable[[str, str], bool]] = {
    "IpAddress": lambda wanted, actual: ip_address(actual) in ip_network(wanted),
    "StringEquals": str.__eq__,
    "Bool": str.__eq__,
}
CIDRS, ENDPOINTS = ["203.0.113.0/24", "2001:db8::/32"], ["vpce-0123456789abcdef0", "vpce-1a2b3c4d"]
OPTIONS = {
    "addresses": {"allowed_cidrs": CIDRS},
    "endpoints": {"allowed_vpc_endpoints": ENDPOINTS},
    "both": {"allowed_cidrs": CIDRS, "allowed_vpc_endpoints": ENDPOINTS},
}
BY_ITSELF, BY_A_SERVICE = {"aws:ViaAWSService": "false"}, {"aws:ViaAWSService": "true"}
REQUESTS: dict[str, tuple[Mapping[str, str], set[str]]] = {
    "an allowed address": ({**BY_ITSELF, "aws:SourceIp": "203.0.113.7"}, {"addresses", "both"}),
    "an allowed IPv6 address": ({**BY_ITSELF, "aws:SourceIp": "2001:db8::7"}, {"addresses", "both"}),
    "another address": ({**BY_ITSELF, "aws:SourceIp": "198.51.100.7"}, set()),
    "an allowed endpoint": ({**BY_ITSELF, "aws:SourceVpce": ENDPOINTS[1]}, {"endpoints", "both"}),
    "an allowed endpoint, from a private address": (
        {**BY_ITSELF, "aws:SourceVpce": ENDPOINTS[0], "aws:VpcSourceIp": "10.0.0.7"},
        {"endpoints", "both"},
    ),
    "another endpoint": ({**BY_ITSELF, "aws:SourceVpce": "vpce-99999999"}, set()),
    "neither an address nor an endpoint": (BY_ITSELF, set()),
    "a service of AWS that acts for the user": ({**BY_A_SERVICE, "aws:SourceIp": "198.51.100.7"}, {*OPTIONS}),
    "such a service through another endpoint": ({**BY_A_SERVICE, "aws:SourceVpce": "vpce-99999999"}, {*OPTIONS}),
}


def holds(operator: str, wanted: Any, actual: str | None) -> bool:
    negated = "Not" in operator
    if actual is None:
        return negated
    matches = MATCHES[operator.replace("Not", "")]
    return any(matches(each, actual) for each in ([wanted] if isinstance(wanted, str) else wanted)) != negated


def applies(statement: Mapping[str, Any], action: str, resource: str, request: Mapping[str, str]) -> bool:
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    return (
        action in actions
        and fnmatchcase(resource, statement["Resource"])
        and all(
            holds(operator, wanted, request.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def allowed(options: Mapping[str, Any], action: str, resource: str, request: Mapping[str, str]) -> bool:
    # The ARN of a bucket that is there already is written out.
    [policy] = resources_of("AWS::IAM::ManagedPolicy", instance(existing_bucket="example", **options)).values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    effects = {each["Effect"] for each in statements if applies(each, action, resource, request)}
    return effects == {"Allow"}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("request_", REQUESTS)
def test_objects_are_for_allowed_addresses_and_endpoints_and_for_services_of_aws(options: str, request_: str) -> None:
    request, allowed_with = REQUESTS[request_]
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"):
        found = allowed(OPTIONS[options], action, "arn:aws:s3:::example/a/package", request)
        assert found is (options in allowed_with), action


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("request_", REQUESTS)
def test_listing_and_an_instance_without_the_options_are_allowed_from_everywhere(options: str, request_: str) -> None:
    request, _ = REQUESTS[request_]
    assert allowed(OPTIONS[options], "s3:ListBucket", "arn:aws:s3:::example", request)
    assert allowed({}, "s3:GetObject", "arn:aws:s3:::example/a/package", request)

"""Which grants and denials are those that a stack of this project has, whatever its options."""

import re
from collections.abc import Callable

from ghes_packages.policies.document import EVERYTHING_BUT, Condition, statement
from ghes_packages.policies.permissions import PERMISSIONS, ResourceType, actions
from ghes_packages.policies.statements import LEAST_TLS_VERSION, address_statement
from ghes_packages.template.assembly import Stack
from ghes_packages.template.grants import EVERYBODY, Grant, grants, own_name
from ghes_packages.template.rendering import names

ACTIONS = {permission.action for permission in PERMISSIONS}
ROLE = re.compile(r"AWS arn:[^:]+(?:::Partition\})?:iam::[0-9]{12}:role/.+")
READERS_POLICY = "AWS::SecretsManager::ResourcePolicy"
NO_TLS = (
    {Condition("Bool", "aws:SecureTransport", ("false",))},
    *({Condition("NumericLessThan", "s3:TlsVersion", (version,))} for version in (str(LEAST_TLS_VERSION), "1.3")),
)
ADDRESSES = [
    {(each.operator, each.key) for each in statement(address_statement("", cidrs, endpoints)).conditions}
    for cidrs, endpoints in ((["any"], []), ([], ["any"]), (["any"], ["any"]))
]


def denial(grant: Grant) -> bool:
    """Whether it denies what is not TLS to everybody, or objects to the user from where it is not allowed."""
    if grant.who == EVERYBODY:
        return grant.conditions in NO_TLS
    conditions = {(each.operator, each.key) for each in grant.conditions}
    via_a_service = Condition("Bool", "aws:ViaAWSService", ("false",)) in grant.conditions
    return grant.action in actions(ResourceType.OBJECT) and conditions in ADDRESSES and via_a_service


def _named(resource: str) -> bool:
    """Whether it is one resource, or all objects of one bucket."""
    return not resource.startswith(EVERYTHING_BUT) and not set("*?") & set(resource.removesuffix("/*"))


def granted_by(stack: Stack) -> Callable[[Grant], bool]:
    """Whether a new stack may grant it: to its own user and roles, to services of AWS, its account and its readers."""
    called = names(stack.template)
    readers = {
        grant.who
        for grant in grants({key: stack.resources[key] for key in stack.of_type(READERS_POLICY)}, called)
        if ROLE.fullmatch(grant.who)
    }
    account = {f"account {each}" for each in ("${AWS::AccountId}", stack.place["account"])}
    roles, users = (
        {own_name(logical_id, called) for kind in kinds for logical_id in stack.of_type(f"AWS::IAM::{kind}")}
        for kinds in (("Role",), ("User", "Group"))
    )

    buckets = {f"${{{called[each]}.Arn}}" for each in stack.of_type("AWS::S3::Bucket")}

    def granted(grant: Grant) -> bool:
        if grant.who in users:
            # What a bucket that is there already holds, somebody new could read.
            s3, made = not grant.action.lower().startswith("kms:"), grant.resource.removesuffix("/*") in buckets
            return grant.action in ACTIONS and made if s3 else "*" not in grant.action and _named(grant.resource)
        if grant.who in roles:
            return _named(grant.resource) and not re.search(r"[^A-Za-z0-9:]", grant.action)
        return grant.who in {*account, *readers} or grant.who.startswith("Service ")

    return granted

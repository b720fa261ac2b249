"""Who may do what, as one template says it: every policy document in it, statement by statement."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ghes_packages.policies.document import Condition, Statement, UnreadablePolicy, statement
from ghes_packages.template.rendering import at, listed

if TYPE_CHECKING:
    from ghes_packages.template.rendered import Resource

EVERYBODY = "everybody"

# Where a policy that is for identities says whom it is attached to.
_HOLDERS = ("Groups", "Users", "Roles", "GroupName", "UserName", "RoleName")
# The policy documents for identities; those of a resource, and the property that names the resource, if it does.
_IDENTITY_POLICIES = {
    f"AWS::IAM::{kind}" for kind in ("ManagedPolicy", "Policy", "GroupPolicy", "UserPolicy", "RolePolicy")
}
_IDENTITIES = {f"AWS::IAM::{kind}" for kind in ("Group", "User", "Role")}
_RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId"),
    "AWS::KMS::Key": ("KeyPolicy", None),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", None),
}
# The properties that are read here.
PROPERTIES = {
    *_HOLDERS,
    *("Policies", "ManagedPolicyArns"),
    *("PolicyDocument", "ResourcePolicy", "KeyPolicy", "AssumeRolePolicyDocument"),
}

_ROOT = re.compile(r"AWS arn:[^:]+(::Partition\})?:iam::(?P<account>[0-9]{12}|\$\{AWS::AccountId\}):root")
_ARN_OF = re.compile(r"AWS (?P<reference>\$\{[^!.}]+)\.Arn\}")


@dataclass(frozen=True)
class Grant:
    """One principal, one action, one resource; `effect` is Allow or Deny. All text is as `rendering` writes it."""

    who: str
    effect: str
    action: str
    resource: str
    conditions: frozenset[Condition] = frozenset()


def grants(resources: Iterable["Resource"]) -> frozenset[Grant]:
    """Every grant and every denial of the resources of a template."""
    return frozenset(_Policies(tuple(resources)).grants())


@dataclass(frozen=True)
class _Policies:
    resources: tuple["Resource", ...]

    def grants(self) -> Iterator[Grant]:
        own = {each.ref for each in self.resources}
        for each in self.resources:
            if each.type in _IDENTITY_POLICIES:
                for holder in self._holders(each) or [f"everybody with {each.ref}"]:
                    yield from _of(each.at("PolicyDocument"), holder)
            for who, group in _joined(each):
                if group not in own:
                    yield Grant(who, "Allow", f"all that {group} allows", "*")
            if each.type in _IDENTITIES:
                for who in self._members(each.ref):
                    for policy in listed(each.at("Policies")):
                        yield from _of(at(policy, "PolicyDocument"), who)
                    for arn in listed(each.at("ManagedPolicyArns")):
                        if arn not in own:
                            yield Grant(who, "Allow", f"all that {arn} allows", "*")
            if each.type in _RESOURCE_POLICIES:
                document, names = _RESOURCE_POLICIES[each.type]
                yield from _of(each.at(document), None, str(each.at(names)) if names else each.ref)

    def _holders(self, policy: "Resource") -> list[str]:
        named = [name for key in _HOLDERS for name in listed(policy.at(key))]
        named += [
            each.ref
            for each in self.resources
            if each.type in _IDENTITIES and policy.ref in listed(each.at("ManagedPolicyArns"))
        ]
        return [member for name in named for member in self._members(str(name))]

    def _members(self, identity: str) -> list[str]:
        """The users of a group; of any other identity, and of a group without users, itself."""
        users = [who for each in self.resources for who, group in _joined(each) if group == identity]
        return users or [identity]


def _joined(resource: "Resource") -> Iterator[tuple[str, str]]:
    """Users, and the groups that the resource puts them into."""
    match resource.type:
        case "AWS::IAM::User":
            yield from ((resource.ref, str(group)) for group in listed(resource.at("Groups")))
        case "AWS::IAM::UserToGroupAddition":
            group = str(resource.at("GroupName"))
            yield from ((str(user), group) for user in listed(resource.at("Users")))


def _of(document: Any, who: str | None, itself: str = "*") -> Iterator[Grant]:
    """The grants of a document. `who` is None where the statements name their principals."""
    for element in listed(at(document, "Statement")):
        read = _read(element)
        if read is None:
            yield Grant(who or EVERYBODY, "Allow", f"a statement that cannot be read: {element}", itself)
            continue
        for principal in [who] if who else map(_principal, sorted(read.principals)):
            for action in read.actions:
                for resource in read.resources or {itself}:
                    # In the policy of a key, a secret or a role, * is what the policy is attached to.
                    on = itself if resource == "*" and who is None else resource
                    yield Grant(principal, read.effect, action, on, read.conditions)


def _read(element: Any) -> Statement | None:
    try:
        return statement(element)
    except UnreadablePolicy:
        return None


def _principal(principal: str) -> str:
    """A user by the reference that identity policies are attached by; whoever is `AWS *` is everybody.

    The root of an account stands for all of the account that its own policies let.
    """
    if principal == "AWS *":
        return EVERYBODY
    if root := _ROOT.fullmatch(principal):
        return f"account {root['account']}"
    return _ARN_OF.sub(r"\g<reference>}", principal)

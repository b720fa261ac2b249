"""Who may do what, as one template says it: every policy document in it, statement by statement."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ghes_packages.policies.document import Condition, Statement, UnreadablePolicy, statement
from ghes_packages.template.rendering import Names, at, rendered

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
# The properties of each type that are read here.
PROPERTIES = {
    **{kind: {document} for kind, (document, _) in _RESOURCE_POLICIES.items()},
    **{kind: {"PolicyDocument", *_HOLDERS} for kind in _IDENTITY_POLICIES},
    **{kind: {"Policies", "ManagedPolicyArns", "AssumeRolePolicyDocument"} for kind in _IDENTITIES},
    "AWS::IAM::UserToGroupAddition": {"GroupName", "Users"},
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


def grants(resources: Mapping[str, Any], called: Names) -> frozenset[Grant]:
    """Every grant and every denial of the resources of a template."""
    return frozenset(_Policies({key: rendered(each, called) for key, each in resources.items()}, called).grants())


def own_name(logical_id: str, called: Names) -> str:
    """What an identity of the template is called in a grant."""
    return f"${{{called.get(logical_id, logical_id)}}}"


@dataclass(frozen=True)
class _Policies:
    resources: Mapping[str, Any]
    called: Names

    def grants(self) -> Iterator[Grant]:
        for logical_id, resource in self.resources.items():
            kind, own = resource.get("Type"), self._own(logical_id)
            if kind in _IDENTITY_POLICIES:
                for holder in self._holders(own, resource) or [f"whoever {own} is attached to"]:
                    yield from _of(at(resource, "Properties", "PolicyDocument"), holder)
            for who, group in self._joined(own, resource):
                if group not in map(self._own, self.resources):
                    yield Grant(who, "Allow", f"all that {group} allows", "*")
            if kind in _IDENTITIES:
                for who in self._members(own):
                    for policy in _list(at(resource, "Properties", "Policies")):
                        yield from _of(at(policy, "PolicyDocument"), who)
                    for arn in _list(at(resource, "Properties", "ManagedPolicyArns")):
                        if arn not in map(self._own, self.resources):
                            yield Grant(who, "Allow", f"all that {arn} allows", "*")
            if kind in _RESOURCE_POLICIES:
                document, names = _RESOURCE_POLICIES[kind]
                itself = str(at(resource, "Properties", names)) if names else own
                yield from _of(at(resource, "Properties", document), None, itself)

    def _own(self, logical_id: str) -> str:
        return own_name(logical_id, self.called)

    def _holders(self, policy: str, resource: Mapping[str, Any]) -> list[str]:
        named = [name for key in _HOLDERS for name in _list(at(resource, "Properties", key))]
        named += [
            self._own(logical_id)
            for logical_id, each in self.resources.items()
            if each.get("Type") in _IDENTITIES and policy in _list(at(each, "Properties", "ManagedPolicyArns"))
        ]
        return [member for name in named for member in self._members(str(name))]

    def _joined(self, own: str, resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Users, and the groups that the resource puts them into."""
        match resource.get("Type"):
            case "AWS::IAM::User":
                yield from ((own, str(group)) for group in _list(at(resource, "Properties", "Groups")))
            case "AWS::IAM::UserToGroupAddition":
                group = str(at(resource, "Properties", "GroupName"))
                yield from ((str(user), group) for user in _list(at(resource, "Properties", "Users")))

    def _members(self, identity: str) -> list[str]:
        """The users of a group; of any other identity, and of a group without users, itself."""
        users = [
            self._own(logical_id)
            for logical_id, resource in self.resources.items()
            if resource.get("Type") == "AWS::IAM::User" and identity in _list(at(resource, "Properties", "Groups"))
        ]
        users += [
            str(user)
            for resource in self.resources.values()
            if resource.get("Type") == "AWS::IAM::UserToGroupAddition"
            and at(resource, "Properties", "GroupName") == identity
            for user in _list(at(resource, "Properties", "Users"))
        ]
        return users or [identity]


def _of(document: Any, who: str | None, itself: str = "*") -> Iterator[Grant]:
    """The grants of a document. `who` is None where the statements name their principals."""
    for element in _list(at(document, "Statement")):
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


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]

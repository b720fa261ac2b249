"""Who may do what, as one template says it: every policy document in it, statement by statement."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ghes_packages.policies.document import UNREADABLE, Condition, readable
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
    """One principal, one action, one resource; `effect` is Allow or Deny. All text is as `rendering` writes it.

    `place` is the logical ID of the resource that says so, and the path below it, such as `Properties.Groups`.
    """

    who: str
    effect: str
    action: str
    resource: str
    conditions: frozenset[Condition] = frozenset()
    place: tuple[str, str] = field(default=("", ""), compare=False)

    @property
    def stands_in(self) -> set[tuple[str, str]]:
        """The place, and all that is around it."""
        logical_id, path = self.place
        parts = path.split(".")
        return {(logical_id, ".".join(parts[:number])) for number in range(len(parts) + 1)}


def grants(resources: Collection["Resource"]) -> Iterator[Grant]:
    """Every grant and every denial of the resources of a template."""
    own = {each.ref for each in resources}
    for each in resources:
        if each.type in _IDENTITY_POLICIES:
            for holder in _holders(each, resources) or [f"everybody with {each.ref}"]:
                yield from _of(each, "PolicyDocument", each.at("PolicyDocument"), holder)
        for who, group in _joined(each):
            if group not in own:
                yield Grant(who, "Allow", f"all that {group} allows", "*", place=_place(each, "Groups"))
        for who in _members(each.ref, resources) if each.type in _IDENTITIES else ():
            for policy in listed(each.at("Policies")):
                yield from _of(each, "Policies", at(policy, "PolicyDocument"), who)
            for arn in listed(each.at("ManagedPolicyArns")):
                if arn not in own:
                    yield Grant(who, "Allow", f"all that {arn} allows", "*", place=_place(each, "ManagedPolicyArns"))
        if each.type in _RESOURCE_POLICIES:
            document, names = _RESOURCE_POLICIES[each.type]
            yield from _of(each, document, each.at(document), None, str(each.at(names)) if names else each.ref)


def _holders(policy: "Resource", resources: Collection["Resource"]) -> list[str]:
    named = [name for key in _HOLDERS for name in listed(policy.at(key))]
    named += [
        each.ref
        for each in resources
        if each.type in _IDENTITIES and policy.ref in listed(each.at("ManagedPolicyArns"))
    ]
    return [member for name in named for member in _members(str(name), resources)]


def _members(identity: str, resources: Collection["Resource"]) -> list[str]:
    """The users of a group; of any other identity, and of a group without users, itself."""
    return [who for each in resources for who, group in _joined(each) if group == identity] or [identity]


def _joined(resource: "Resource") -> Iterator[tuple[str, str]]:
    """Users, and the groups that the resource puts them into."""
    match resource.type:
        case "AWS::IAM::User":
            yield from ((resource.ref, str(group)) for group in listed(resource.at("Groups")))
        case "AWS::IAM::UserToGroupAddition":
            group = str(resource.at("GroupName"))
            yield from ((str(user), group) for user in listed(resource.at("Users")))


def _of(policy: "Resource", name: str, document: Any, who: str | None, itself: str = "*") -> Iterator[Grant]:
    """The grants of a document in that property. `who` is None where the statements name their principals."""
    for number, element in enumerate(listed(at(document, "Statement"))):
        read, place = readable(element), _place(policy, f"{name}.Statement.{number}")
        if read is UNREADABLE:
            action = f"a statement that cannot be read: {element}"
            yield Grant(who or EVERYBODY, "Allow", action, itself, place=place)
            continue
        for principal in [who] if who else map(_principal, sorted(read.principals)):
            for action in read.actions:
                for resource in read.resources or {itself}:
                    # In the policy of a key, a secret or a role, * is what the policy is attached to.
                    on = itself if resource == "*" and who is None else resource
                    yield Grant(principal, read.effect, action, on, read.conditions, place)


def _place(resource: "Resource", path: str) -> tuple[str, str]:
    return resource.logical_id, f"Properties.{path}"


def _principal(principal: str) -> str:
    """A user by the reference that identity policies are attached by; whoever is `AWS *` is everybody.

    The root of an account stands for all of the account that its own policies let.
    """
    if principal == "AWS *":
        return EVERYBODY
    if root := _ROOT.fullmatch(principal):
        return f"account {root['account']}"
    return _ARN_OF.sub(r"\g<reference>}", principal)

"""Checks the promises of the user that GHES signs in as, with the operator's permissions."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ghes_packages.config.instance import ACTIVE, Instance
from ghes_packages.live.aws import code
from ghes_packages.live.deployed import Deployed
from ghes_packages.policies.document import statement, statements
from ghes_packages.policies.permissions import PERMISSIONS, ResourceType
from ghes_packages.policies.statements import address_statement
from ghes_packages.template.options import in_words
from ghes_packages.verify.operator import just
from ghes_packages.verify.report import Check

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

SECTION = "The IAM user, its access key and the stack"

_just = partial(just, SECTION)


@dataclass(frozen=True)
class UserChecks:
    """The checks of the user, its group, their one policy, the access key and the stack that holds them.

    `instance` has the deployed options, `configured` those of `instances.toml`.
    """

    iam: "IAMClient"
    instance: Instance
    configured: Instance
    deployed: Deployed
    group: str
    policy_arn: str

    def checks(self) -> Iterator[Check]:
        """What the stack promises of them; each is a set of names that must be just so."""
        outputs = self.deployed.outputs
        user, group, policy = outputs.user_name, self.group, self.policy_arn
        stack, boundary = self.instance.stack_name, self.instance.permissions_boundary
        yield _just(
            "groups of the user",
            "its own",
            {group},
            self._groups,
            f"aws iam add-user-to-group --user-name {user} --group-name {group}; and for each other group:"
            f" aws iam remove-user-from-group --user-name {user} --group-name GROUP",
        )
        yield _just(
            "members of the group",
            "the user alone",
            {user},
            self._members,
            f"for each other one: aws iam remove-user-from-group --group-name {group} --user-name USER",
        )
        yield _just(
            "policies of the group",
            "the one",
            {policy},
            self._group_policies,
            f"aws iam attach-group-policy --group-name {group} --policy-arn {policy}; and for each other policy:"
            f" aws iam detach-group-policy, or delete-group-policy, --group-name {group}",
        )
        yield _just(
            "what the policy allows",
            "the seven, by address" if self.instance.restricted_by else "the seven actions",
            self._seven() | self._denied_elsewhere(),
            self._allowed,
            f"find the stack's version with: aws iam list-policy-versions --policy-arn {policy};"
            f" make it the default: aws iam set-default-policy-version --policy-arn {policy} --version-id VERSION",
        )
        yield _just(
            "permissions boundary",
            "the configured one" if boundary else "the same policy",
            {boundary or policy},
            self._boundary,
            f"aws iam put-user-permissions-boundary --user-name {user} --permissions-boundary {boundary or policy}",
        )
        yield _just(
            "policies of the user",
            "none",
            set(),
            self._user_policies,
            f"for each: aws iam detach-user-policy, or delete-user-policy, --user-name {user}",
        )
        yield _just(
            "console password",
            "none",
            set(),
            self._console_password,
            f"aws iam delete-login-profile --user-name {user}",
        )
        yield _just(
            "access keys",
            "the stack's, active",
            {f"{outputs.access_key} {ACTIVE}", *([outputs.previous_access_key] if outputs.previous_access_key else [])},
            self._access_keys,
            "unless that key leaked:"
            f" aws iam update-access-key --user-name {user} --access-key-id {outputs.access_key} --status Active;"
            " and for each stray one that GHES does not use:"
            f" aws iam update-access-key --user-name {user} --access-key-id KEY --status Inactive",
        )
        yield _just(
            "options of the stack",
            "as configured",
            in_words(self.configured),
            lambda: in_words(self.instance),
            f"deploy the configuration with: make deploy INSTANCE={self.instance.name}",
        )
        yield _just(
            "termination protection",
            "on",
            {"on"},
            lambda: {"on" if self.deployed.termination_protection else "off"},
            f"aws cloudformation update-termination-protection --enable-termination-protection --stack-name {stack}",
        )

    def _groups(self) -> set[str]:
        groups = self.iam.list_groups_for_user(UserName=self.deployed.outputs.user_name)["Groups"]
        return {group["GroupName"] for group in groups}

    def _members(self) -> set[str]:
        return {member["UserName"] for member in self.iam.get_group(GroupName=self.group)["Users"]}

    def _group_policies(self) -> set[str]:
        attached = self.iam.list_attached_group_policies(GroupName=self.group)["AttachedPolicies"]
        inline = self.iam.list_group_policies(GroupName=self.group)["PolicyNames"]
        return {policy["PolicyArn"] for policy in attached} | set(inline)

    def _user_policies(self) -> set[str]:
        user = self.deployed.outputs.user_name
        attached = self.iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
        inline = self.iam.list_user_policies(UserName=user)["PolicyNames"]
        return {policy["PolicyArn"] for policy in attached} | set(inline)

    def _seven(self) -> set[str]:
        bucket_arn = self.deployed.bucket_arn(self.deployed.outputs.bucket)
        arns = {ResourceType.BUCKET: bucket_arn, ResourceType.OBJECT: f"{bucket_arn}/*"}
        return {f"{permission.action} on {arns[permission.resource_type]}" for permission in PERMISSIONS}

    def _denied_elsewhere(self) -> set[str]:
        if not self.instance.restricted_by:
            return set()
        objects_arn = self.deployed.bucket_arn(self.deployed.outputs.bucket) + "/*"
        denial = address_statement(objects_arn, self.instance.allowed_cidrs, self.instance.allowed_vpc_endpoints)
        return set(statement(denial).in_words())

    def _allowed(self) -> set[str]:
        version = self.iam.get_policy(PolicyArn=self.policy_arn)["Policy"]["DefaultVersionId"]
        policy = self.iam.get_policy_version(PolicyArn=self.policy_arn, VersionId=version)["PolicyVersion"]
        # boto3 decodes the document, and its types do not say so.
        document: Any = policy["Document"]
        return {grant for each in statements(document) for grant in each.in_words()}

    def _boundary(self) -> set[str]:
        user = self.iam.get_user(UserName=self.deployed.outputs.user_name)["User"]
        boundary = user.get("PermissionsBoundary", {})
        return {boundary["PermissionsBoundaryArn"]} if boundary else set()

    def _console_password(self) -> set[str]:
        try:
            self.iam.get_login_profile(UserName=self.deployed.outputs.user_name)
        except ClientError as error:
            if code(error) == "NoSuchEntity":
                return set()
            raise
        return {"set"}

    def _access_keys(self) -> set[str]:
        keys = self.iam.list_access_keys(UserName=self.deployed.outputs.user_name)["AccessKeyMetadata"]
        # The previous key may be active or inactive: `status` checks that.
        previous = self.deployed.outputs.previous_access_key
        return {
            key["AccessKeyId"] if key["AccessKeyId"] == previous else f"{key['AccessKeyId']} {key['Status']}"
            for key in keys
        }

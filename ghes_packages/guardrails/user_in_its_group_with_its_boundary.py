"""The one user must be in its group, within its boundary.

Whatever is attached to the user later, the boundary limits it to the seven actions. An organisation may use its own
boundary.
"""

import re

from ghes_packages.guardrails import Finding, Findings, RenderedStack


def findings(stack: RenderedStack) -> Findings:
    users, groups = stack.of_type("AWS::IAM::User"), [[group.ref] for group in stack.of_type("AWS::IAM::Group")]
    for user in users[1:]:
        yield Finding(user, "", "Create only one user: GHES signs in as one")
    for user in users:
        its_groups, boundary = user.at("Groups"), user.at("PermissionsBoundary")
        policies = [policy.ref for policy in stack.user_policies if policy.at("Groups") == its_groups]
        if its_groups not in groups or not policies:
            yield Finding(user, "Properties.Groups", "Put the user in the group of the policy alone: groups=[group]")
        if boundary not in policies and not re.fullmatch(stack.policy_arn, str(boundary)):
            remedy = "Give the user its boundary, the policy or one of the account: permissions_boundary=…"
            yield Finding(user, "Properties.PermissionsBoundary", remedy)

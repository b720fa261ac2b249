"""The user must be allowed exactly GitHub's seven actions.

AWS lists each for one resource type: the bucket, or its objects.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack
from ghes_packages.policies.document import statement
from ghes_packages.policies.statements import packages_statements


def findings(stack: RenderedStack) -> Findings:
    policies = stack.user_policies
    expected = [{statement(each) for each in packages_statements(arn)} for arn in stack.packages_arns]
    if stack.user and not policies:
        yield Finding(stack.user, "", "Grant the seven actions of ghes_packages/policies/permissions.py")
    for policy in policies[1:]:
        yield Finding(policy, "", "Use one policy for the user")
    for policy in policies:
        granted = [(path, each) for path, each in policy.statements("PolicyDocument") if each.effect == "Allow"]
        for path, each in granted:
            if each not in set().union(*expected):
                remedy = "Grant only the seven actions, on the bucket and on all its objects: packages_statements"
                yield Finding(policy, path, remedy)
        if not any(each <= {one for _, one in granted} for each in expected):
            yield Finding(policy, "Properties.PolicyDocument", "Grant every one of the seven actions: GHES needs each")

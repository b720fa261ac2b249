"""The policy of the group must be the user's only permissions.

One document says what the user may do. CDK's grant methods would add to it.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack

ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy", "AWS::IAM::UserToGroupAddition")
REMEDIES = {
    "Policies": "Remove the inline policy: the managed policy of the group says what the user may do",
    "ManagedPolicyArns": "Remove the policy: the managed policy of the group says what the user may do",
    "LoginProfile": "Remove the console password: GHES has no use for it",
}


def findings(stack: RenderedStack) -> Findings:
    for identity in stack.of_type("AWS::IAM::User", "AWS::IAM::Group"):
        for name, remedy in REMEDIES.items():
            if name in identity.properties:
                yield Finding(identity, f"Properties.{name}", remedy)
    for policy in stack.of_type("AWS::IAM::ManagedPolicy"):
        if "Users" in policy.properties:
            yield Finding(policy, "Properties.Users", "Attach the policy to the group, not to a user: groups=[group]")
        if {"Groups", "Roles"} <= policy.properties.keys():
            yield Finding(policy, "Properties.Roles", "Attach the policy to the group alone: GHES can use no role")
    for policy in stack.of_type(*ATTACHED):
        yield Finding(policy, "", "Remove it: never use CDK's grant methods for the user of GHES")

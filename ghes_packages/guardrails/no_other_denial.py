"""Policies may deny only old TLS, and addresses not allowed.

Any other denial could lock out the people who deploy, AWS services, or GHES. A denial by address in a bucket policy
locks out the people who deploy; `allowed_cidrs` and `allowed_vpc_endpoints` deny objects only to the user. A required
encryption header breaks clients that send none, and default encryption needs no header.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack
from ghes_packages.guardrails.tls_only import of_tls
from ghes_packages.policies.document import Statement, statement
from ghes_packages.policies.statements import address_statement


def findings(stack: RenderedStack) -> Findings:
    for policy in stack.of_type("AWS::S3::BucketPolicy", "AWS::IAM::ManagedPolicy"):
        for path, each in policy.statements("PolicyDocument"):
            known = of_tls(each) if policy.type == "AWS::S3::BucketPolicy" else each in _by_address(stack, each)
            if each.effect != "Allow" and not known:
                remedy = "Remove the statement; to deny addresses to the user: allowed_cidrs, allowed_vpc_endpoints"
                yield Finding(policy, path, remedy)


def _by_address(stack: RenderedStack, denial: Statement) -> set[Statement]:
    """What the project writes for the addresses and the endpoints in the denial."""
    cidrs, endpoints = (
        [value for each in denial.conditions if each.key == key for value in each.values]
        for key in ("aws:SourceIp", "aws:SourceVpce")
    )
    if not (cidrs or endpoints):
        return set()
    return {statement(address_statement(f"{arn}/*", cidrs, endpoints)) for arn in stack.packages_arns}

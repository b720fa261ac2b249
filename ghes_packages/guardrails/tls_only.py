"""Buckets must refuse requests without TLS, or with old TLS.

Nobody on the network can then read packages or links to them.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack
from ghes_packages.policies.document import Statement, statement
from ghes_packages.policies.statements import TLS_VERSIONS, tls_statements

KEYS = {each.key for written in tls_statements("") for each in statement(written).conditions}


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        if not stack.policies_of(bucket):
            yield Finding(bucket, "", "Give the bucket a policy that refuses requests without TLS: enforce_ssl=True")
    for policy in stack.of_type("AWS::S3::BucketPolicy"):
        protected = stack.named(policy.at("Bucket"))
        arn = protected.arn if protected else ""
        denials = {each for _, each in policy.statements("PolicyDocument") if of_tls(each)}
        if denials not in ({statement(each) for each in tls_statements(arn, least)} for least in TLS_VERSIONS):
            remedy = "Refuse it to everybody: enforce_ssl=True, minimum_tls_version=LEAST_TLS_VERSION"
            yield Finding(policy, "Properties.PolicyDocument", remedy)


def of_tls(denial: Statement) -> bool:
    """Whether it denies by the version of TLS, or where there is none, and by nothing else."""
    return denial.effect == "Deny" and bool(denial.conditions) and {each.key for each in denial.conditions} <= KEYS

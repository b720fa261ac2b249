"""Only replication may have a role.

GHES cannot use a role. S3 replicates with a role. The role may have only the documented permissions, on the bucket,
its replica and their keys.
"""

import re

from ghes_packages.guardrails import DNS_SUFFIX, Finding, Findings, RenderedStack, Resource
from ghes_packages.policies.document import Statement, statement
from ghes_packages.policies.statements import (
    REPLICA_KEY_ACTIONS,
    SOURCE_KEY_ACTIONS,
    replication_key_statement,
    replication_statements,
)
from ghes_packages.template.replica import replica_of

S3_ALONE = statement({"Effect": "Allow", "Principal": {"Service": "s3"}, "Action": "sts:AssumeRole"})


def findings(stack: RenderedStack) -> Findings:
    for role in stack.of_type("AWS::IAM::Role"):
        if not _replicated_in(stack, role):
            yield Finding(role, "", "Remove the role: S3 replicates no bucket with it, and GHES cannot use one")
        if [each for _, each in role.statements("AssumeRolePolicyDocument")] != [S3_ALONE]:
            yield Finding(role, "Properties.AssumeRolePolicyDocument", "Remove the role, or let only S3 assume it")
        boundary = role.at("PermissionsBoundary")
        if boundary is not None and not re.fullmatch(stack.policy_arn, str(boundary)):
            yield Finding(role, "Properties.PermissionsBoundary", "Name a permissions boundary of the account, or none")
        for name in sorted({"ManagedPolicyArns", "Policies"} & role.properties.keys()):
            yield Finding(role, f"Properties.{name}", "Use one managed policy for the role")
    for policy in stack.of_type("AWS::IAM::ManagedPolicy"):
        if "Roles" in policy.properties:
            roles = [stack.named(each) for _, each in policy.each("Roles")]
            allowed = _needed(stack, roles[0]) if len(roles) == 1 else set()
            for path, each in policy.statements("PolicyDocument"):
                if each not in allowed:
                    yield Finding(
                        policy, path, "Allow what S3 needs to replicate the bucket, and nothing else: allow()"
                    )


def _replicated_in(stack: RenderedStack, role: Resource | None) -> list[Resource]:
    return [each for each in stack.buckets if role and each.at("ReplicationConfiguration", "Role") == role.arn]


def _needed(stack: RenderedStack, role: Resource | None) -> set[Statement]:
    """What S3 needs in the role, to replicate the buckets that name it to their replicas."""
    written = []
    for source in _replicated_in(stack, role):
        if to := replica_of(stack, source):
            written += replication_statements(source.arn, to.bucket_arn)
            written += [
                replication_key_statement(key.arn, SOURCE_KEY_ACTIONS, source.arn, region, DNS_SUFFIX)
                for key in stack.of_type("AWS::KMS::Key")
                for region in stack.regions
            ]
            written += [
                replication_key_statement(to.key_arn, REPLICA_KEY_ACTIONS, to.bucket_arn, to.region, DNS_SUFFIX)
            ]
    return {statement(each) for each in written}

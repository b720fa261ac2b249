"""Only named principals may use the key or read the secret.

They are the account, the user through S3, and the roles of `secret_readers`. A reader of the secret can act as GHES. A
user of the key can read what it encrypts. Secrets Manager refuses a public policy.
"""

import re
from dataclasses import replace

from ghes_packages.config.values import ROLE_ARN
from ghes_packages.guardrails import DNS_SUFFIX, Finding, Findings, RenderedStack, Resource
from ghes_packages.policies.document import statement
from ghes_packages.policies.statements import reader_statement, readers_statement, user_statement

ROLE = re.compile(rf"AWS (?P<arn>{ROLE_ARN})")


def findings(stack: RenderedStack) -> Findings:
    readers = set[str]()
    for policy in stack.of_type("AWS::SecretsManager::ResourcePolicy"):
        if policy.at("BlockPublicPolicy") is not True:
            yield Finding(policy, "Properties.BlockPublicPolicy", "Refuse public policies: block_public_policy=True")
        if policy.at("SecretId") not in [secret.ref for secret in stack.of_type("AWS::SecretsManager::Secret")]:
            yield Finding(policy, "Properties.SecretId", "Attach it to the secret of this stack: secret=secret")
        for path, each in policy.statements("ResourcePolicy"):
            roles = {found["arn"] for who in each.principals if (found := ROLE.fullmatch(who))}
            if each != statement(readers_statement(sorted(roles))):
                yield Finding(policy, path, "Let roles read the secret, and nothing else: secret_readers")
            readers |= roles
    for key in stack.of_type("AWS::KMS::Key"):
        yield from _key_policy(stack, key, readers)


def _key_policy(stack: RenderedStack, key: Resource, readers: set[str]) -> Findings:
    user, bucket, statements = stack.user, stack.packages_bucket, key.statements("KeyPolicy")
    account = [f"arn:{partition}:iam::{number}:root" for partition in stack.partitions for number in stack.accounts]
    administered = [
        statement({"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"})
        for root in account
    ]
    use = [reader_statement(role, region, DNS_SUFFIX) for role in readers for region in stack.regions]
    if user and bucket:
        use += [user_statement(user.arn, bucket.arn, region, DNS_SUFFIX) for region in stack.regions]
    allowed, roots = {statement(each) for each in use}, {f"AWS {root}" for root in account}
    if "BypassPolicyLockoutSafetyCheck" in key.properties:
        remedy = "Let AWS check that the account can administer its key: leave it out"
        yield Finding(key, "Properties.BypassPolicyLockoutSafetyCheck", remedy)
    if not any(each in administered for _, each in statements):
        yield Finding(key, "Properties.KeyPolicy", "Let the account administer its key, as CDK does: kms:*")
    for path, each in statements:
        # CDK merges statements that differ in their principals only.
        one_by_one = [replace(each, principals=frozenset({who})) for who in each.principals or {""}]
        if not all(one in allowed or (one.effect == "Allow" and one.principals <= roots) for one in one_by_one):
            remedy = "Allow only the account, the user through S3, and readers of the secret: secret_readers"
            yield Finding(key, path, remedy)

"""Buckets must be encrypted, with a key of the account.

Default encryption needs nothing from clients. If another account removes its key, or a key is disabled, nobody can
read packages. S3 delivers access logs only to buckets with SSE-S3.
"""

import re

from ghes_packages.guardrails import Finding, Findings, RenderedStack, any_of, at

# AWS, "Using dual-layer server-side encryption with AWS KMS keys".
TWO_LAYERS = "aws:kms:dsse"
# The weakest first.
ALGORITHMS = ("AES256", "aws:kms", TWO_LAYERS)
OF_THE_ACCOUNT = "Name a key of this stack, or one of its account and region: encryption of the instance"


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        rules = bucket.each("BucketEncryption", "ServerSideEncryptionConfiguration")
        default = at(rules[0][1], "ServerSideEncryptionByDefault") if len(rules) == 1 else None
        algorithm = at(default, "SSEAlgorithm")
        if algorithm not in ALGORITHMS:
            yield Finding(bucket, "Properties.BucketEncryption", "Encrypt by default: encryption=…")
        elif bucket is stack.log_bucket and algorithm != "AES256":
            yield Finding(bucket, "Properties.BucketEncryption", "Encrypt with SSE-S3: S3 delivers logs to no other")
        elif not _of_the_account(stack, at(default, "KMSMasterKeyID")):
            yield Finding(bucket, "Properties.BucketEncryption", OF_THE_ACCOUNT)
    for secret in stack.of_type("AWS::SecretsManager::Secret"):
        if not _of_the_account(stack, secret.at("KmsKeyId")):
            yield Finding(secret, "Properties.KmsKeyId", OF_THE_ACCOUNT)
    for alias in stack.of_type("AWS::KMS::Alias"):
        if alias.at("TargetKeyId") not in _own_keys(stack):
            yield Finding(alias, "Properties.TargetKeyId", "Let the alias name the key of this stack: target_key=…")
    for key in stack.of_type("AWS::KMS::Key"):
        if key.at("Enabled") not in (None, True):
            yield Finding(key, "Properties.Enabled", "Leave the key enabled: without it nobody reads a package")


def _of_the_account(stack: RenderedStack, key: object) -> bool:
    """Whether it is AWS's own key, one of the stack by its ARN, ID or alias, or one of the account by its ARN."""
    aliases = [alias.at("AliasName") for alias in stack.of_type("AWS::KMS::Alias")]
    partition, region, account = map(any_of, (stack.partitions, stack.regions, stack.accounts))
    of_the_account = rf"arn:{partition}:kms:{region}:{account}:key/[^*?]+"
    return key in [None, *_own_keys(stack), *aliases] or bool(re.fullmatch(of_the_account, str(key)))


def _own_keys(stack: RenderedStack) -> list[str]:
    return [name for key in stack.of_type("AWS::KMS::Key") for name in (key.arn, key.ref)]

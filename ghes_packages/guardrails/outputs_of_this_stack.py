"""Outputs must refer to S3 and to resources of this stack.

An administrator enters them in GHES. Another bucket has none of these promises.
"""

import re

from ghes_packages.config.regions import S3_HOST_PREFIXES, dns_suffixes
from ghes_packages.guardrails import DNS_SUFFIX, Finding, Findings, RenderedStack, any_of
from ghes_packages.guardrails.only_its_own_access_keys import newest_access_key
from ghes_packages.outputs import Outputs


def findings(stack: RenderedStack) -> Findings:
    if stack.buckets and not stack.packages_bucket:
        yield Finding(None, "Outputs", "Output the name of the stack's own bucket: AwsS3Bucket=bucket.bucket_name")
    for name, allowed in _allowed(stack).items() if stack.user else ():
        field = Outputs.model_fields[name]
        value = stack.output(str(field.alias))
        if (value is not None or field.is_required()) and not re.fullmatch(allowed, str(value)):
            yield Finding(None, f"Outputs.{field.alias}", f"Output a resource of this stack: {field.description}")


def _allowed(stack: RenderedStack) -> dict[str, str]:
    """A pattern for the value of each output."""
    keys, newest = stack.of_type("AWS::IAM::AccessKey"), newest_access_key(stack)
    hosts, suffixes = any_of(S3_HOST_PREFIXES.values()), any_of((DNS_SUFFIX, *dns_suffixes()))
    return {
        "service_url": rf"https://{hosts}\.{any_of(stack.regions)}\.{suffixes}",
        "bucket": any_of(each.ref for each in stack.buckets) if stack.buckets else "[a-z0-9-]+",
        "region": any_of(stack.regions),
        "access_key": any_of([newest.ref] if newest else []),
        "previous_access_key": any_of(key.ref for key in keys if key is not newest),
        "secret_key_reference": any_of(each.ref for each in stack.of_type("AWS::SecretsManager::Secret")),
        "user_name": any_of(each.ref for each in stack.of_type("AWS::IAM::User")),
    }

"""A Mermaid picture of a stack, drawn from its template: the resources that matter, and what refers to what."""

import re
from collections.abc import Iterator
from typing import Any

from ghes_packages.review.replacement import RETAINED
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendering import at, names, referred

USER, SECRET = "AWS::IAM::User", "AWS::SecretsManager::Secret"
# What each type is called, between the signs of its shape.
SHAPES = {
    USER: ('["IAM user', '"]'),
    "AWS::IAM::Group": ('["group', '"]'),
    "AWS::IAM::Role": ('["role', '"]'),
    "AWS::IAM::ManagedPolicy": ('["managed policy', '"]'),
    "AWS::S3::Bucket": ('[("bucket', '")]'),
    SECRET: ('["secret', '"]'),
    "AWS::KMS::Key": ('["KMS key', '"]'),
}
# A line from a resource to what a property of it refers to.
LINES = (
    (USER, "Groups", "---"),
    ("AWS::IAM::ManagedPolicy", "Groups", "---"),
    (USER, "PermissionsBoundary", "-. permissions boundary .->"),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument", "-->"),
    ("AWS::S3::Bucket", "LoggingConfiguration", "-- access logs -->"),
    ("AWS::S3::Bucket", "ReplicationConfiguration", "-- replicas -->"),
    ("AWS::S3::Bucket", "BucketEncryption", "-. encrypted with .->"),
    (SECRET, "KmsKeyId", "-. encrypted with .->"),
)


def drawn(stack: Stack) -> Iterator[str]:
    """The lines of a fenced Mermaid flowchart. Labels hold letters and digits only, whatever the template has."""
    called = names(stack.template)
    nodes = {
        logical_id: f"n{number}"
        for number, (logical_id, resource) in enumerate(stack.resources.items())
        if resource.get("Type") in SHAPES
    }
    yield from ("```mermaid", "flowchart LR")
    for logical_id, node in nodes.items():
        resource = stack.resources[logical_id]
        start, end = SHAPES[resource["Type"]]
        yield f"  {node}{'<br/>'.join([start, _plain(called[logical_id]), *_facts(resource)])}{end}"
    # One line from the same to the same is enough, however often a property refers to it.
    for start, line, end in dict.fromkeys([*_of_access_keys(stack), *_references(stack)]):
        if end in nodes:
            yield f"  {nodes.get(start, start)} {line} {nodes[end]}"
    yield "```"


def _references(stack: Stack) -> Iterator[tuple[str, str, str]]:
    for kind, name, line in LINES:
        for logical_id in _of_type(stack, kind):
            for target in referred(at(stack.resources[logical_id], "Properties", name)):
                yield logical_id, line, target


def _of_access_keys(stack: Stack) -> Iterator[tuple[str, str, str]]:
    """Who signs in as a user, and the secrets that hold a key of it; the keys themselves are no resource to draw."""
    for key in _of_type(stack, "AWS::IAM::AccessKey"):
        for user in referred(at(stack.resources[key], "Properties", "UserName")):
            yield 'ghes["GHES"]', "-- access key -->", user
            for secret in _of_type(stack, SECRET):
                if key in referred(at(stack.resources[secret], "Properties", "SecretString")):
                    yield secret, "-. holds the access key of .->", user


def _of_type(stack: Stack, kind: str) -> list[str]:
    return [logical_id for logical_id, resource in stack.resources.items() if resource.get("Type") == kind]


def _facts(resource: Any) -> Iterator[str]:
    statements = at(resource, "Properties", "PolicyDocument", "Statement")
    if isinstance(statements, list):
        actions = [at(each, "Action") for each in statements]
        yield f"{sum(len(each) if isinstance(each, list) else 1 for each in actions)} actions"
    if resource.get("DeletionPolicy") in RETAINED:
        yield "stays"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", name)

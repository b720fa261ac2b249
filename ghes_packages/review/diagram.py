"""A Mermaid picture of a stack, drawn from its template: the resources that matter, and what refers to what."""

import re
from collections.abc import Iterator

from ghes_packages.guardrails.retained import RETAINED
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendered import RenderedStack, Resource
from ghes_packages.template.rendering import names

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


def drawn(synthesised: Stack) -> Iterator[str]:
    """The lines of a fenced Mermaid flowchart. Labels hold letters and digits only, whatever the template has."""
    stack = synthesised.rendered(names(synthesised.template))
    nodes = {each.logical_id: f"n{number}" for number, each in enumerate(stack.of_type(*SHAPES))}
    yield from ("```mermaid", "flowchart LR")
    for resource in stack.of_type(*SHAPES):
        start, end = SHAPES[resource.type]
        label = "<br/>".join([start, re.sub(r"[^A-Za-z0-9]", "", resource.name), *_facts(resource)])
        yield f"  {nodes[resource.logical_id]}{label}{end}"
    # One line from the same to the same is enough, however often a property refers to it.
    for start, line, end in dict.fromkeys([*_of_access_keys(stack), *_references(stack)]):
        if end in nodes:
            yield f"  {nodes.get(start, start)} {line} {nodes[end]}"
    yield "```"


def _references(stack: RenderedStack) -> Iterator[tuple[str, str, str]]:
    for kind, name, line in LINES:
        for resource in stack.of_type(kind):
            for target in stack.referred(resource.at(name)):
                yield resource.logical_id, line, target.logical_id


def _of_access_keys(stack: RenderedStack) -> Iterator[tuple[str, str, str]]:
    """Who signs in as a user, and the secrets that hold a key of it; the keys themselves are no resource to draw."""
    for key in stack.of_type("AWS::IAM::AccessKey"):
        for user in stack.referred(key.at("UserName")):
            yield 'ghes["GHES"]', "-- access key -->", user.logical_id
            for secret in stack.of_type(SECRET):
                if key in stack.referred(secret.at("SecretString")):
                    yield secret.logical_id, "-. holds the access key of .->", user.logical_id


def _facts(resource: Resource) -> Iterator[str]:
    statements = resource.statements("PolicyDocument")
    if statements:
        yield f"{sum(len(each.actions) for _, each in statements)} actions"
    if resource.attributes.get("DeletionPolicy") in RETAINED["DeletionPolicy"]:
        yield "stays"

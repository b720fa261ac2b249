"""Acknowledged findings of cdk-nag's rule packs, each beside its resource."""

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct


def acknowledge(construct: Construct, reason: str, *findings: str) -> None:
    """Acknowledge findings of one resource for one reason; each is a rule, such as `AwsSolutions-SMG4`."""
    cdk.Validations.of(construct).acknowledge(
        *(cdk.Acknowledgment(id=f"{each.partition('-')[0]}::{each}", reason=reason) for each in findings)
    )


def objects_of(bucket: s3.IBucket) -> str:
    """cdk-nag's name of the finding that a policy covers every object of a bucket."""
    return f"AwsSolutions-IAM5[Resource::{_flat(cdk.Stack.of(bucket).resolve(bucket.arn_for_objects('*')))}]"


def _flat(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_flat, parts))
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
    return json.dumps(value, separators=(",", ":"))

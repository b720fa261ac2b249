"""Findings of cdk-nag's rule packs that are acknowledged, each beside the resource that it is about."""

import aws_cdk as cdk
from constructs import Construct


def acknowledge(construct: Construct, reason: str, *findings: str) -> None:
    """Acknowledge findings of one resource for one reason; each is a rule of a pack, such as `AwsSolutions-SMG4`."""
    validations = cdk.Validations.of(construct)
    for finding in findings:
        pack, _, _ = finding.partition("-")
        validations.acknowledge(cdk.Acknowledgment(id=f"{pack}::{finding}", reason=reason))

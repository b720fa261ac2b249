"""This project's own promises, as rules that every template must pass at each `cdk synth`.

One file holds one rule of CloudFormation Guard, and has its name. A rule that needs a fact of the code takes it from
the variables below, so that the fact is written once.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk

from ghes_packages.policies.permissions import ResourceType, actions
from ghes_packages.policies.statements import LEAST_TLS_VERSION
from stacks.replication import ACTIONS as REPLICATION_ACTIONS

VARIABLES: Mapping[str, object] = {
    "bucket_actions": actions(ResourceType.BUCKET),
    "object_actions": actions(ResourceType.OBJECT),
    "least_tls_version": LEAST_TLS_VERSION,
    "replication_actions": REPLICATION_ACTIONS,
}


def files() -> list[Path]:
    """The rules, sorted by name."""
    return sorted(Path(__file__).parent.glob("*.guard"))


def guardrails() -> cdk.CloudFormationValidatePlugin:
    """The rules and CDK's own validation, which an explicit plugin takes the place of."""
    variables = "".join(f"let {name} = {json.dumps(value)}\n" for name, value in VARIABLES.items())
    return cdk.CloudFormationValidatePlugin(
        guard_rules=[
            cdk.ValidationRuleSource(name=file.name, content=variables + file.read_text(encoding="utf-8"))
            for file in files()
        ]
    )

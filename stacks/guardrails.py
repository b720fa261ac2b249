"""The guardrails as a plugin of CDK's validation: every `cdk synth` checks each template of the app."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import aws_cdk as cdk
import jsii

from ghes_packages.guardrails import PLUGIN, Rule, check
from ghes_packages.template.rendered import RenderedStack


def guardrails(*stacks: cdk.Stack) -> cdk.IPolicyValidationPlugin:
    """The plugin for an app or a stage. It checks these stacks; without any, every stack."""
    # Python's protocols do not know optional members of the interface, which are left out here.
    return cast(cdk.IPolicyValidationPlugin, GuardrailsPlugin(stacks))


@jsii.implements(cdk.IPolicyValidationPlugin)
class GuardrailsPlugin:
    """Acknowledge a finding as `Guardrails::RULE`, on its resource."""

    def __init__(self, stacks: Sequence[cdk.Stack]) -> None:
        self._stacks = stacks

    @property
    def name(self) -> str:
        """The prefix of the IDs of findings."""
        return PLUGIN

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """The findings in every template."""
        checked = {stack.node.path for stack in self._stacks}
        violations = [
            violation
            for stack in context.stack_templates
            if not checked or stack.stack_construct_path in checked
            for violation in _violations(stack)
        ]
        return cdk.PolicyValidationPluginReport(success=not violations, violations=violations)


def _violations(stack: cdk.PolicyValidationStack) -> Iterator[cdk.PolicyViolation]:
    """One for each rule, resource and remedy; CDK finds the construct by the logical ID and the template."""
    template = json.loads(Path(stack.template_path).read_text(encoding="utf-8"))
    paths: dict[tuple[Rule, str, str], list[str]] = defaultdict(list)
    for rule, finding in check(RenderedStack(template, stack.account_id, stack.region)):
        paths[rule, finding.logical_id, finding.remedy].append(finding.path)
    for (rule, logical_id, remedy), locations in paths.items():
        # For a resource, CDK's report names the construct.
        where = "" if logical_id else f": {', '.join(locations)}"
        yield cdk.PolicyViolation(
            rule_name=rule.name,
            description=rule.promise.removesuffix(".") + where,
            fix=remedy,
            severity="error",
            violating_resources=[
                cdk.PolicyViolatingResource(
                    construct_path=None if logical_id else stack.stack_construct_path,
                    resource_logical_id=logical_id or None,
                    template_path=stack.template_path,
                    locations=list(filter(None, locations)),
                )
            ],
        )

"""Validation as `cdk synth` runs it, without the CLI: which rules a template, or an app, breaks."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii

from stacks.guardrails import guardrails
from tests.synthesis import Json


@jsii.implements(cdk.IPolicyValidationContext)
class _Context:
    """One template, as CDK hands it to a plugin."""

    def __init__(self, template: Path) -> None:
        self._template = str(template)
        self._app = cdk.App()

    @property
    def app_construct(self) -> cdk.App:
        return self._app

    @property
    def template_paths(self) -> list[str]:
        return [self._template]

    @property
    def stack_templates(self) -> list[cdk.PolicyValidationStack]:
        return [cdk.PolicyValidationStack(stack_construct_path="Stack", template_path=self._template)]

    @property
    def account_id(self) -> None:
        return None

    @property
    def region(self) -> None:
        return None


class Guardrails:
    """The guardrails, loaded once, for many templates."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.json"
        self._plugin = guardrails()

    def broken_by(self, template: Json) -> dict[str, list[str]]:
        """What each rule that the template breaks says."""
        self._template.write_text(json.dumps(template))
        # jsii hands over an object, and its types do not say so.
        report: Any = self._plugin.validate(_Context(self._template))
        broken: dict[str, list[str]] = {}
        for violation in report.violations:
            if violation.severity == "error":
                broken.setdefault(violation.rule_name, []).append(violation.description)
        return broken


def violations_in(assembly: Path) -> set[str]:
    """The rules that failed the synthesis of an app."""
    report = json.loads((assembly / "validation-report.json").read_text())
    return {each["ruleName"] for plugin in report["pluginReports"] for each in plugin["violations"]}

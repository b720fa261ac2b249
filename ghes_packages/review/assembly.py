"""A cloud assembly, the folder that `cdk synth` writes: its stacks, and the findings that are acknowledged in each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ghes_packages.errors import ConfigurationError
from ghes_packages.instance import STACK_NAME_PREFIX

Template = Mapping[str, Any]


class _Resource(BaseModel):
    Type: str
    Properties: dict[str, Any] = {}
    DeletionPolicy: str = ""
    UpdateReplacePolicy: str = ""


class _Template(BaseModel):
    """What the review takes for granted of a template."""

    Resources: dict[str, _Resource] = {}
    Outputs: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class Stack:
    """One stack as it was synthesised, or as it is deployed.

    `environment` is where it goes, such as aws://111122223333/us-west-2; None where that is not known.
    `acknowledged` holds the reasons by finding and path of the construct below the stack.
    """

    template: Template = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    termination_protection: bool = False
    environment: str | None = None
    acknowledged: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def resources(self) -> Mapping[str, Any]:
        """Its resources by logical ID."""
        resources: Mapping[str, Any] = self.template.get("Resources", {})
        return resources


def read(folder: Path) -> Mapping[str, Stack]:
    """The stacks of an assembly by the name of the instance, those of its stages too. Raises ConfigurationError."""
    manifest = _json(folder / "manifest.json", folder)
    report = folder / "validation-report.json"
    acknowledged = _acknowledged(_json(report, folder)) if report.exists() else {}
    stacks: dict[str, Stack] = {}
    try:
        for artifact_id, artifact in manifest.get("artifacts", {}).items():
            properties = artifact.get("properties", {})
            if artifact["type"] == "cdk:cloud-assembly":
                stacks.update(read(folder / properties["directoryName"]))
            if artifact["type"] == "aws:cloudformation:stack":
                name = properties.get("stackName", artifact_id)
                stacks[name.removeprefix(STACK_NAME_PREFIX)] = Stack(
                    template=_template(folder / properties["templateFile"], folder),
                    tags=properties.get("tags", {}),
                    termination_protection=properties.get("terminationProtection", False),
                    environment=_known(artifact.get("environment", "")),
                    acknowledged=acknowledged.get(artifact_id, {}),
                )
    except (AttributeError, KeyError, TypeError) as error:
        raise _no_assembly(folder, f"manifest.json is not as CDK writes it: {error!r}") from None
    return stacks


def _json(file: Path, folder: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
        raise _no_assembly(folder, f"{file.name}: {problem}") from None
    if not isinstance(found, dict):
        raise _no_assembly(folder, f"{file.name}: not an object")
    return found


def _template(file: Path, folder: Path) -> Template:
    template = _json(file, folder)
    try:
        _Template.model_validate(template)
    except ValidationError as error:
        [first, *_] = error.errors()
        place = ".".join(map(str, first["loc"]))
        raise _no_assembly(folder, f"{file.name}: {place} is not as CDK writes it: {first['msg']}") from None
    return template


def _no_assembly(folder: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{folder}: no assembly: {problem}; synthesise one with: cdk synth --quiet")


def _known(environment: str) -> str | None:
    return None if not environment or "unknown-" in environment else environment


def _acknowledged(report: Mapping[str, Any]) -> Mapping[str, Mapping[tuple[str, str], str]]:
    """The reasons by stack, finding and path."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for plugin in report.get("pluginReports", []):
        for finding in plugin.get("suppressedViolations", []):
            for construct in finding.get("violatingConstructs", []):
                stack, _, path = construct.get("constructPath", "").partition("/")
                key = finding.get("acknowledgedId", finding.get("ruleName", "")), path.removesuffix("/Resource")
                found.setdefault(stack, {})[key] = finding.get("reason", "")
    return found

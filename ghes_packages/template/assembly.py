"""A cloud assembly, the folder that `cdk synth` writes: its stacks, and the findings that are acknowledged in each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghes_packages.config.instance import REPLICA_SUFFIX, reviewed_as
from ghes_packages.template import manifest
from ghes_packages.template.manifest import (
    LEGACY_ASSET,
    Artifact,
    Assets,
    Manifest,
    Metadata,
    ValidationReport,
    no_assembly,
)
from ghes_packages.template.rendered import RenderedStack
from ghes_packages.template.rendering import Names

Template = Mapping[str, Any]
_ENVIRONMENT = re.compile(r"aws://(?:unknown-account|(?P<account>[^/]+))/(?:unknown-region|(?P<region>[^/]+))")
# What is compared elsewhere, or differs from one synthesis to the next and does nothing to the stack.
NOT_COMPARED = {
    "additionalDependencies",
    "bootstrapStackVersionSsmParameter",
    "requiresBootstrapStackVersion",
    "tags",
    "templateFile",
    "terminationProtection",
    "validateOnSynth",
}


@dataclass(frozen=True)
class Stack:
    """One stack as it was synthesised, or as it is deployed.

    `environment` is where it goes, such as aws://111122223333/us-west-2, either of which may be unknown.
    `deployment` is what else the manifest says of how it is deployed. `plugins` are the checks that
    found something in its app; `acknowledged` holds the reasons by finding and path of the construct below the stack.
    The CLI finds it as `artifact` among the dependencies of others, and by the name that it is `selected_by` on the
    command line; before it, it deploys the artifacts that it `needs`.
    """

    template: Template = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    termination_protection: bool = False
    environment: str | None = None
    deployment: Mapping[str, Any] = field(default_factory=dict)
    plugins: frozenset[str] = frozenset()
    acknowledged: Mapping[tuple[str, str], str] = field(default_factory=dict)
    artifact: str = ""
    selected_by: str = ""
    needs: frozenset[str] = frozenset()

    @property
    def place(self) -> Mapping[str, str | None]:
        """Account and region; None for what is not known."""
        return _place(self.environment)

    def rendered(self, called: Names) -> RenderedStack:
        """Its template, rendered, with its resources called by these names."""
        return RenderedStack(self.template, **self.place, called=called)


def read(folder: Path) -> Mapping[str, Stack]:
    """The stacks of an assembly as they are reviewed, those of its stages too. Raises ConfigurationError."""
    stacks: dict[str, Stack] = {}
    for name, stack in _stacks(folder):
        if name in stacks:
            raise no_assembly(folder, f"it has two stacks for {name}, which hide each other")
        stacks[name] = stack
    return stacks


def _stacks(folder: Path) -> Iterator[tuple[str, Stack]]:
    _, found = manifest.read(folder, "manifest.json", Manifest)
    report = ValidationReport()
    if (folder / "validation-report.json").exists():
        _, report = manifest.read(folder, "validation-report.json", ValidationReport)
    uploaded, deployed = set[tuple[str, str]](), set[tuple[str, str]]()
    for artifact_id, artifact in found.artifacts.items():
        properties = artifact.properties
        if artifact.type == "cdk:cloud-assembly":
            yield from _stacks(manifest.inside(folder, properties.directory_name))
        if artifact.type == "cdk:asset-manifest":
            uploaded.add(manifest.read(folder, properties.file, Assets)[1].uploaded)
        if artifact.type == "aws:cloudformation:stack":
            stack = _stack(folder, artifact_id, artifact, report)
            if url := properties.stack_template_asset_object_url:
                deployed.add((properties.template_file, url))
            yield reviewed_as(properties.stack_name or artifact_id), stack
    for file, url in sorted(uploaded ^ deployed):
        raise no_assembly(folder, f"{file} is not both uploaded to and deployed from {url}")


def _stack(folder: Path, artifact_id: str, artifact: Artifact, report: ValidationReport) -> Stack:
    """Raises ConfigurationError where the CLI could upload, or build, more than the template, or another one."""
    properties, more = artifact.properties, Metadata()
    file, url = properties.template_file, properties.stack_template_asset_object_url
    template, _ = manifest.read(folder, file, manifest.Template)
    if url and url.rpartition("/")[2] != f"{manifest.digest(folder, file)}.json":
        raise no_assembly(folder, f"{file} would be deployed from {url}, whose name is not its SHA-256")
    if artifact.additional_metadata_file:
        _, more = manifest.read(folder, artifact.additional_metadata_file, Metadata)
    if LEGACY_ASSET in artifact.metadata.types | more.types:
        raise no_assembly(folder, f"{file} is deployed with its own assets")
    needs = frozenset({*artifact.dependencies, *properties.additional_dependencies})
    return Stack(
        template,
        properties.tags,
        properties.termination_protection,
        artifact.environment,
        deployment=_deployment(artifact_id, artifact, needs),
        plugins=report.plugins,
        acknowledged=report.acknowledged(artifact_id),
        artifact=artifact_id,
        selected_by=artifact.display_name or artifact_id,
        needs=needs,
    )


def _deployment(artifact_id: str, artifact: Artifact, needs: frozenset[str]) -> Mapping[str, Any]:
    """What the manifest says of the deployment of a stack, in words that hold wherever it goes."""

    def compared(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: compared(each) for key, each in value.items() if key not in NOT_COMPARED}
        if isinstance(value, str):
            for known, reference in ((account, "${AWS::AccountId}"), (region, "${AWS::Region}")):
                value = value.replace(known, reference) if known else value
        return value

    account, region = _place(artifact.environment).values()
    properties = artifact.properties
    # The last part is a hash of the template, which is compared itself.
    bucket, _, _ = properties.stack_template_asset_object_url.rpartition("/")
    return {
        **compared(properties.model_dump(exclude_unset=True, by_alias=True)),
        "stackName": properties.stack_name or artifact_id,
        "stackTemplateAssetObjectUrl": compared(bucket),
        "dependencies": sorted(needs - {f"{artifact_id}.assets", artifact_id + REPLICA_SUFFIX}),
    }


def _place(environment: str | None) -> dict[str, str | None]:
    found = _ENVIRONMENT.fullmatch(environment or "")
    return found.groupdict() if found else {"account": None, "region": None}


def deployed_with(construct_id: str, stacks: Mapping[str, Stack]) -> set[str]:
    """Which stacks `cdk deploy` deploys where it is given one name: those that have it, and what these need."""
    found, more = set[str](), {name for name, stack in stacks.items() if stack.selected_by == construct_id}
    while more:
        found |= more
        needed = {artifact for name in more for artifact in stacks[name].needs}
        more = {name for name, stack in stacks.items() if stack.artifact in needed} - found
    return found

"""A cloud assembly, the folder that `cdk synth` writes: its stacks, and the findings that are acknowledged in each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
        found = _ENVIRONMENT.fullmatch(self.environment or "")
        return found.groupdict() if found else {"account": None, "region": None}

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
            template, _ = manifest.read(folder, properties.template_file, manifest.Template)
            deployed |= _named_by_its_content(folder, artifact)
            _without_legacy_assets(folder, artifact)
            stack = Stack(
                template,
                properties.tags,
                properties.termination_protection,
                artifact.environment,
                plugins=report.plugins,
                acknowledged=report.acknowledged(artifact_id),
            )
            name = properties.stack_name or artifact_id
            yield reviewed_as(name), _deployed_by(stack, artifact_id, artifact)
    for file, url in sorted(uploaded ^ deployed):
        raise no_assembly(folder, f"{file} is not both uploaded to and deployed from {url}")


def _named_by_its_content(folder: Path, artifact: Artifact) -> set[tuple[str, str]]:
    """The template of a stack and the URL that it is deployed from, unless the CLI hands it on by itself.

    Raises ConfigurationError where the URL does not say what the template is: another one could be there.
    """
    file, url = artifact.properties.template_file, artifact.properties.stack_template_asset_object_url
    if url and url.rpartition("/")[2] != f"{manifest.digest(folder, file)}.json":
        raise no_assembly(folder, f"{file} would be deployed from {url}, whose name is not its SHA-256")
    return {(file, url)} if url else set()


def _without_legacy_assets(folder: Path, artifact: Artifact) -> None:
    """Raises ConfigurationError where the CLI would upload, or build, more than the template."""
    more = Metadata()
    if artifact.additional_metadata_file:
        _, more = manifest.read(folder, artifact.additional_metadata_file, Metadata)
    if LEGACY_ASSET in artifact.metadata.types | more.types:
        raise no_assembly(folder, f"{artifact.properties.template_file} is deployed with its own assets")


def _deployed_by(stack: Stack, artifact_id: str, artifact: Artifact) -> Stack:
    """The stack with what the manifest says of its deployment, in words that hold wherever it goes."""

    def compared(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: compared(each) for key, each in value.items() if key not in NOT_COMPARED}
        if isinstance(value, str):
            for known, reference in ((account, "${AWS::AccountId}"), (region, "${AWS::Region}")):
                value = value.replace(known, reference) if known else value
        return value

    account, region = stack.place.values()
    properties = artifact.properties
    # The last part is a hash of the template, which is compared itself.
    bucket, _, _ = properties.stack_template_asset_object_url.rpartition("/")
    own = {f"{artifact_id}.assets", artifact_id + REPLICA_SUFFIX}
    needs = frozenset({*artifact.dependencies, *properties.additional_dependencies})
    deployment = {
        **compared(properties.model_dump(exclude_unset=True, by_alias=True)),
        "stackName": properties.stack_name or artifact_id,
        "stackTemplateAssetObjectUrl": compared(bucket),
        "dependencies": sorted(needs - own),
    }
    return replace(
        stack,
        deployment=deployment,
        artifact=artifact_id,
        selected_by=artifact.display_name or artifact_id,
        needs=needs,
    )


def deployed_with(construct_id: str, stacks: Mapping[str, Stack]) -> set[str]:
    """Which stacks `cdk deploy` deploys where it is given one name: those that have it, and what these need."""
    found, more = set[str](), {name for name, stack in stacks.items() if stack.selected_by == construct_id}
    while more:
        found |= more
        needed = {artifact for name in more for artifact in stacks[name].needs}
        more = {name for name, stack in stacks.items() if stack.artifact in needed} - found
    return found

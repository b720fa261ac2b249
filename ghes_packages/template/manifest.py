"""What an assembly says of itself in `manifest.json` and the files beside it, as far as a review reads them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictBool, StrictStr, ValidationError
from pydantic.alias_generators import to_camel

from ghes_packages.errors import ConfigurationError
from ghes_packages.printable import one_line

# No assembly of CDK comes near; deeper ones could exhaust the stack of whoever reads them.
MOST_LEVELS = 100
# How an older CDK had files uploaded and images built, which the CLI still does.
LEGACY_ASSET = "aws:cdk:asset"

Model = TypeVar("Model", bound=BaseModel)


class _Read(BaseModel):
    model_config = ConfigDict(extra="allow", alias_generator=to_camel)


class Properties(_Read):
    """The properties of an artifact."""

    template_file: StrictStr = ""
    stack_template_asset_object_url: StrictStr = ""
    file: StrictStr = ""
    directory_name: StrictStr = ""
    stack_name: StrictStr | None = None
    tags: dict[StrictStr, StrictStr] = {}
    termination_protection: StrictBool = False
    additional_dependencies: list[StrictStr] = []


class _Metadata(_Read):
    type: StrictStr = ""


class Metadata(RootModel[dict[StrictStr, list[_Metadata]]]):
    """What CDK noted of each construct of a stack."""

    root: dict[StrictStr, list[_Metadata]] = {}

    @property
    def types(self) -> set[str]:
        """The kinds of notes that there are."""
        return {each.type for some in self.root.values() for each in some}


class Artifact(_Read):
    """One artifact: a stack, what is uploaded for it, the assembly of a stage; of the others a review needs nothing.

    What the CLI would do with an artifact of any other type, a review could not tell.
    """

    type: Literal[
        "aws:cloudformation:stack",
        "cdk:asset-manifest",
        "cdk:cloud-assembly",
        "cdk:feature-flag-report",
        "cdk:tree",
    ]
    environment: StrictStr = ""
    properties: Properties = Properties()
    dependencies: list[StrictStr] = []
    metadata: Metadata = Metadata()
    additional_metadata_file: StrictStr = ""
    display_name: StrictStr | None = None


class Manifest(_Read):
    """`manifest.json`."""

    artifacts: dict[StrictStr, Artifact] = {}


class _Whole(BaseModel):
    """With nothing in it that is not known: the CLI could run it, or upload it."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class _Source(_Whole):
    path: StrictStr
    packaging: Literal["file"]


class _Destination(_Whole):
    bucket_name: StrictStr
    object_key: StrictStr
    region: StrictStr = ""
    assume_role_arn: StrictStr = ""


class _Asset(_Whole):
    display_name: StrictStr = ""
    source: _Source
    destinations: dict[StrictStr, _Destination] = Field(min_length=1, max_length=1)


class Assets(_Whole):
    """What the CLI uploads before it deploys a stack: one file, which is its template, and nothing that it runs."""

    version: StrictStr
    files: dict[StrictStr, _Asset] = Field(min_length=1, max_length=1)
    docker_images: dict[StrictStr, Any] = Field(default={}, max_length=0)

    @property
    def uploaded(self) -> tuple[str, str]:
        """The file, and the URL that it gets."""
        [asset] = self.files.values()
        [to] = asset.destinations.values()
        return asset.source.path, f"s3://{to.bucket_name}/{to.object_key}"


class _Construct(_Read):
    construct_path: StrictStr = ""


class _Suppressed(_Read):
    rule_name: StrictStr = ""
    acknowledged_id: StrictStr | None = None
    reason: StrictStr = ""
    violating_constructs: list[_Construct] = []


class _Plugin(_Read):
    plugin_name: StrictStr = ""
    suppressed_violations: list[_Suppressed] = []


class ValidationReport(_Read):
    """`validation-report.json`: what each plugin checked."""

    plugin_reports: list[_Plugin] = []

    @property
    def plugins(self) -> frozenset[str]:
        """The names of the plugins that found something in the app; CDK leaves out the others."""
        return frozenset(plugin.plugin_name for plugin in self.plugin_reports if plugin.plugin_name)

    def acknowledged(self, stack: str) -> Mapping[tuple[str, str], str]:
        """The reasons by finding and path below the stack; one of no construct is one of every stack."""
        found = {}
        for plugin in self.plugin_reports:
            for finding in plugin.suppressed_violations:
                for construct in finding.violating_constructs or [_Construct()]:
                    of, _, path = construct.construct_path.partition("/")
                    if of in (stack, ""):
                        key = finding.acknowledged_id or finding.rule_name, path.removesuffix("/Resource")
                        found[key] = finding.reason
        return found


class _Resource(BaseModel):
    Type: StrictStr
    Properties: dict[str, Any] = {}
    DeletionPolicy: StrictStr = ""
    UpdateReplacePolicy: StrictStr = ""


class Template(BaseModel):
    """What the review takes for granted of a template."""

    Resources: dict[str, _Resource] = {}
    Outputs: dict[str, dict[str, Any]] = {}
    Parameters: dict[str, Any] = {}


def inside(folder: Path, name: str) -> Path:
    """The file or folder of that name below the folder. Raises ConfigurationError where it would be elsewhere."""
    whole = folder.resolve()
    try:
        found = (folder / name).resolve()
    except (OSError, RuntimeError, ValueError):
        found = whole
    if whole not in found.parents or found != whole / name:
        raise no_assembly(folder, f"'{name}' is not a file in this folder, or is a symbolic link")
    return folder / name


def read(folder: Path, name: str, model: type[Model]) -> tuple[dict[str, Any], Model]:
    """A file of JSON, as it is and as the model has it. Raises ConfigurationError."""
    file = inside(folder, name)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        problem = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
        raise no_assembly(folder, f"{name}: {problem}") from None
    if not isinstance(found, dict):
        raise no_assembly(folder, f"{name}: not an object")
    if _too_deep(found):
        raise no_assembly(folder, f"{name}: more than {MOST_LEVELS} levels")
    try:
        return found, model.model_validate(found)
    except ValidationError as error:
        [first, *_] = error.errors()
        place = ".".join(map(str, first["loc"]))
        raise no_assembly(folder, f"{name}: {place} is not as CDK writes it: {first['msg']}") from None


def digest(folder: Path, name: str) -> str:
    """The SHA-256 of a file that was read, in hexadecimal digits: by it CDK names what it uploads."""
    return hashlib.sha256(inside(folder, name).read_bytes()).hexdigest()


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def no_assembly(folder: Path, problem: str) -> ConfigurationError:
    """The error for a folder that cannot be reviewed, in one line whatever the problem quotes."""
    return ConfigurationError(one_line(f"{folder}: not an assembly: {problem}; synthesise one with: cdk synth --quiet"))

"""The stack in an app of somebody else's."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from app import stacks_of
from ghes_packages.config.instance import Instance
from stacks.guardrails import guardrails
from tests.combinations import Combinations, called
from tests.synthesis import PROJECT
from tests.validation import violations_in

FLAGS: dict[str, Any] = json.loads((PROJECT / "cdk.json").read_text())["context"]
OPPOSITE = {flag: not value for flag, value in FLAGS.items() if isinstance(value, bool)}


def theirs(folder: Path, context: dict[str, Any]) -> cdk.App:
    """With analytics, as CDK has it by default."""
    return cdk.App(context=context, outdir=str(folder), builtin_cloud_formation_validation=False)


def stacks_in(folder: Path) -> dict[str, Any]:
    """Every template, and what the manifest says of its deployment."""
    artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"]
    return {file.name: file.read_text() for file in folder.glob("*.template.json")} | {
        name: artifact["properties"] for name, artifact in artifacts.items() if name.startswith("GhesPackages-")
    }


@pytest.mark.parametrize("context", [{}, OPPOSITE], ids=["no flags", "the opposite flags"])
def test_every_template_is_the_same_whatever_the_flags_of_the_app(
    tmp_path: Path, context: dict[str, Any], combinations: Combinations
) -> None:
    app = theirs(tmp_path, context)
    names = [each for each in combinations.instances if each.startswith(("together", "deployment", "regulated"))]
    chosen = {name: combinations.instances[name] for name in names}
    for name, instance in chosen.items():
        stacks_of(app, called(name, instance))
    app.synth()
    found = stacks_in(tmp_path)
    assert len(found) > 2 * len(chosen) > 15
    assert found.items() <= stacks_in(combinations.folder).items()


def test_the_guardrails_can_be_for_the_stacks_of_this_project_alone(tmp_path: Path) -> None:
    found = []
    for name, everything in (("one", False), ("all", True)):
        app = theirs(tmp_path / name, {})
        [storage] = stacks_of(app, Instance(name="production"))
        other = cdk.Stack(app, "Theirs")
        sns.Topic(other, "Topic")
        cdk.Validations.of(app).add_plugins(guardrails(*([] if everything else [storage])))
        if everything:
            with pytest.raises(RuntimeError):
                app.synth()
        else:
            app.synth()
        found.append(violations_in(tmp_path / name))
    assert found == [set(), {"only_known_resources"}]


def test_in_a_stage_the_stack_has_its_name(tmp_path: Path) -> None:
    app = theirs(tmp_path, {})
    stacks_of(cdk.Stage(app, "Production"), Instance(name="production"))
    app.synth()
    [manifest] = tmp_path.glob("assembly-*/manifest.json")
    stacks = [each for each in json.loads(manifest.read_text())["artifacts"].values() if "stack" in each["type"]]
    assert [each["properties"]["stackName"] for each in stacks] == ["GhesPackages-production"]

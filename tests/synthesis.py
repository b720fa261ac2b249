"""Templates, synthesised in this process; `python -m tests.synthesis` prints the one that the tests keep."""

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk.assertions import Template

from app import stacks_of
from ghes_packages.config.instance import Instance
from stacks.packages_replica import PackagesReplica
from stacks.packages_storage import PackagesStorage

PROJECT = Path(__file__).parent.parent
INSTANCE = Instance(name="production")
Json = dict[str, Any]
# Those that were synthesised already in this process.
TEMPLATES: dict[tuple[type[PackagesStorage | PackagesReplica], Instance], str] = {}


def app(**properties: Any) -> cdk.App:
    """Without CDK's own checks, unless `properties` say else: the start of their engine takes longer than the rest."""
    # The CLI hands the flags of cdk.json to the app; here there is no CLI.
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]
    return cdk.App(
        context=context,
        analytics_reporting=False,
        **{"builtin_cloud_formation_validation": False, **properties},
    )


def assembly_of(instances: Iterable[Instance], folder: Path) -> Path:
    """What `cdk synth` would leave there, but for the checks."""
    return Path(shutil.copytree(_assembly(tuple(instances)), folder, dirs_exist_ok=True))


@functools.cache
def _assembly(instances: tuple[Instance, ...]) -> Path:
    """One for all tests, for as long as this process lasts."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    whole = app(outdir=str(folder))
    for instance in instances:
        stacks_of(whole, instance)
    whole.synth()
    return folder


def stack_of(instance: Instance) -> PackagesStorage:
    return PackagesStorage(app(), instance)


def template_of(instance: Instance = INSTANCE) -> Json:
    """Anew at each call: a test may change what it gets."""
    return dict(json.loads(_template(PackagesStorage, instance)))


def replica_template_of(instance: Instance) -> Json:
    """What the stack in `replica_region` of an instance is."""
    assert instance.replica
    return dict(json.loads(_template(PackagesReplica, instance.replica)))


def _template(kind: type[PackagesStorage | PackagesReplica], instance: Instance) -> str:
    if (kind, instance) not in TEMPLATES:
        TEMPLATES[kind, instance] = json.dumps(Template.from_stack(kind(app(), instance)).to_json())
    return TEMPLATES[kind, instance]


def resources_of(kind: str, instance: Instance = INSTANCE) -> dict[str, Json]:
    """The resources of one type by logical ID."""
    return {key: value for key, value in template_of(instance)["Resources"].items() if value["Type"] == kind}


def deployable(instance: Instance = INSTANCE) -> tuple[dict[str, Json], dict[str, Json]]:
    """Resources and outputs."""
    template = template_of(instance)
    return template["Resources"], template["Outputs"]


def deployable_replica(instance: Instance) -> tuple[dict[str, Json], dict[str, Json]]:
    """The same of the stack in its `replica_region`."""
    template = replica_template_of(instance)
    return template["Resources"], template["Outputs"]


if __name__ == "__main__":
    print(json.dumps(template_of(), indent=1))  # noqa: T201

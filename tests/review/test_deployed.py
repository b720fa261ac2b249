"""What one deploy brings besides the stack of the instance, as the assembly says it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.review.deployed import strangers
from ghes_packages.template import assembly as assemblies
from tests.review.pairs import Json, assembly, ids
from tests.synthesis import template_of

ALONE = Instance(name="production")
REPLICATED = Instance(name="production", account="111122223333", region="us-west-2", replica_region="us-east-1")
REPLICA, HELPER = "GhesPackages-production-Replica", "GhesPackages-Helper"


def found(folder: Path, instance: Instance, **artifacts: Json) -> list[str]:
    made = assembly(
        folder / "cdk.out", {name: template_of() for name in ("production", "production-Replica", "Helper")}
    )
    manifest: Any = json.loads((made / "manifest.json").read_text())
    for name, edit in artifacts.items():
        manifest["artifacts"][f"GhesPackages-{name.replace('_', '-')}"].update(edit)
    (made / "manifest.json").write_text(json.dumps(manifest))
    return ids(strangers(instance, assemblies.read(made)))


def test_a_stack_and_its_replica_are_all_that_a_deploy_brings(tmp_path: Path) -> None:
    needs = [REPLICA, "GhesPackages-production.assets"]
    assert found(tmp_path, REPLICATED, production={"dependencies": needs}) == []


@pytest.mark.parametrize(
    ("instance", "artifacts", "risk"),
    [
        (ALONE, {"production": {"dependencies": [REPLICA]}}, "production-Replica"),
        (ALONE, {"production": {"dependencies": [HELPER]}}, "Helper"),
        (
            REPLICATED,
            {"production": {"dependencies": [REPLICA]}, "production_Replica": {"dependencies": [HELPER]}},
            "Helper",
        ),
        (ALONE, {"Helper": {"displayName": "GhesPackages-production"}}, "Helper"),
    ],
    ids=["replica that is none", "helper", "helper of the replica", "two of one name"],
)
def test_any_other_stack_that_a_deploy_brings_is_a_risk(
    tmp_path: Path, instance: Instance, artifacts: dict[str, Json], risk: str
) -> None:
    assert found(tmp_path, instance, **artifacts) == [f"deployed-as-well-{risk}"]

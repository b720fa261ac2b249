"""What the CDK CLI is told of how to deploy: with whose rights, and what it takes to be in the account."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import aws_s3_assets as assets

from app import stacks_of, too_large
from ghes_packages.config.instance import Instance
from ghes_packages.guardrails import check
from ghes_packages.template.rendered import RenderedStack
from tests.synthesis import PROJECT, Json, app, assembly_of, replica_template_of, template_of

HERE = {"account": "111122223333", "region": "us-west-2"}
ROLE = "arn:aws:iam::111122223333:role/GhesPackagesDeploy"


def instance(**options: Any) -> Instance:
    return Instance.model_validate({"name": "production", **HERE, **options})


def artifacts(folder: Path, *instances: Instance) -> Json:
    manifest = json.loads((assembly_of(instances, folder) / "manifest.json").read_text())
    return {key: each for key, each in manifest["artifacts"].items() if key.startswith("GhesPackages-")}


def deployment(folder: Path, **options: Any) -> Json:
    """What the manifest says of the one stack, but for what it says of any."""
    properties = artifacts(folder, instance(**options))["GhesPackages-production"]["properties"]
    return {key: value for key, value in properties.items() if key not in ("validateOnSynth", "tags")}


DIRECT = {"templateFile": "GhesPackages-production.template.json", "terminationProtection": True}


def test_whoever_deploys_needs_nothing_of_cdks_in_the_account(tmp_path: Path) -> None:
    alone, with_replica = instance(), instance(name="two", replica_region="us-east-1")
    found = artifacts(tmp_path, alone, with_replica)
    assert found.keys() == {"GhesPackages-production", "GhesPackages-two", "GhesPackages-two-Replica"}
    assert not [key for each in found.values() for key in each["properties"] if "role" in key.lower()]
    assert not [
        path for path in tmp_path.iterdir() if "bootstrap" in path.read_text().lower() and path.suffix == ".json"
    ]


def test_cloudformation_works_in_the_role_that_is_named_in_both_regions(tmp_path: Path) -> None:
    found = artifacts(tmp_path, instance(execution_role_arn=ROLE, replica_region="us-east-1"))
    for each in found.values():
        assert each["properties"]["cloudFormationExecutionRoleArn"] == ROLE
        assert "assumeRoleArn" not in each["properties"]
    assert deployment(tmp_path / "alone", execution_role_arn=ROLE) == {**DIRECT, "cloudFormationExecutionRoleArn": ROLE}


@pytest.mark.parametrize(("bootstrap", "qualifier"), [(True, "hnb659fds"), ("acme", "acme")])
def test_an_organisation_can_deploy_through_the_roles_of_its_bootstrap(
    tmp_path: Path, bootstrap: bool | str, qualifier: str
) -> None:
    found = deployment(tmp_path, bootstrap=bootstrap)
    roles = (found["assumeRoleArn"], found["cloudFormationExecutionRoleArn"], found["lookupRole"]["arn"])
    assert roles == tuple(
        f"arn:${{AWS::Partition}}:iam::111122223333:role/cdk-{qualifier}-{each}-role-111122223333-us-west-2"
        for each in ("deploy", "cfn-exec", "lookup")
    )
    assert found["stackTemplateAssetObjectUrl"].startswith(f"s3://cdk-{qualifier}-assets-111122223333-us-west-2/")


@pytest.mark.parametrize("bootstrap", [True, "Acme_1-2"])
def test_no_way_to_deploy_is_in_what_the_stack_makes(bootstrap: bool | str) -> None:
    options = {"replica_region": "us-east-1", "encryption": "kms"}
    direct, through = instance(**options), instance(**options, bootstrap=bootstrap)
    for template, region in ((template_of, "us-west-2"), (replica_template_of, "us-east-1")):
        rest = dict(template(through))
        assert (rest.pop("Parameters").keys(), rest.pop("Rules").keys()) == (
            {"BootstrapVersion"},
            {"CheckBootstrapVersion"},
        )
        assert rest == template(direct)
        assert check(RenderedStack(template(through), "111122223333", region)) == []
    assert template_of(instance(**options, execution_role_arn=ROLE)) == template_of(direct)


def test_a_stack_has_the_name_that_the_instance_gives_it_and_cdk_keeps_its_own(tmp_path: Path) -> None:
    found = artifacts(tmp_path, instance(stack_name="StackSet-Packages", replica_region="us-east-1"))
    assert {key: each["properties"]["stackName"] for key, each in found.items()} == {
        "GhesPackages-production": "StackSet-Packages",
        "GhesPackages-production-Replica": "StackSet-Packages-Replica",
    }
    assert "stackName" not in deployment(tmp_path / "default")


def test_a_replica_is_known_by_the_name_of_its_stack() -> None:
    named = instance(stack_name="Acme", replica_region="us-east-1", encryption="kms")
    assert "Acme-Replica" in json.dumps(template_of(named))
    assert "GhesPackages-" not in json.dumps(template_of(named))
    assert check(RenderedStack(template_of(named), named.account, named.region)) == []


def test_an_asset_has_no_place_without_the_bootstrap() -> None:
    [stack] = stacks_of(app(), instance())
    with pytest.raises(RuntimeError, match="cannot be uploaded without bootstrap = true"):
        assets.Asset(stack, "File", path=str(PROJECT / "cdk.json"))


def test_a_template_too_large_for_a_request_is_refused_unless_a_bucket_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = app(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    instances = [instance(replica_region="us-east-1"), instance(name="through", bootstrap=True)]
    stacks = {each: stacks_of(whole, each) for each in instances}
    whole.synth()
    largest = (tmp_path / "GhesPackages-production.template.json").stat().st_size
    monkeypatch.setattr("app.MOST_BYTES", largest)
    assert list(too_large(stacks, tmp_path)) == []
    monkeypatch.setattr("app.MOST_BYTES", largest - 1)
    [line] = too_large(stacks, tmp_path)
    assert line.startswith("[instances.production] GhesPackages-production.template.json has ")
    assert "; set bootstrap = true " in line
    monkeypatch.setattr("app.MOST_BYTES", 0)
    assert ["-Replica.template.json" in line for line in too_large(stacks, tmp_path)] == [False, True]

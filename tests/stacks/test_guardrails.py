"""The guardrails as CDK runs them: a finding fails the synthesis, and says where and what to change."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import pytest
from constructs import Construct

from app import stacks_of
from ghes_packages.config.instance import Instance
from stacks.guardrails import guardrails
from tests.synthesis import INSTANCE, app

BUCKET = "Packages/Bucket/Resource"
HERE, ELSEWHERE = (
    Instance(name=name, account=account, region="us-west-2")
    for name, account in (("here", "111122223333"), ("elsewhere", "444455556666"))
)


def resource(scope: Construct, path: str) -> cdk.CfnResource:
    for part in path.split("/"):
        scope = cast(Construct, scope.node.find_child(part))
    return cast(cdk.CfnResource, scope)


def without_versions(stack: cdk.Stack) -> cdk.Stack:
    resource(stack, BUCKET).add_property_override("VersioningConfiguration.Status", "Suspended")
    return stack


@pytest.fixture
def whole(tmp_path: Path) -> cdk.App:
    """An app with the guardrails as its only check: they need no engine that must start first."""
    whole = app(outdir=str(tmp_path))
    cdk.Validations.of(whole).add_plugins(guardrails())
    return whole


def report(folder: Path) -> Mapping[str, Any]:
    [plugin] = json.loads((folder / "validation-report.json").read_text())["pluginReports"]
    assert plugin["pluginName"] == "Guardrails"
    return dict(plugin)


def test_a_broken_promise_fails_synth_and_names_the_rule_the_construct_and_the_advice(whole: cdk.App) -> None:
    without_versions(stacks_of(whole, INSTANCE)[0])
    with pytest.raises(RuntimeError) as failed:
        whole.synth()
    said = [line.strip() for line in str(failed.value).removeprefix("ValidationFailed: ").splitlines()]
    assert "ERROR Every bucket must keep the versions of its objects (Guardrails)" in said
    assert any(line.startswith("GhesPackages-production/Packages/Bucket/Resource (PackagesBucket") for line in said)
    assert "Suggested fix: Keep what is deleted or overwritten: versioned=True" in said
    assert "Acknowledge with 'Guardrails::versioned'" in said


def test_what_is_acknowledged_passes_and_stays_in_the_report(whole: cdk.App, tmp_path: Path) -> None:
    stack = without_versions(stacks_of(whole, INSTANCE)[0])
    cdk.Validations.of(resource(stack, BUCKET)).acknowledge(
        cdk.Acknowledgment(id="Guardrails::versioned", reason="another bucket has them")
    )
    whole.synth()
    assert report(tmp_path)["violations"] == []
    assert [each["reason"] for each in report(tmp_path)["suppressedViolations"]] == ["another bucket has them"]


def test_what_breaks_a_promise_in_one_resource_in_one_way_is_one_finding(whole: cdk.App, tmp_path: Path) -> None:
    [stack] = stacks_of(whole, INSTANCE)
    resource(stack, BUCKET).apply_removal_policy(cdk.RemovalPolicy.DESTROY)
    with pytest.raises(RuntimeError):
        whole.synth()
    [violation] = report(tmp_path)["violations"]
    [found] = violation["violatingConstructs"]
    assert found["cloudFormationResource"]["propertyPaths"] == ["DeletionPolicy", "UpdateReplacePolicy"]


def test_a_broken_promise_of_no_resource_is_found_at_the_stack(whole: cdk.App, tmp_path: Path) -> None:
    [stack] = stacks_of(whole, INSTANCE)
    cdk.CfnOutput(stack, "Key", value="{{resolve:secretsmanager:packages}}")
    with pytest.raises(RuntimeError):
        whole.synth()
    [violation] = report(tmp_path)["violations"]
    assert violation["ruleName"] == "no_secret_in_an_output"
    assert violation["description"] == "Outputs must not contain a secret: Outputs.Key.Value"
    assert [each["constructPath"] for each in violation["violatingConstructs"]] == ["GhesPackages-production"]


def test_each_stack_is_judged_by_its_own_account(whole: cdk.App, tmp_path: Path) -> None:
    for instance in (HERE, ELSEWHERE):
        [stack] = stacks_of(whole, instance)
        boundary = f"arn:aws:iam::{HERE.account}:policy/users"
        resource(stack, "Access/User/Resource").add_property_override("PermissionsBoundary", boundary)
    with pytest.raises(RuntimeError):
        whole.synth()
    [violation] = report(tmp_path)["violations"]
    [found] = violation["violatingConstructs"]
    assert found["constructPath"] == "GhesPackages-elsewhere/Access/User/Resource"


def test_a_stage_of_somebody_elses_app_can_have_them_alone(tmp_path: Path) -> None:
    whole = app(outdir=str(tmp_path))
    theirs = cdk.Stack(whole, "Theirs")
    cdk.CfnResource(theirs, "Topic", type="AWS::SNS::Topic")
    stage = cdk.Stage(whole, "Packages")
    cdk.Validations.of(stage).add_plugins(guardrails())
    without_versions(stacks_of(stage, INSTANCE)[0])
    with pytest.raises(RuntimeError):
        whole.synth()
    assert {each["ruleName"] for each in report(tmp_path)["violations"]} == {"versioned"}

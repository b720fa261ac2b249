"""What docs/deploy-permissions.md says that a deploy needs, held to the schemas and to the templates."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from ghes_packages.config.instance import Instance
from tests.deploy_permissions import (
    AUTHORIZED_AS,
    LONGEST_MANAGED_POLICY,
    Stack,
    every_stack,
    example_instances,
    length,
    main,
    needed,
    policies,
    stacks_of,
    written,
)
from tests.handler_permissions import (
    HANDLERS,
    ONLY_FOR,
    ONLY_TO_TAKE_AWAY,
    WITHOUT_HANDLERS,
    authorized_on,
    listed,
    regions,
    schema,
    why_not,
)

INSTANCES = [pytest.param(instance, id=f"{file.stem}-{instance.name}") for file, instance in example_instances()]
HERE = {"account": "111122223333", "region": "us-west-2"}


def allowed(instance: Instance) -> set[str]:
    return {action for each in policies(instance)["resources"]["Statement"] for action in each["Action"]}


@pytest.mark.parametrize("instance", INSTANCES)
def test_no_resource_type_of_an_example_lacks_its_actions(instance: Instance) -> None:
    for stack in stacks_of(instance):
        found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for resource_type, handler, action in needed(stack, AUTHORIZED_AS.values()):
            found[resource_type][handler].add(action)
        assert {resource_type: set(HANDLERS) for resource_type in stack.types} == {
            resource_type: set(handlers) for resource_type, handlers in found.items()
        }
    # A policy can be detached from a role only in a stack that makes roles: no other role has a name that begins so.
    made = {kind for stack in stacks_of(instance) for kind, _ in stack.arns()}
    assert allowed(instance) >= {action for stack in stacks_of(instance) for _, _, action in needed(stack, made)}


def test_an_action_is_left_out_as_no_concern_of_a_stack_only_if_it_is_for_objects_or_tables() -> None:
    for resource_type in {each for stack in every_stack() for each in stack.types}:
        for actions in listed(resource_type).values():
            for action in actions:
                on = authorized_on(action)
                if on and not any((action.partition(":")[0], each) in AUTHORIZED_AS.values() for each in on):
                    assert set(on) <= {"object", "accesspointobject", "table", "tablebucket"}, action


@pytest.mark.parametrize("table", [ONLY_FOR, ONLY_TO_TAKE_AWAY], ids=["only for", "only to take away"])
def test_what_is_left_out_for_a_property_is_listed_still_and_the_property_exists(
    table: dict[str, dict[str, str | tuple[str, ...]]],
) -> None:
    for resource_type, actions in table.items():
        assert actions.keys() <= {*listed(resource_type)["create"], *listed(resource_type)["update"]}
        named = {name for value in actions.values() for name in ([value] if isinstance(value, str) else value)}
        assert named <= schema(resource_type)["properties"].keys()


def test_an_action_for_a_property_is_needed_by_a_stack_that_sets_it() -> None:
    made = AUTHORIZED_AS.values()
    arguments = ("AWS::S3::Bucket", "create", "s3:PutBucketWebsite")
    assert why_not(*arguments, {"BucketName"}, made)
    assert why_not(*arguments, {"BucketName", "WebsiteConfiguration"}, made) is None


def test_what_every_stack_keeps_is_in_every_stack() -> None:
    for stack in every_stack():
        for resource_type, actions in ONLY_TO_TAKE_AWAY.items():
            for resource in stack.resources.values():
                if resource["Type"] == resource_type:
                    assert all(resource["Properties"][name] for name in actions.values())


def test_only_a_type_without_handlers_in_its_schema_is_written_by_hand() -> None:
    types = {resource_type for stack in every_stack() for resource_type in stack.types}
    assert {each for each in types if "handlers" not in schema(each)} == WITHOUT_HANDLERS.keys()


def test_the_handlers_are_the_same_in_every_region() -> None:
    types = {resource_type for stack in every_stack() for resource_type in stack.types}
    for region in regions():
        for resource_type in types:
            assert schema(resource_type, region).get("handlers") == schema(resource_type).get("handlers"), region


@pytest.mark.parametrize("instance", INSTANCES)
def test_each_policy_fits_into_one_managed_policy_and_is_json(instance: Instance) -> None:
    for policy in policies(instance).values():
        assert length(policy) <= LONGEST_MANAGED_POLICY
        assert json.loads(written(policy)) == policy
        sids = [statement["Sid"] for statement in policy["Statement"]]
        assert sorted(set(sids)) == sorted(sids)
        assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


@pytest.mark.parametrize("named", [None, "arn:aws:iam::111122223333:policy/ServiceUsers"])
def test_a_user_can_only_be_made_within_the_boundary_of_the_instance(named: str | None) -> None:
    instance = Instance.model_validate({"name": "production", **HERE, "permissions_boundary": named})
    making = [each for each in policies(instance)["resources"]["Statement"] if "iam:CreateUser" in each["Action"]]
    boundary = named or "arn:aws:iam::111122223333:policy/GhesPackages-production-*"
    assert [each["Condition"] for each in making] == [{"StringLike": {"iam:PermissionsBoundary": boundary}}]


def test_only_cloudformation_gets_the_role_that_an_instance_is_deployed_in() -> None:
    role = "arn:aws:iam::111122223333:role/GhesPackagesDeploy"
    instance = Instance.model_validate({"name": "production", **HERE, "execution_role_arn": role})
    _, passing = policies(instance)["caller"]["Statement"]
    assert (passing["Action"], passing["Resource"]) == (["iam:PassRole"], [role])
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert (
        policies(instance)["resources"]
        == policies(Instance.model_validate({"name": "production", **HERE}))["resources"]
    )


def test_only_s3_gets_the_roles_of_replication() -> None:
    instance = Instance.model_validate({"name": "production", **HERE, "replica_region": "us-east-1"})
    passing = [each for each in policies(instance)["resources"]["Statement"] if "iam:PassRole" in each["Action"]]
    assert [each["Condition"] for each in passing] == [{"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("production", "GhesPackages-production-*"),
        ("production-1", "GhesPackages-production-1-*"),
        ("production-12", "GhesPackages-production-1*"),
    ],
)
def test_a_name_is_known_as_far_as_cloudformation_keeps_the_name_of_the_stack(name: str, pattern: str) -> None:
    assert Stack(Instance(name=name), {}).name_pattern == pattern


def test_the_command_prints_a_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "instances.toml"
    file.write_text("[instances.production]")
    monkeypatch.setattr("sys.argv", ["deploy_permissions", str(file), "production", "caller"])
    main()
    [statement] = json.loads(capsys.readouterr().out)["Statement"]
    assert statement["Resource"] == ["arn:aws:cloudformation:*:*:stack/GhesPackages-production/*"]


def test_the_command_names_an_instance_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "instances.toml"
    file.write_text("[instances.production]")
    monkeypatch.setattr("sys.argv", ["deploy_permissions", str(file), "prodcution", "caller"])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 2
    assert "no instance prodcution" in capsys.readouterr().err

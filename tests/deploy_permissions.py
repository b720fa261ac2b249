"""What whoever deploys an instance must be allowed; docs/deploy-permissions.md explains it.

`python -m tests.deploy_permissions FILE INSTANCE caller` and `… resources` print the two policies of an instance.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import groupby
from pathlib import Path

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import choose, load
from ghes_packages.config.regions import partition_of
from ghes_packages.errors import CannotGoOn
from tests.handler_permissions import HANDLERS, authorized_on, listed, why_not
from tests.synthesis import PROJECT, Json, replica_template_of, template_of

LONGEST_MANAGED_POLICY = 6144
"""Characters, without white space: IAM's quota for a managed policy."""

LONGEST_STACK_NAME_IN_A_NAME = 25
"""How much of the stack's name CloudFormation keeps where it must shorten a generated name.

Not documented; so it is in the names of S3 buckets and IAM roles that stand in public repositories.
"""

CALLER = {
    "cloudformation:DescribeStacks": "whether the stack is there, and when it is done",
    "cloudformation:GetTemplate": "what is deployed, for the difference",
    "cloudformation:CreateChangeSet": "the change, before it is made",
    "cloudformation:DescribeChangeSet": "the change, before it is made",
    "cloudformation:DeleteChangeSet": "the change, before it is made",
    "cloudformation:ExecuteChangeSet": "the deploy itself",
    "cloudformation:DescribeStackEvents": "its progress, and why it failed",
    "cloudformation:RollbackStack": "`cdk rollback`, after an update that failed halfway",
    "cloudformation:ContinueUpdateRollback": "`cdk rollback`, after an update that failed halfway",
    "cloudformation:UpdateTerminationProtection": "the protection of the stack against deletion",
    "cloudformation:DeleteStack": "`cdk destroy`, and the way out of a first deploy that failed",
}
"""What CloudFormation and the CDK CLI ask of whoever deploys, in any way, and what for.

Source: the deploy role in the CLI's own bootstrap template, less what CodePipeline, assets and refactoring need; and
the operations that the pinned CLI calls.
"""

# Source: AWS, "Secret encryption and decryption in AWS Secrets Manager", permissions for the KMS key.
KMS_FOR_SECRETS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")

Kind = tuple[str, str]

# What a resource of a type is called in the Service Authorization Reference: the service, and its resource type.
AUTHORIZED_AS: Mapping[str, Kind] = {
    "AWS::S3::Bucket": ("s3", "bucket"),
    "AWS::IAM::Group": ("iam", "group"),
    "AWS::IAM::ManagedPolicy": ("iam", "policy"),
    "AWS::IAM::Role": ("iam", "role"),
    "AWS::IAM::User": ("iam", "user"),
    "AWS::KMS::Alias": ("kms", "alias"),
    "AWS::KMS::Key": ("kms", "key"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret"),
}


@dataclass(frozen=True)
class Stack:
    """A stack of an instance: the instance itself, or its replica; with its template."""

    instance: Instance
    template: Json

    @property
    def resources(self) -> Mapping[str, Json]:
        """By logical ID."""
        resources: dict[str, Json] = self.template["Resources"]
        return resources

    @property
    def types(self) -> Mapping[str, set[str]]:
        """The resource types, and the properties that any resource of the type has."""
        found: dict[str, set[str]] = defaultdict(set)
        for resource in self.resources.values():
            found[resource["Type"]].update(resource.get("Properties", {}))
        return found

    @property
    def partition(self) -> str:
        """Without a region, the commercial one."""
        return partition_of(self.instance.region) if self.instance.region else "aws"

    @property
    def arn(self) -> str:
        """Of the stack itself: CloudFormation adds an ID."""
        return self.arn_of("cloudformation", f"stack/{self.instance.stack_name}/*")

    @property
    def name_pattern(self) -> str:
        """What fits the names that CloudFormation generates for this stack."""
        name = self.instance.stack_name
        longest = LONGEST_STACK_NAME_IN_A_NAME
        return f"{name}-*" if len(name) <= longest else f"{name[:longest]}*"

    def arn_of(self, service: str, resource: str) -> str:
        """An ARN in the account and region of the stack, or in any where the instance names none."""
        region = "" if service in ("iam", "s3") else self.instance.region or "*"
        account = "" if service == "s3" else self.instance.account or "*"
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    def arns(self) -> Iterator[tuple[Kind, str]]:
        """Of every resource, as far as its name is known before the deploy, under what it is authorized as."""
        for logical_id, resource in self.resources.items():
            kind = AUTHORIZED_AS.get(resource["Type"])
            properties = resource.get("Properties", {})
            match kind:
                case None:
                    continue
                case "s3", "bucket":
                    name = properties.get("BucketName", self.name_pattern.lower())
                case "secretsmanager", "secret":
                    # The one type whose generated name begins with the logical ID.
                    name = f"secret:{logical_id}-*"
                case "kms", "key":
                    name = "key/*"
                case "kms", "alias":
                    name = f"alias/{self.instance.stack_name}/*"
                case _, kind_of_identity:
                    name = f"{kind_of_identity}/{self.name_pattern}"
            yield kind, self.arn_of(kind[0], name)


def stacks_of(instance: Instance) -> list[Stack]:
    """The stack of an instance, and the one of its replica."""
    stacks = [Stack(instance, template_of(instance))]
    if instance.replica:
        stacks.append(Stack(instance.replica, replica_template_of(instance)))
    return stacks


# --- The policies of an instance

SIDS = {
    (): "WithoutResource",
    (("s3", "bucket"),): "Buckets",
    (("iam", "group"),): "Groups",
    (("iam", "policy"),): "Policies",
    (("iam", "role"),): "Roles",
    (("iam", "user"),): "Users",
    (("kms", "key"),): "Keys",
    (("kms", "alias"), ("kms", "key")): "Aliases",
    (("secretsmanager", "secret"),): "Secrets",
}


def policies(instance: Instance) -> Mapping[str, Json]:
    """What the caller needs in any way, and what whoever makes the resources needs: the caller, or a role."""
    stacks = stacks_of(instance)
    caller = [_statement("Stacks", CALLER, [stack.arn for stack in stacks]), *_execution_role(instance)]
    return {"caller": _policy(caller), "resources": _policy(list(_resource_statements(stacks)))}


def _execution_role(instance: Instance) -> Iterator[Json]:
    if arn := instance.execution_role_arn:
        condition = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        yield {**_statement("ExecutionRole", ["iam:PassRole"], [arn]), "Condition": condition}


def _resource_statements(stacks: Sequence[Stack]) -> Iterator[Json]:
    arns: dict[Kind, list[str]] = defaultdict(list)
    for stack in stacks:
        for kind, arn in stack.arns():
            arns[kind].append(arn)
    by_kinds: dict[tuple[Kind, ...], list[str]] = defaultdict(list)
    for action in sorted({action for stack in stacks for _, _, action in needed(stack, arns)}):
        service = action.partition(":")[0]
        by_kinds[tuple((service, on) for on in authorized_on(action) or () if (service, on) in arns)].append(action)
    for kinds, actions in by_kinds.items():
        resources = [arn for kind in kinds for arn in arns[kind]] or ["*"]
        yield from _with_conditions(SIDS[kinds], actions, resources, stacks[0])
    yield from _by_hand(stacks)


def needed(stack: Stack, made: Collection[Kind]) -> Iterator[tuple[str, str, str]]:
    """Resource type, handler and action, for everything that AWS lists and that this stack needs."""
    for resource_type, properties in stack.types.items():
        for handler, actions in listed(resource_type).items():
            for action in actions:
                if why_not(resource_type, handler, action, properties, made) is None:
                    yield resource_type, handler, action


def _with_conditions(sid: str, actions: list[str], resources: list[str], stack: Stack) -> Iterator[Json]:
    """The actions whose use a key of the request limits have statements of their own."""
    conditions = {
        "iam:PassRole": ("ReplicationRoles", {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}),
        **dict.fromkeys(
            ("iam:CreateUser", "iam:PutUserPermissionsBoundary"),
            ("BoundedUsers", {"StringLike": {"iam:PermissionsBoundary": _boundary(stack)}}),
        ),
    }
    plain = [action for action in actions if action not in conditions]
    if plain:
        yield _statement(sid, plain, resources)
    for limited_sid, condition in dict(conditions[each] for each in actions if each in conditions).items():
        limited = [each for each in actions if conditions.get(each, ("",))[0] == limited_sid]
        yield {**_statement(limited_sid, limited, resources), "Condition": condition}


def _boundary(stack: Stack) -> str:
    """The permissions boundary of the user: the stack's own policy, or the one that the instance names."""
    [user] = [each for each in stack.resources.values() if each["Type"] == "AWS::IAM::User"]
    boundary = user["Properties"]["PermissionsBoundary"]
    return boundary if isinstance(boundary, str) else stack.arn_of("iam", f"policy/{stack.name_pattern}")


def _by_hand(stacks: Sequence[Stack]) -> Iterator[Json]:
    """What no handler lists: the key of a secret, and the outputs that one stack reads from the other."""
    stack, *replicas = stacks
    for secret in stack.resources.values():
        if secret["Type"] == "AWS::SecretsManager::Secret" and (key := secret["Properties"].get("KmsKeyId")):
            arn = key if isinstance(key, str) else stack.arn_of("kms", "key/*")
            via = f"secretsmanager.{stack.instance.region or '*'}.*"
            condition = {"StringLike": {"kms:ViaService": via}}
            yield {**_statement("KeyOfTheSecret", KMS_FOR_SECRETS, [arn]), "Condition": condition}
    if "Fn::GetStackOutput" in json.dumps(stack.template):
        yield _statement("ReplicaOutputs", ["cloudformation:DescribeStacks"], [replica.arn for replica in replicas])


def _statement(sid: str, actions: Iterable[str], resources: Iterable[str]) -> Json:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": _widest(set(resources))}


def _widest(arns: set[str]) -> list[str]:
    """Without those that another one covers."""
    return sorted(each for each in arns if not any(fnmatchcase(each, other) for other in arns - {each}))


def _policy(statements: list[Json]) -> Json:
    return {"Version": "2012-10-17", "Statement": statements}


def written(policy: Json) -> str:
    """As JSON, a statement a line."""
    statements = ",\n".join(f"  {json.dumps(statement)}" for statement in policy["Statement"])
    return f'{{"Version": "{policy["Version"]}", "Statement": [\n{statements}\n]}}'


# --- The tables of docs/deploy-permissions.md; of each, the heading first

Table = list[tuple[str, ...]]
EXAMPLES = sorted((PROJECT / "examples").glob("*.toml"))


@cache
def tables() -> Mapping[str, Table]:
    """By the name of the block."""
    rows = [(purpose, _listed(actions)) for purpose, actions in groupby(CALLER, key=CALLER.__getitem__)]
    return {
        "caller": [("what for", "actions"), *rows],
        "resource types": [("resource type", "to create and update", "to read", "to delete"), *_by_type()],
        "left out": [("resource type", "actions", "left out, because"), *_left_out()],
        "kinds": [("example", "statements", "characters"), *_by_kind()],
    }


@cache
def written_policies() -> Mapping[str, str]:
    """The policies that the page has whole, by the name of the block."""
    default = Instance(name="production", account="111122223333", region="us-west-2")
    return {which: written(policy) for which, policy in policies(default).items()}


def example_instances() -> Iterator[tuple[Path, Instance]]:
    """Every instance of every example, with its file."""
    for file in EXAMPLES:
        for instance in load(file).values():
            yield file, instance


def every_stack() -> list[Stack]:
    """Those of every example."""
    return [stack for _, instance in example_instances() for stack in stacks_of(instance)]


def _by_type() -> Iterator[tuple[str, ...]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: {handler: set() for handler in HANDLERS})
    for stack in every_stack():
        for resource_type, handler, action in needed(stack, AUTHORIZED_AS.values()):
            found[resource_type][handler].add(action)
    for resource_type, actions in sorted(found.items()):
        changing = actions["create"] | actions["update"]
        yield f"`{resource_type}`", *(_listed(sorted(each)) for each in (changing, actions["read"], actions["delete"]))


def _left_out() -> Iterator[tuple[str, ...]]:
    properties: dict[str, set[str]] = defaultdict(set)
    for stack in every_stack():
        for resource_type, found in stack.types.items():
            properties[resource_type] |= found
    for resource_type, found in sorted(properties.items()):
        reasons: dict[str, set[str]] = defaultdict(set)
        for handler, actions in listed(resource_type).items():
            for action in actions:
                if reason := why_not(resource_type, handler, action, found, AUTHORIZED_AS.values()):
                    reasons[reason].add(action)
        for reason, left_out in sorted(reasons.items()):
            yield f"`{resource_type}`", _listed(sorted(left_out)), reason


def _by_kind() -> Iterator[tuple[str, ...]]:
    kinds: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for file, instance in example_instances():
        policy = policies(instance)["resources"]
        sids = ", ".join(f"`{statement['Sid']}`" for statement in policy["Statement"])
        kinds[sids].append((f"`{file.name}` {instance.name}", length(policy)))
    for sids, examples in kinds.items():
        yield ", ".join(name for name, _ in examples), sids, f"{max(each for _, each in examples):,}"


def length(policy: Json) -> int:
    """The characters that IAM counts."""
    return len(json.dumps(policy, separators=(",", ":")))


def _listed(actions: Iterable[str]) -> str:
    return ", ".join(f"`{action}`" for action in actions)


def main() -> None:
    """Print one policy; exits with one line for what is wrong in the arguments or in the file."""
    parser = argparse.ArgumentParser(prog="python -m tests.deploy_permissions")
    parser.add_argument("file", type=Path, help="such as instances.toml")
    parser.add_argument("instance", help="such as production")
    parser.add_argument("policy", choices=("caller", "resources"))
    arguments = parser.parse_args()
    try:
        instance = choose(load(arguments.file), arguments.instance, arguments.file)
    except CannotGoOn as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    sys.stdout.write(f"{written(policies(instance)[arguments.policy])}\n")


if __name__ == "__main__":
    main()

"""The review of one deploy: the stack that is deployed against the one that was synthesised, with what IAM knows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from ghes_packages import review
from ghes_packages.config.instance import Instance, reviewed_as
from ghes_packages.errors import ConfigurationError, FoundWrong
from ghes_packages.live import access_keys, aws, deployed
from ghes_packages.live.access_keys import AccessKey
from ghes_packages.live.aws import CONFIG, code, explained
from ghes_packages.review.access_keys import UserKeys
from ghes_packages.review.change import Change, Risk, Topic, identifier
from ghes_packages.review.report import Report, Reviewed
from ghes_packages.rotation.steps import in_use
from ghes_packages.template import assembly
from ghes_packages.template.assembly import Stack

# The stack has a name and no resources.
NOTHING_DEPLOYED = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"})


def review_deployed(
    instance: Instance, folder: Path, accepted: Collection[str], now: datetime, unused_for: timedelta
) -> tuple[Report, str]:
    """What deploying the assembly would do to what is deployed, and what to say if none of it is a risk.

    Raises ConfigurationError, AwsRefused and FoundWrong.
    """
    stacks, session = assembly.read(folder), aws.session(instance)
    replica = [_replica(instance.replica, stacks, folder)] if instance.replica else []
    after = _synthesised(instance, stacks, folder)
    others = strangers(instance, stacks)
    before = _read(instance, after, session)
    if before is None:
        account = aws.account(session)
        if instance.account not in (None, account):
            raise FoundWrong(
                f"your credentials are for account {account}, and [instances.{instance.name}] says account ="
                f' "{instance.account}"; set AWS_PROFILE to the right account'
            )
        reviewed = review.reviewed(instance.name, None, after)
        otherwise = f"a first deploy: {account}, {session.region_name} has no stack yet"
    else:
        keys = access_keys.read(instance, deployed.read(instance, session).outputs, session)
        reviewed = review.reviewed(instance.name, before, after, user=known_to_iam(keys, now, unused_for))
        otherwise = "no risk found"
    reviewed = replace(reviewed, changes=(*others, *reviewed.changes))
    return Report((reviewed, *replica)).accepting(accepted), f"{instance.name}: {otherwise}"


def _replica(instance: Instance, stacks: Mapping[str, Stack], folder: Path) -> Reviewed:
    """The stack in the other region, which the same deploy brings up to date. It has no access key."""
    after = _synthesised(instance, stacks, folder)
    before = _read(instance, after, aws.session(instance))
    return review.reviewed(instance.name, before, after, f"{instance.name}/")


def strangers(instance: Instance, stacks: Mapping[str, Stack]) -> Sequence[Change]:
    """A risk for each stack that the same deploy would bring, and that is neither the instance's nor its replica's."""
    ours = {reviewed_as(each.stack_name) for each in (instance, instance.replica) if each}
    return [
        Change(
            Topic.STACK,
            ((name,),),
            "deployed as well",
            risk=Risk(
                identifier("deployed-as-well", name),
                "it is not a stack of the instance, and this review does not check it",
                "let the stack depend only on its replica",
            ),
        )
        for name in sorted(assembly.deployed_with(instance.construct_id, stacks) - ours)
    ]


def _synthesised(instance: Instance, stacks: Mapping[str, Stack], folder: Path) -> Stack:
    name = reviewed_as(instance.stack_name)
    if name not in stacks:
        raise ConfigurationError(f"{folder}: has no stack {instance.stack_name}; synthesise it with: cdk synth --quiet")
    return stacks[name]


def known_to_iam(keys: Sequence[AccessKey], now: datetime, unused_for: timedelta) -> UserKeys:
    """The keys of the user as they are, whatever a template says."""
    return UserKeys(
        statuses={key.generation: key.status for key in keys if key.generation},
        count=len(keys),
        in_use={key.generation: list(in_use(key, keys, now, unused_for)) for key in keys if key.generation},
    )


def _read(instance: Instance, synthesised: Stack, session: boto3.Session) -> Stack | None:
    """The stack that is deployed; None where there is none yet. Raises AwsRefused and FoundWrong."""
    name = instance.stack_name
    with explained():
        client = session.client("cloudformation", config=CONFIG)
        try:
            stack = client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if code(error) == "ValidationError":
                return None
            raise
    if stack["StackStatus"] in NOTHING_DEPLOYED:
        return None
    return replace(
        synthesised,  # which findings were acknowledged when it was deployed, AWS does not know
        template=deployed.template(instance, session),
        tags={tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])},
        termination_protection=stack.get("EnableTerminationProtection", False),
    )

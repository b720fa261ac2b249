"""The CDK app: one stack for each instance in instances.toml, and one more for a replica."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import DEFAULT_FILE, load
from ghes_packages.errors import ConfigurationError
from ghes_packages.policies.statements import REMINDER
from stacks.guardrails import guardrails
from stacks.packages_replica import PackagesReplica
from stacks.packages_storage import PackagesStorage
from stacks.rule_packs import rule_packs

# CloudFormation takes no more with a request; a longer template must be in a bucket.
MOST_BYTES = 51_200

Stacks = Mapping[Instance, Sequence[cdk.Stack]]


def build(app: cdk.App, instances: Iterable[Instance]) -> Stacks:
    """Put every instance into the app, and the checks that each `cdk synth` must pass; its stacks by instance."""
    stacks = {instance: stacks_of(app, instance) for instance in instances}
    cdk.Validations.of(app).add_plugins(guardrails(), *rule_packs(stacks))
    return stacks


def stacks_of(scope: Construct, instance: Instance) -> list[cdk.Stack]:
    """The stack of an instance, and behind it the one with its replica, which is deployed first."""
    if instance.replica is None:
        return [PackagesStorage(scope, instance)]
    stack, replica = PackagesStorage(scope, instance), PackagesReplica(scope, instance.replica)
    stack.add_stack_dependency(replica)
    return [stack, replica]


def too_large(stacks: Stacks, folder: Path) -> Iterator[str]:
    """A line for each template in the folder that CloudFormation would not take."""
    for instance, some in stacks.items():
        for stack in some if not instance.bootstrap else ():
            if (size := (folder / stack.template_file).stat().st_size) > MOST_BYTES:
                yield (
                    f"[instances.{instance.name}] {stack.template_file} has {size:,} bytes, and CloudFormation takes"
                    f" {MOST_BYTES:,} without a bucket; set bootstrap = true for the bucket of `cdk bootstrap`, or take"
                    " tags or secret_readers away"
                )


def file_of(instances: str | None) -> Path:
    """The file that `-c instances=FILE` names. Empty, as from a variable that is not set, it may not mean the default.

    Raises ConfigurationError.
    """
    if instances == "":
        raise ConfigurationError(
            f"-c instances= names no file; name one: -c instances=FILE, or leave it out for {DEFAULT_FILE}"
        )
    return DEFAULT_FILE if instances is None else Path(instances)


def main() -> None:
    """Synthesise every instance; exits with 2 and one line for each mistake in the configuration."""
    # Without analytics the template says nothing about the machine that made it: same commit, same bytes.
    app = cdk.App(analytics_reporting=False)
    try:
        instances = load(file_of(app.node.try_get_context("instances")))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    for instance in instances.values():
        if instance.restricted_by:
            sys.stderr.write(f"[instances.{instance.name}] {', '.join(instance.restricted_by)}: {REMINDER}\n")
    stacks = build(app, instances.values())
    app.synth()
    if refused := list(too_large(stacks, Path(app.outdir))):
        sys.stderr.write("\n".join(refused) + "\n")
        sys.exit(ConfigurationError.exit_status)


if __name__ == "__main__":
    main()

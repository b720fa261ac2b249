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

# The limit of a CloudFormation request; a longer template must be in a bucket.
MOST_BYTES = 51_200

Stacks = Mapping[Instance, Sequence[cdk.Stack]]


def build(app: cdk.App, instances: Iterable[Instance]) -> Stacks:
    """Add every instance and the checks of `cdk synth` to the app; return the stacks by instance."""
    stacks = {instance: stacks_of(app, instance) for instance in instances}
    cdk.Validations.of(app).add_plugins(guardrails(), *rule_packs(stacks))
    return stacks


def stacks_of(scope: Construct, instance: Instance) -> list[cdk.Stack]:
    """The stack of an instance, then the stack of its replica, which is deployed first."""
    if instance.replica is None:
        return [PackagesStorage(scope, instance)]
    stack, replica = PackagesStorage(scope, instance), PackagesReplica(scope, instance.replica)
    stack.add_stack_dependency(replica)
    return [stack, replica]


def too_large(stacks: Stacks, folder: Path) -> Iterator[str]:
    """A line for each template in the folder that is too large for CloudFormation."""
    for instance, some in stacks.items():
        for stack in some if not instance.bootstrap else ():
            if (size := (folder / stack.template_file).stat().st_size) > MOST_BYTES:
                yield (
                    f"[instances.{instance.name}] {stack.template_file} has {size:,} bytes; CloudFormation takes"
                    f" {MOST_BYTES:,} without a bucket; set bootstrap = true for the bucket of `cdk bootstrap`, or"
                    " remove tags or secret_readers"
                )


def file_of(instances: str | None) -> Path:
    """The file that `-c instances=FILE` names. An empty name, as from an unset variable, must not mean the default.

    Raises ConfigurationError.
    """
    if instances == "":
        raise ConfigurationError(
            f"-c instances= names no file; use -c instances=FILE, or leave it out for {DEFAULT_FILE}"
        )
    return DEFAULT_FILE if instances is None else Path(instances)


def main() -> None:
    """Synthesise every instance; exits with 2 and one line for each mistake in the configuration."""
    # Without analytics the template does not depend on the machine: same commit, same bytes.
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

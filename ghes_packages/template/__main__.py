"""`python -m ghes_packages.template FILE INSTANCE`: what `make template` runs when the template is in `cdk.out`.

It prints the commands that deploy it without CDK, with the AWS CLI.
"""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import ASSEMBLY, choose, load, with_file
from ghes_packages.errors import CannotGoOn, ConfigurationError


def template_file(instance: Instance) -> Path:
    """Where `cdk synth` writes the template of an instance, or of its replica."""
    return Path(ASSEMBLY, f"{instance.construct_id}.template.json")


def commands(instance: Instance, file: Path) -> Iterator[str]:
    """A review, and the deploy of each stack; that of a replica comes first. Raises ConfigurationError."""
    if instance.bootstrap:
        raise ConfigurationError(
            f"{file}: [instances.{instance.name}] bootstrap: the template would need the resources of `cdk"
            " bootstrap`; leave it out: a plain template does not say who deploys it"
        )
    yield f"ghes-packages review --deployed {with_file(instance.name, file)}"
    for each in filter(None, (instance.replica, instance)):
        stack = ["--stack-name", each.stack_name, *(["--region", each.region] if each.region else [])]
        role = ["--role-arn", each.execution_role_arn] if each.execution_role_arn else []
        taken = ["--template-file", str(template_file(each)), "--capabilities", "CAPABILITY_IAM"]
        yield shlex.join(["aws", "cloudformation", "deploy", *stack, *taken, "--no-fail-on-empty-changeset", *role])
        protection = ["update-termination-protection", "--enable-termination-protection"]
        yield shlex.join(["aws", "cloudformation", *protection, *stack])


def main(file: str, name: str) -> None:
    """Print the commands on stdout, and the names of the files on stderr; exit with 2 for a mistake in the file."""
    try:
        instance = choose(load(Path(file)), name, Path(file))
        printed = "\n".join(commands(instance, Path(file)))
    except CannotGoOn as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    files = ", ".join(str(template_file(each)) for each in (instance.replica, instance) if each)
    sys.stderr.write(f"Written: {files}. To deploy it without CDK:\n")
    sys.stdout.write(f"{printed}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

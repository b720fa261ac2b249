"""`make demo`: a whole deploy on the local AWS emulator, with the tools and steps of a deploy on AWS."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from ghes_packages.config.instance import Instance
from ghes_packages.errors import ConfigurationError
from local_aws.cdk_cli import PROJECT, CdkCli
from local_aws.embedded_aws import EmbeddedAws

# The account and region of the documentation, for instances that name none.
ACCOUNT = "111122223333"
REGION = "us-west-2"

NEXT = """
Next: make sandbox    try it by hand on the emulator: docs/tour.md
      README.md       deploy it on AWS
      docs/README.md  all pages, by question"""


def demo(instance: Instance, file: Path, console: Console) -> int:
    """Deploy an instance of a file and verify it; return the exit status of `verify`.

    Progress goes to `console`, results to stdout. Raises ConfigurationError for options that the demo cannot have,
    CdkCliError and EmbeddedAwsError if a step fails.
    """
    _refuse_what_is_not_here(instance)
    with EmbeddedAws(instance.account or ACCOUNT, instance.region or REGION) as aws:
        console.print(f"Local AWS emulator: {aws.endpoint_url}, account {aws.account}, {aws.region}", highlight=False)
        assembly = str(Path(aws.environment["TMPDIR"], "cdk.out"))
        with _step(console, "cdk synth"):
            CdkCli(aws.environment).run("synth", "--quiet", "--output", assembly, "--context", f"instances={file}")
        cdk = CdkCli(aws.environment, app=assembly)
        if instance.bootstrap:
            with _step(console, " ".join(("cdk bootstrap", *bootstrapped(instance)))):
                cdk.run("bootstrap", *bootstrapped(instance))
        with _step(console, f"cdk deploy {instance.construct_id}"):
            cdk.run("deploy", instance.construct_id)
        _ghes_packages(aws, console, file, "settings", instance.name)
        exit_status = _ghes_packages(aws, console, file, "verify", instance.name)
    if exit_status == 0:
        console.print(NEXT, highlight=False)
    return exit_status


def bootstrapped(instance: Instance) -> list[str]:
    """The arguments of `cdk bootstrap` for its stacks: each region needs CDK's own resources."""
    qualifier = ("--qualifier", instance.bootstrap) if isinstance(instance.bootstrap, str) else ()
    regions = (instance.region or REGION, instance.replica_region)
    return [*qualifier, *(f"aws://{instance.account or ACCOUNT}/{region}" for region in regions if region)]


def _refuse_what_is_not_here(instance: Instance) -> None:
    """These options name existing resources, and the emulator has none."""
    named = {
        "profile": instance.profile,
        "role_arn": instance.role_arn,
        "encryption": instance.key_arn,
        "permissions_boundary": instance.permissions_boundary,
        "existing_bucket": instance.existing_bucket,
    }
    for key, value in named.items():
        if value:
            raise ConfigurationError(
                f'[instances.{instance.name}] {key} = "{value}": the demo has none of your profiles, roles, keys,'
                f" policies or buckets; leave {key} out, or name another instance: make demo INSTANCE=…"
            )


@contextmanager
def _step(console: Console, title: str) -> Iterator[None]:
    started = time.monotonic()
    with console.status(title):
        yield
    console.print(f"{title}: {time.monotonic() - started:.1f} s", highlight=False)


def _ghes_packages(aws: EmbeddedAws, console: Console, file: Path, *arguments: str) -> int:
    console.print(f"\nghes-packages {' '.join(arguments)}", style="bold", highlight=False)
    return subprocess.run(
        [sys.executable, "-m", "ghes_packages", *arguments, "--instances", str(file)],
        env=aws.environment,
        cwd=PROJECT,
        check=False,
    ).returncode

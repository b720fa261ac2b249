"""`make demo`: the whole job on an embedded AWS, with the tools and the steps of a real deploy."""

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

# The documentation's own account number and region, for instances that leave theirs to whoever deploys.
ACCOUNT = "111122223333"
REGION = "us-west-2"

NEXT = """
Next: make sandbox    try it by hand on such an AWS: docs/tour.md
      README.md       deploy it on AWS
      docs/README.md  all pages, by question"""


def demo(instance: Instance, file: Path, console: Console) -> int:
    """Deploy an instance of a file and verify it; the exit status of `verify`.

    Progress goes to `console`, results to stdout. Raises ConfigurationError for what the demo does not have,
    CdkCliError and EmbeddedAwsError where a step fails.
    """
    _refuse_what_is_not_here(instance)
    with EmbeddedAws(instance.account or ACCOUNT, instance.region or REGION) as aws:
        console.print(f"Embedded AWS: {aws.endpoint_url}, account {aws.account}, {aws.region}", highlight=False)
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
    """Where its stacks go, as `cdk bootstrap` takes it: each region needs CDK's own resources."""
    qualifier = ("--qualifier", instance.bootstrap) if isinstance(instance.bootstrap, str) else ()
    regions = (instance.region or REGION, instance.replica_region)
    return [*qualifier, *(f"aws://{instance.account or ACCOUNT}/{region}" for region in regions if region)]


def _refuse_what_is_not_here(instance: Instance) -> None:
    """What is named must be there before the first deploy, and the demo's AWS is empty."""
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
                f'[instances.{instance.name}] {key} = "{value}": the demo has no profile, role, key, policy or bucket'
                f" of yours; leave {key} out, or name another instance: make demo INSTANCE=…"
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

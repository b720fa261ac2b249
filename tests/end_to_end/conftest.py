"""The real CDK CLI, a real AWS API, and one synthesised assembly for all tests; each deploys an instance of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ghes_packages.config.instances import load
from local_aws.cdk_cli import PROJECT, CdkCli
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack, deploy
from tests.end_to_end.operator import Operator
from tests.end_to_end.quick_cdk import quick_cdk
from tests.synthesis import assembly_of

NAMES = ("works", "again", "fails-first", "fails-later", "refuses")


@dataclass(frozen=True)
class Cloud:
    """An AWS, and an assembly of one stack for each of NAMES."""

    aws: EmbeddedAws
    instances: Path
    assembly: Path

    def cdk(self, command: str, *arguments: str) -> None:
        """Run the CDK CLI on the assembly."""
        CdkCli(self.aws.environment, app=str(self.assembly)).run(command, *arguments)

    def deploy(self, stack: str) -> None:
        """Where nothing is claimed of the CLI."""
        deploy(self.aws, self.assembly, stack)

    def ghes_packages(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command as its users do, in a terminal of 80 columns."""
        program = shutil.which("ghes-packages", path=self.aws.environment["PATH"])
        return subprocess.run(
            [str(program), *arguments, "--instances", str(self.instances)],
            env={**(self.aws.environment if environment is None else environment), "COLUMNS": "80"},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self, name: str) -> dict[str, str]:
        return Stack(self.aws, f"GhesPackages-{name}").outputs()

    def status(self, name: str) -> str:
        [stack] = self.aws.client("cloudformation").describe_stacks(StackName=f"GhesPackages-{name}")["Stacks"]
        status: str = stack["StackStatus"]
        return status


@pytest.fixture(scope="session")
def cloud(quick_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    folder = tmp_path_factory.mktemp("assembly")
    instances = folder / "instances.toml"
    instances.write_text("".join(f'[instances.{name}]\nghes_version = "3.17"\n' for name in NAMES))
    assembly = assembly_of(load(instances).values(), folder / "cdk.out")
    return Cloud(quick_aws, instances, assembly)


@pytest.fixture(scope="session")
def quicker_aws(quick_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """The same one; in its environment `cdk` is quick too."""
    with quick_cdk(tmp_path_factory.mktemp("quick")) as programs, pytest.MonkeyPatch.context() as patch:
        patch.setitem(quick_aws.environment, "PATH", f"{programs}{os.pathsep}{quick_aws.environment['PATH']}")
        yield quick_aws


@pytest.fixture
def operator(quicker_aws: EmbeddedAws, tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(quicker_aws, tmp_path)
    yield operator
    operator.end()

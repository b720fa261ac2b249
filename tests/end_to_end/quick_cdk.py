"""`cdk synth`, `deploy` and `destroy` for the shells of tests, made by the process of the test.

The CDK CLI takes five seconds for node, the app and jsii. Here jsii runs already, and a stack goes straight through
CloudFormation's API of the AWS that the caller has in its environment. For the CDK CLI itself see test_cdk_cli.py.
"""

import argparse
import os
import shutil
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from ghes_packages.config.instances import load
from tests.cloudformation import Stack, deploy
from tests.preloaded import told_by, write_program
from tests.synthesis import assembly_of

WORDS = argparse.ArgumentParser(prog="cdk", exit_on_error=False)
WORDS.add_argument("command", choices=("synth", "deploy", "destroy"))
WORDS.add_argument("stacks", nargs="*")
WORDS.add_argument("--app", type=Path)
WORDS.add_argument("--context", default="instances=instances.toml")
WORDS.add_argument("--require-approval")


@dataclass(frozen=True)
class AwsOf:
    """The AWS that the environment of a caller leads to."""

    environment: Mapping[str, str]

    @property
    def region(self) -> str:
        return self.environment["AWS_REGION"]

    def client(self, service: str, **overrides: Any) -> Any:
        session: Any = boto3.Session(self.environment["AWS_ACCESS_KEY_ID"], self.environment["AWS_SECRET_ACCESS_KEY"])
        arguments = {
            "region_name": self.region,
            "endpoint_url": self.environment["AWS_ENDPOINT_URL"],
            "verify": self.environment["AWS_CA_BUNDLE"],
        }
        return session.client(service, **(arguments | overrides))


def run(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    told, _ = WORDS.parse_known_intermixed_args(words)
    aws, assembly = AwsOf(environment), folder / (told.app or "cdk.out")
    if told.command == "destroy":
        for stack in told.stacks:
            Stack(aws, stack).delete()
        return
    if not told.app:
        shutil.rmtree(assembly, ignore_errors=True)
        assembly_of(load(folder / told.context.removeprefix("instances=")).values(), assembly)
    if told.command == "deploy":
        for stack in told.stacks:
            deploy(aws, assembly, stack)


@contextmanager
def quick_cdk(folder: Path) -> Iterator[Path]:
    """A folder for the front of PATH, whose `cdk` is quick for as long as the block lasts."""
    with socket.socket(socket.AF_UNIX) as calls:
        calls.bind(str(folder / "calls"))
        calls.listen()
        write_program(folder / "cdk", folder / "calls")
        threading.Thread(target=_answer, args=(calls,), daemon=True).start()
        yield folder
        calls.shutdown(socket.SHUT_RDWR)


def _answer(calls: socket.socket) -> None:
    with suppress(OSError):  # at the end of the block
        while True:
            call, _ = calls.accept()
            with call:
                streams, (_, *words), environment, where = told_by(call)
                status = 0
                try:
                    run(words, environment, Path(where))
                except Exception as error:  # noqa: BLE001
                    os.write(streams[2], f"{error}\n".encode())
                    status = 1
                for stream in streams:
                    os.close(stream)
                call.sendall(bytes([status]))

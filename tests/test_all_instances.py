"""Asking all instances, without an AWS."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from ghes_packages.all_instances import (
    AT_ONCE,
    InstanceAnswer,
    NoAnswer,
    Question,
    at_once,
    in_order,
    worst,
    write_table,
)
from ghes_packages.config.instance import Instance
from ghes_packages.errors import AwsRefused, FoundWrong
from local_aws.cdk_cli import PROJECT

Asking = Callable[[Question, Sequence[Instance]], Iterator[InstanceAnswer]]
INSTANCES = [Instance(name=f"n{number}") for number in range(AT_ONCE)]


def told_to_stop(question: Question, instances: Sequence[Instance]) -> Iterator[InstanceAnswer]:
    return iter(in_order(lambda instance, _: question(instance), instances))


def answered(name: str, exit_status: int) -> NoAnswer:
    return NoAnswer(name, f"what {name} is", exit_status)


@pytest.mark.parametrize(
    ("exit_statuses", "whole"), [([], 0), ([0, 0], 0), ([0, 3], 3), ([3, 2, 0], 2), ([2, 3, 1, 0], 1)]
)
def test_what_is_wrong_counts_more_than_what_could_not_be_seen(exit_statuses: list[int], whole: int) -> None:
    assert worst(answered("x", status) for status in exit_statuses) == whole


@pytest.mark.parametrize("ask", [told_to_stop, at_once])
def test_the_answers_come_in_order_and_a_failure_is_one_of_them(ask: Asking) -> None:
    def question(instance: Instance) -> InstanceAnswer:
        if instance.name == "n1":
            error = AwsRefused("the network is down")
            error.add_note("and something is left")
            raise error
        return answered(instance.name, 0)

    told = list(ask(question, INSTANCES))
    assert [answer.name for answer in told] == [instance.name for instance in INSTANCES]
    assert told[1] == NoAnswer("n1", "the network is down; and something is left", 3)
    assert {answer.exit_status for answer in told if answer.name != "n1"} == {0}


@pytest.mark.parametrize("ask", [told_to_stop, at_once])
def test_many_are_asked_at_once(ask: Asking) -> None:
    """Were they not, the first would wait for the others until the barrier breaks."""
    together = threading.Barrier(AT_ONCE, timeout=30)

    def question(instance: Instance) -> InstanceAnswer:
        together.wait()
        return answered(instance.name, 0)

    assert worst(ask(question, INSTANCES)) == 0


def test_the_table_has_a_row_for_each_and_a_line_for_each_problem_and_fits() -> None:
    console = Console(width=80, file=io.StringIO(), record=True)
    answers = [answered("production", FoundWrong.exit_status), answered("staging", AwsRefused.exit_status)]
    write_table(("a", "b"), answers, console)
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert {"WRONG production", "? staging"} <= set(lines)
    assert lines[-3:] == [
        "2 instances: 0 fine, 2 not",
        "production: what production is",
        "staging: what staging is",
    ]


def test_an_interruption_does_not_wait_for_an_aws_that_does_not_answer(tmp_path: Path) -> None:
    instances = tmp_path / "instances.toml"
    instances.write_text("[instances.a]\n[instances.b]")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_REGION": "us-west-2",
        }
        with subprocess.Popen(
            [sys.executable, "-m", "ghes_packages", "status", "--instances", str(instances)],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as command:
            connection, _ = silent.accept()
            command.send_signal(signal.SIGINT)
            # Half of the time after which a request to such an AWS is given up.
            stdout, stderr = command.communicate(timeout=15)
            connection.close()
    assert (command.returncode, stdout) == (130, "")
    assert stderr.splitlines()[-1] == "interrupted by SIGINT"

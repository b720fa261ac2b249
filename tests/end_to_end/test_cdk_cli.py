"""How the real CDK CLI is run."""

import os
import signal
import threading
from pathlib import Path

import pytest

from local_aws.cdk_cli import CdkCli, CdkCliError
from local_aws.embedded_aws import EmbeddedAws
from tests.waiting import exists, wait_until


def test_an_error_of_the_cdk_cli_has_its_command_line_and_its_last_lines(
    embedded_aws: EmbeddedAws, tmp_path: Path
) -> None:
    cli = CdkCli(embedded_aws.environment, app="echo not synthesised >&2; exit 7", project=tmp_path)
    with pytest.raises(CdkCliError, match=r"(?s)cdk synth.*not synthesised"):
        cli.run("synth")


def test_ctrl_c_leaves_no_process_of_the_cdk_cli(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    cli = CdkCli(embedded_aws.environment, app=f"trap '' TERM; echo $$ > {pid_file}; sleep 600", project=tmp_path)

    def interrupt_once_the_app_runs() -> None:
        wait_until(lambda: pid_file.exists() and pid_file.read_text() != "")
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt_once_the_app_runs).start()
    with pytest.raises(KeyboardInterrupt):
        cli.run("synth")
    signal.signal(signal.SIGINT, before)
    app = int(pid_file.read_text())
    assert wait_until(lambda: not exists(app))

"""`make sandbox`: a shell in a copy of this project, in which every command works on the local AWS emulator.

The emulator stops when the shell ends. The shell has only the emulator's AWS settings: it does not read the user's
settings or start files, so it cannot reach the real AWS.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import DEFAULT_FILE
from local_aws.cdk_cli import JSII_CACHE, PROJECT
from local_aws.demo import ACCOUNT, REGION
from local_aws.embedded_aws import EmbeddedAws

ENDS_WITHIN_SECONDS = 5
# Files that the commands write, and git's folder, which belongs to the original.
NOT_COPIED = {DEFAULT_FILE.name, "cdk.out", ".git"}
PROMPT = "(sandbox) $ "
# Enables shell completion; an older bash has none.
START_FILE = f"""PS1='{PROMPT}'
eval "$(_GHES_PACKAGES_COMPLETE=source_bash ghes-packages 2>/dev/null)"
"""


def sandbox(instance: Instance, file: Path, console: Console) -> int:
    """Open the shell, with `file` as its `instances.toml`, in the account and region of an instance.

    Returns 0 in a terminal, otherwise the exit status of the shell. Raises EmbeddedAwsError.
    """
    with EmbeddedAws(instance.account or ACCOUNT, instance.region or REGION) as aws:
        home = Path(aws.environment["HOME"])
        (home / ".bashrc").write_text(START_FILE)
        copy = copied_to(home / PROJECT.name, file)
        console.print(introduction(aws, instance), highlight=False, markup=False)
        environment = {**aws.environment, "JSII_RUNTIME_PACKAGE_CACHE_ROOT": JSII_CACHE, "PS1": PROMPT}
        exit_status = _run_a_shell(copy, environment)
    return 0 if sys.stdin.isatty() else exit_status


def introduction(aws: EmbeddedAws, instance: Instance) -> str:
    """Where the user is, and what to try first."""
    bootstrap = "  cdk bootstrap\n" if instance.bootstrap else ""
    return (
        f"Local AWS emulator: {aws.endpoint_url}, account {aws.account}, {aws.region}\n"
        "All commands in this shell work on the emulator only. Try:\n\n"
        f"{bootstrap}"
        f"  make deploy INSTANCE={instance.name}\n"
        f"  ghes-packages settings {instance.name} --show-secret\n"
        f"  ghes-packages verify {instance.name}\n\n"
        "docs/tour.md has the next steps. Leave with: exit. This removes everything.\n"
    )


def copied_to(folder: Path, file: Path) -> Path:
    """A folder with links to everything in this one, and its own `instances.toml` and `cdk.out`."""
    folder.mkdir()
    for each in PROJECT.iterdir():
        if each.name not in NOT_COPIED:
            (folder / each.name).symlink_to(each)
    shutil.copyfile(file, folder / DEFAULT_FILE)
    return folder


def _run_a_shell(folder: Path, environment: Mapping[str, str]) -> int:
    program = shutil.which("bash") or "sh"
    shell = subprocess.Popen([program], cwd=folder, env={**environment, "SHELL": program})
    try:
        return shell.wait()
    except BaseException:
        # A shell in a terminal ignores SIGTERM. It ends, with its jobs, when the terminal closes.
        shell.send_signal(signal.SIGHUP)
        try:
            shell.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            shell.kill()
            shell.wait()
        raise

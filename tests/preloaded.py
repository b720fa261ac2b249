"""`aws` and `ghes-packages` for the shells of tests: a process of its own for each call, with the program loaded.

Both take longer to import and to read botocore's data than to do what a test asks. Here one process does that once, and
forks for each call, which gets arguments, environment, folder and standard streams of its caller, and its own status.
`make demo`, `make deploy` and tests/test_cli.py start the programs as their users do.
"""

import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
SOCKET = "calls"

# It imports nothing else: it is what each call still has to start.
CALL = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as call:
    call.connect({socket!r})
    socket.send_fds(call, [b"3"], [0, 1, 2])
    words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
    call.sendall(json.dumps([words, dict(os.environ), os.getcwd()]).encode())
    call.shutdown(socket.SHUT_WR)
    status = call.recv(1)
sys.exit(status[0] if status else "ended by a signal")
"""


def write_program(file: Path, socket: Path) -> None:
    """What a shell starts: it hands its call to whoever listens at the socket."""
    file.write_text(CALL.format(python=sys.executable, socket=str(socket)))
    file.chmod(0o755)


def told_by(call: socket.socket) -> tuple[Sequence[int], Sequence[str], Mapping[str, str], str]:
    """Standard streams, words, environment and folder of a call."""
    _, streams, _, _ = socket.recv_fds(call, 1, 3)
    with call.makefile("rb") as told:
        words, environment, folder = json.load(told)
    return streams, words, environment, folder


@contextmanager
def preloaded(folder: Path) -> Iterator[Path]:
    """A folder for the front of PATH, whose `aws` and `ghes-packages` are quick for as long as the block lasts."""
    programs = folder / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        write_program(programs / name, folder / SOCKET)
    command = [sys.executable, "-m", __name__, str(folder / SOCKET)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout
        assert server.stdout.readline()  # it listens
        yield programs
        server.communicate()


def _aws() -> int:
    import awscli.clidriver

    importlib.reload(awscli)  # it puts the place of its data into the environment
    return int(awscli.clidriver.main())


def _ghes_packages() -> int:
    from ghes_packages.cli import main

    main()
    return 0


PROGRAMS: Mapping[str, Callable[[], int]] = {"aws": _aws, "ghes-packages": _ghes_packages}
# A call of each service, none of which is made.
CALLS = {
    "cloudformation": "list-stacks",
    "iam": "list-users",
    "kms": "list-keys",
    "s3api": "list-buckets",
    "secretsmanager": "list-secrets",
    "sts": "get-caller-identity",
}


def _load() -> None:
    """Import what the programs import, and read what they read; nothing here may start a thread."""
    import awscli.clidriver
    import botocore.session

    import ghes_packages
    from ghes_packages.live import aws

    for module in pkgutil.walk_packages(ghes_packages.__path__, "ghes_packages."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for module_of_theirs in ("pydantic.type_adapter", "rich._emoji_codes", "rich.status"):  # imported at first use
        importlib.import_module(module_of_theirs)
    # It keeps the data that it read.
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    none: Any = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": "us-west-2"}
    for service, operation in CALLS.items():
        del os.environ["AWS_DATA_PATH"]
        sys.argv = ["aws", service, operation, "--generate-cli-skeleton"]
        with redirect_stdout(io.StringIO()):
            _aws()
        awscli.clidriver.create_clidriver().session.create_client(service.removesuffix("api"), **none)
        ours: Any = aws.session_with(None, **none)
        ours.client(service.removesuffix("api"))
    gc.freeze()


def _serve(calls: socket.socket) -> None:
    """Until standard input ends, which whoever started this holds open."""
    while True:
        readable, _, _ = select.select([calls, sys.stdin], [], [], 1)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        if sys.stdin in readable:
            return
        if calls in readable:
            call, _ = calls.accept()
            if os.fork() == 0:
                calls.close()
                _answer(call)
            call.close()


def _answer(call: socket.socket) -> None:
    """Be the program that is called, and end."""
    streams, words, environment, folder = told_by(call)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    status = _status(words, environment, folder)
    with suppress(OSError):
        call.sendall(bytes([status]))
    os._exit(status)


def _status(words: Sequence[str], environment: Mapping[str, str], folder: str) -> int:
    """The exit status of a program, as Python makes it of what ends its main function."""
    sys.argv = list(words)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(number, mode, closefd=False), encoding="utf-8", line_buffering=number == 2)
        for number, mode in enumerate(("rb", "wb", "wb"))
    )
    ended: Any
    try:
        ended = PROGRAMS[words[0]]()
    except SystemExit as error:
        ended = error.code or 0
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        ended = 1
    if isinstance(ended, str):
        print(ended, file=sys.stderr)  # noqa: T201
        ended = 1
    try:
        sys.stdout.flush()
    except OSError:
        ended = 120
    return int(ended)


if __name__ == "__main__":
    # Ctrl-C is for whoever calls; the end of standard input ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(sys.argv[1])
        listening.listen(32)
        _load()
        sys.stdout.write("\n")
        sys.stdout.flush()
        _serve(listening)

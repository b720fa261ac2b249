"""The server process of the local AWS emulator: `python -m local_aws.server HTTPS_FD HTTP_FD FOLDER`.

It serves MiniStack on two inherited listening sockets, until its standard input ends or it gets SIGTERM. Then it
removes FOLDER. The parent holds standard input open as a pipe, so the server always ends with the parent. All other
settings are in the environment from `embedded_aws`.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import hypercorn.asyncio
from hypercorn.config import Config
from ministack.app import app
from ministack.core import iam_evaluator
from ministack.services import sts

from local_aws import access_key_use, authorization, cloudformation, replication, vpc_endpoints

# MiniStack answers these for every local process: its own administration, and EC2 instance metadata.
UNAUTHENTICATED = ("/_ministack/", "/_localstack/", "/latest/", "/v2/credentials/")

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


def accept_one_root() -> None:
    """Refuse root keys that every process knows: MiniStack accepts `test` and any account ID, with any secret."""

    def is_root_access_key(access_key_id: str) -> bool:
        # MiniStack calls this for anonymous requests too, and refuses them elsewhere.
        return access_key_id in ("", os.environ["AWS_ACCESS_KEY_ID"])

    iam_evaluator.is_root_access_key = is_root_access_key
    sts.is_root_access_key = is_root_access_key


def tell_who_calls() -> None:
    """AWS sets `aws:ViaAWSService` in every request; MiniStack does not."""
    resolve = iam_evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: Any) -> Any:
        return "false" if key.lower() == "aws:viaawsservice" else resolve(key, context)

    iam_evaluator._resolve_condition_key = resolve_condition_key


def with_origin_form(application: AsgiApp) -> AsgiApp:
    """A client sends a whole URL to an HTTP proxy; `application` gets only the path, as without a proxy."""

    async def proxied(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(UNAUTHENTICATED):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body"})
            return
        if scope["type"] == "http" and scope["raw_path"].startswith(b"http://"):
            _, _, path = scope["raw_path"].removeprefix(b"http://").partition(b"/")
            scope = {**scope, "raw_path": b"/" + path, "path": "/" + unquote(path.decode("ascii"))}
        await application(scope, receive, send)

    return proxied


async def serve(https_fd: int, http_fd: int, folder: Path) -> None:
    """Serve until told to stop; does not return."""
    config = Config()
    config.bind = [f"fd://{https_fd}"]
    config.insecure_bind = [f"fd://{http_fd}"]
    config.certfile = str(folder / "server.pem")
    config.keyfile = str(folder / "server.key")
    config.loglevel = "WARNING"
    # A client that keeps a connection longer than the server may send a request while it closes.
    config.keep_alive_timeout = 600

    def end() -> None:
        # There is nothing to finish: all state ends here. A graceful stop would wait up to half a minute for every
        # client to close its idle TLS connections.
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def end_after_the_parent() -> None:
        # The parent's other child processes end at the same time, and may write until then.
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(1)
        end()

    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), end_after_the_parent)
    loop.add_signal_handler(signal.SIGTERM, end)
    application = with_origin_form(access_key_use.recorded(vpc_endpoints.named_by_a_header(app)))
    await hypercorn.asyncio.serve(application, config, shutdown_trigger=asyncio.Event().wait)


def main(https_fd: str, http_fd: str, folder: str) -> None:
    """Run the server with the arguments of the command line."""
    access_key_use.install()
    authorization.install()
    cloudformation.install()
    replication.install()
    vpc_endpoints.install()
    accept_one_root()
    tell_who_calls()
    asyncio.run(serve(int(https_fd), int(http_fd), Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The local AWS emulator: an AWS on loopback for the time of a `with` block."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session
import trustme
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

STARTS_WITHIN_SECONDS = 60
STOPS_WITHIN_SECONDS = 10

PASSED_ON = (
    "COLUMNS",
    "JSII_RUNTIME_PACKAGE_CACHE_ROOT",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NO_COLOR",
    "TERM",
    "TZ",
)
"""What a child process may know of the caller's environment, besides PATH: nothing that leads to an account."""


class EmbeddedAwsError(Exception):
    """The local AWS emulator did not start; has the log of its server."""


class EmbeddedAws:
    """A context manager that runs MiniStack in its own process and has an administrator's credentials for it.

    Within the block, `environment` is the whole environment for a child process: it works on the emulator, and cannot
    reach the real AWS. `client` does the same for this process. Nothing is left after the block, or after the death
    of this process.

    Plain HTTP is for testing that it is refused. A port answers either TLS or plain HTTP, so `endpoint_url` with
    `http://` uses the server's second port, as the HTTP proxy of the clients.
    """

    endpoint_url: str
    environment: dict[str, str]

    def __init__(self, account: str = "000000000000", region: str = "us-east-1") -> None:
        self.account = account
        self.region = region
        self._clients: dict[object, Any] = {}

    def __enter__(self) -> Self:
        """Start the server and create its administrator. Raises EmbeddedAwsError."""
        with ExitStack() as started:
            folder = Path(tempfile.mkdtemp(prefix="embedded-aws-"))
            started.callback(shutil.rmtree, folder, ignore_errors=True)
            for name in ("home", "tmp"):
                (folder / name).mkdir()
            _write_certificates(folder)
            # Both listen before the server runs: no other process can take the ports, and the first
            # request waits in the queue until the server answers.
            https = started.enter_context(socket.create_server(("127.0.0.1", 0)))
            http = started.enter_context(socket.create_server(("127.0.0.1", 0)))
            self.endpoint_url = f"https://127.0.0.1:{https.getsockname()[1]}"
            self._http_proxy = f"http://127.0.0.1:{http.getsockname()[1]}"
            self._folder = folder
            self._session = self._private_session()
            root = (f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(20))
            server = self._start_server(https, http, *root)
            started.callback(_stop, server)
            https.close()
            http.close()
            self._access_key_id, self._secret_access_key = root
            try:
                self._become_administrator()
            except (BotoCoreError, ClientError) as error:
                log = (folder / "server.log").read_text(errors="replace")
                raise EmbeddedAwsError(f"the local AWS emulator does not answer: {error}\n{log[-4000:]}") from error
            self.environment = self._client_environment()
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server and remove its folder."""
        self._started.close()

    def client(self, service: str, **overrides: Any) -> Any:
        """A boto3 client for the emulator, as its administrator; `overrides` are boto3's own arguments.

        Each is made once, which takes longer than most of its calls.
        """
        arguments: dict[str, Any] = {
            "region_name": self.region,
            "endpoint_url": self.endpoint_url,
            "verify": str(self._folder / "ca.pem"),
            "aws_access_key_id": self._access_key_id,
            "aws_secret_access_key": self._secret_access_key,
        }
        arguments |= overrides
        made = (service, frozenset(arguments.items()))
        if made not in self._clients:
            make_client: Any = self._session.client  # its types know services by name only
            self._clients[made] = make_client(service, **arguments)
        return self._clients[made]

    def _private_session(self) -> boto3.Session:
        # These replace botocore's settings from the environment and from files.
        session = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, str(self._folder / "no-config"), None),
                "credentials_file": (None, None, str(self._folder / "no-credentials"), None),
            }
        )
        session.set_default_client_config(
            Config(
                proxies={"http": self._http_proxy},
                connect_timeout=STARTS_WITHIN_SECONDS,
                read_timeout=STARTS_WITHIN_SECONDS,
                retries={"total_max_attempts": 1},
            )
        )
        return boto3.Session(botocore_session=session)

    def _start_server(
        self, https: socket.socket, http: socket.socket, root_key_id: str, root_secret: str
    ) -> subprocess.Popen[bytes]:
        with (self._folder / "server.log").open("wb") as log:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "local_aws.server",
                    str(https.fileno()),
                    str(http.fileno()),
                    str(self._folder),
                ],
                env={
                    **self._private_environment(),
                    "PYTHONPATH": str(Path(__file__).parents[1]),
                    "AUTH": "true",
                    "AWS_ACCESS_KEY_ID": root_key_id,
                    "AWS_SECRET_ACCESS_KEY": root_secret,
                    "DOCKER_HOST": f"unix://{self._folder}/no-docker.sock",
                    "GATEWAY_PORT": str(https.getsockname()[1]),
                    "IOT_MTLS_ENABLED": "0",
                    "LOG_LEVEL": "ERROR",
                    "MINISTACK_ACCOUNT_ID": self.account,
                    "MINISTACK_REGION": self.region,
                    "S3_DATA_DIR": str(self._folder / "s3"),
                    "SFTP_ENABLED": "0",
                    "STATE_DIR": str(self._folder / "state"),
                },
                cwd=self._folder,
                pass_fds=(https.fileno(), http.fileno()),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the parent, whose clean-up may still need the emulator.
                start_new_session=True,
            )

    def _become_administrator(self) -> None:
        """Root is used only for this: MiniStack does not apply denials in bucket policies to root."""
        iam = self.client("iam")
        iam.create_user(UserName="administrator")
        iam.attach_user_policy(UserName="administrator", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName="administrator")["AccessKey"]
        self._access_key_id, self._secret_access_key = key["AccessKeyId"], key["SecretAccessKey"]

    def _client_environment(self) -> dict[str, str]:
        ca = str(self._folder / "ca.pem")
        return {
            **self._private_environment(),
            "AWS_ACCESS_KEY_ID": self._access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._secret_access_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": ca,
            "AWS_CONFIG_FILE": str(self._folder / "no-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._folder / "no-credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "NODE_EXTRA_CA_CERTS": ca,
            "HTTP_PROXY": self._http_proxy,
            "http_proxy": self._http_proxy,
            # The CDK CLI caches the account of a key, and makes three requests to the internet.
            "CDK_HOME": str(self._folder / "cdk"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "true",
            "CDK_NOTICES": "false",
        }

    def _private_environment(self) -> dict[str, str]:
        """An environment with only the user's terminal settings and programs; its files are in the private folder."""
        return {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
            "HOME": str(self._folder / "home"),
            "TMPDIR": str(self._folder / "tmp"),
        }


def _write_certificates(folder: Path) -> None:
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server.private_key_pem.write_to_path(folder / "server.key")
    for certificate in server.cert_chain_pems:
        certificate.write_to_path(folder / "server.pem", append=True)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.communicate(timeout=STOPS_WITHIN_SECONDS)
    except BaseException as interruption:
        server.kill()
        server.wait()
        if not isinstance(interruption, subprocess.TimeoutExpired):
            raise

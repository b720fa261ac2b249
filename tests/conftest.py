"""What several tests need: the embedded AWS, and the order in which tests run."""

import functools
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from botocore.client import ClientCreator
from botocore.loaders import JSONFileLoader

from local_aws.cdk_cli import JSII_CACHE, CdkCli
from local_aws.embedded_aws import EmbeddedAws
from tests.preloaded import preloaded

if TYPE_CHECKING:
    from tests.combinations import Combinations

PROJECT = Path(__file__).parent.parent

SLOW = frozenset({"embedded_aws", "cdk_cli", "cdk_validation"})
"""Fixtures; `make check` leaves out whatever asks for one of them, and tests/end_to_end."""

# jsii starts when aws_cdk is imported: on the node that is pinned, and with its cache in this folder.
os.environ["JSII_NODE"] = str(Path(sys.executable).with_name("node"))
os.environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = JSII_CACHE

# The same few examples in every run, so that whoever sees a test fail can see it again; others, and many, with
# --hypothesis-profile=search, before a release or after a change of what the tests are about.
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(PROJECT / ".cache" / "hypothesis")
hypothesis.settings.register_profile(
    "same",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.register_profile(
    "search", hypothesis.settings.get_profile("same"), derandomize=False, max_examples=5_000
)
hypothesis.settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    """A worker goes on with its tests when whoever started it is interrupted or killed; here it ends with it."""
    if hasattr(config, "workerinput"):
        signal.signal(signal.SIGINT, lambda number, _: os._exit(128 + number))
        threading.Thread(target=_end_with_the_starter, args=(os.getppid(),), daemon=True).start()


def pytest_collection_finish() -> None:
    """CDK, boto3 and the tests are a million objects, which Python's garbage collector need not look at again."""
    gc.freeze()
    gc.set_threshold(50_000)


def _end_with_the_starter(starter: int) -> None:
    while os.getppid() == starter:
        threading.Event().wait(0.5)
    os._exit(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help="only what needs no CDK CLI, no validation of CDK's own, no embedded AWS"
    )


def _is_slow(item: pytest.Item) -> bool:
    """Told by what a test asks for, so that a new one is among the right ones by itself."""
    return item.path.parent.name == "end_to_end" or not SLOW.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Quick ones first: what needs no AWS, then what talks to the embedded AWS, then what runs the CDK CLI too.

    Of those the files that take longest come first, so that no worker is alone with one at the end.
    """
    if config.getoption("quick"):
        config.hook.pytest_deselected(items=[item for item in items if _is_slow(item)])
        items[:] = [item for item in items if not _is_slow(item)]
    folders, files = ("local_aws", "verify", "faults", "end_to_end"), ("test_sandbox.py", "test_changes.py")
    items.sort(
        key=lambda item: (
            folders.index(item.path.parent.name) + 1 if item.path.parent.name in folders else 0,
            item.path.name not in files,
        )
    )


@pytest.fixture(scope="session", autouse=True)
def _quick_tests_start_neither(request: pytest.FixtureRequest) -> Iterator[None]:
    """Else a test that starts one by itself, without asking for it, would make the quick ones slow."""
    with pytest.MonkeyPatch.context() as patch:
        if request.config.getoption("quick"):
            for kind, start in ((EmbeddedAws, "__enter__"), (CdkCli, "run")):
                patch.setattr(kind, start, lambda *_, **__: pytest.fail("Such a test belongs in tests/end_to_end."))
        yield


@pytest.fixture
def cdk_cli() -> Path:
    """The CDK CLI, which takes a second to start."""
    return Path(sys.executable).with_name("cdk")


@pytest.fixture(scope="session")
def cdk_validation() -> bool:
    """What an app takes for `builtin_cloud_formation_validation`: the engine of it takes three seconds to start."""
    return True


@pytest.fixture(scope="session")
def combinations(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Combinations":
    """What is synthesised of every example and of all options; `make check` leaves CDK's validation out."""
    from tests.combinations import synthesised

    folder = tmp_path_factory.mktemp("cdk.out")
    return synthesised(folder, cdk_validation=not request.config.getoption("quick"))


@pytest.fixture(scope="session", autouse=True)
def _botocore_reads_its_data_once() -> Iterator[None]:
    """Every boto3 session reads some megabytes of JSON anew, which takes longer than most of these tests.

    And makes a class of them for each client, of which there are thousands.
    """
    make: Any = ClientCreator._create_client_class  # type: ignore[attr-defined]
    classes: dict[str, Any] = {}

    def once(creator: ClientCreator, service_name: str, service_model: Any) -> Any:
        if service_name not in classes:
            classes[service_name] = make(creator, service_name, service_model)
        return classes[service_name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientCreator, "_create_client_class", once)
        patch.setattr(JSONFileLoader, "load_file", staticmethod(functools.cache(JSONFileLoader().load_file)))
        yield


@pytest.fixture(autouse=True)
def _no_aws_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test can reach a real account, whatever the environment of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(account="111122223333", region="us-west-2") as aws:
        yield aws


@pytest.fixture(scope="session")
def quick_aws(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """The same one; in its environment the AWS CLI and `ghes-packages` are loaded already."""
    with preloaded(tmp_path_factory.mktemp("preloaded")) as programs:
        path = embedded_aws.environment["PATH"]
        embedded_aws.environment["PATH"] = f"{programs}{os.pathsep}{path}"
        yield embedded_aws
        embedded_aws.environment["PATH"] = path

"""What several tests need: the embedded AWS, and the order in which tests run."""

import functools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from botocore.loaders import JSONFileLoader

from local_aws.cdk_cli import JSII_CACHE
from local_aws.embedded_aws import EmbeddedAws

PROJECT = Path(__file__).parent.parent

# jsii starts when aws_cdk is imported: on the node that is pinned, and with its cache in this folder.
os.environ["JSII_NODE"] = str(Path(sys.executable).with_name("node"))
os.environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = JSII_CACHE

# The same examples in every run, so that whoever sees a test fail can see it again; others with
# --hypothesis-profile=search, before a release or after a change of what the tests are about.
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(PROJECT / ".cache" / "hypothesis")
hypothesis.settings.register_profile(
    "same",
    derandomize=True,
    database=None,
    deadline=None,
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


def _end_with_the_starter(starter: int) -> None:
    while os.getppid() == starter:
        threading.Event().wait(0.5)
    os._exit(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick ones first: what needs no AWS, then what talks to the embedded AWS, then what runs the CDK CLI too.

    Of those the file that takes longest comes first, so that no worker is alone with it at the end.
    """
    slow = ("local_aws", "verify", "faults", "end_to_end")
    items.sort(
        key=lambda item: (
            slow.index(item.path.parent.name) + 1 if item.path.parent.name in slow else 0,
            item.path.name != "test_rotation.py",
        )
    )


@pytest.fixture(scope="session", autouse=True)
def _botocore_reads_its_data_once() -> Iterator[None]:
    """Every boto3 session reads some megabytes of JSON anew, which takes longer than most of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", staticmethod(functools.cache(JSONFileLoader().load_file)))
        yield


@pytest.fixture(autouse=True)
def _no_aws_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test can reach a real account, whatever the environment of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "CDK_"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(account="111122223333", region="us-west-2") as aws:
        yield aws

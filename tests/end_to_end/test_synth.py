"""What `cdk synth` does in a review: the real CLI once, with every check on; else the app in this process."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import aws_cdk as cdk
import pytest

from app import build, main, stacks_of
from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import load
from local_aws.cdk_cli import JSII_CACHE, PROJECT, CdkCli
from tests.end_to_end.conftest import NAMES, Cloud
from tests.stacks.test_guardrails import without_versions
from tests.synthesis import app

Synth = Callable[..., None]


def checkout(folder: Path) -> Path:
    """The project in another folder, with what `make setup` put beside it."""
    folder.mkdir()
    for name in ("app.py", "cdk.json"):
        shutil.copy(PROJECT / name, folder / name)
    for name in ("stacks", "ghes_packages"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def files_of(assembly: Path) -> dict[str, bytes]:
    return {str(file.relative_to(assembly)): file.read_bytes() for file in assembly.rglob("*") if file.is_file()}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No more than a machine must have, and no AWS."""
    return {
        "PATH": f"{PROJECT / '.venv' / 'bin'}:{os.defpath}",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": JSII_CACHE,
    }


# The same tables and keys, in another order.
ONE = """
[instances.a]
access_key = 1
allowed_cidrs = ["203.0.113.0/24"]
tags = { x = "1", y = "2" }
[instances.b]
noncurrent_days = 7
allowed_cidrs = ["192.0.2.7"]
allowed_vpc_endpoints = ["vpce-1a2b3c4d"]
"""
OTHER = """
[instances.b]
allowed_vpc_endpoints = ["vpce-1a2b3c4d"]
allowed_cidrs = ["192.0.2.7"]
noncurrent_days = 7
[instances.a]
tags = { y = "2", x = "1" }
allowed_cidrs = ["203.0.113.0/24"]
access_key = 1
"""


def test_the_same_commit_gives_the_same_bytes_and_no_word_more(tmp_path: Path, environment: dict[str, str]) -> None:
    one, other = checkout(tmp_path / "one"), tmp_path / "a much longer name"
    (file := one / "instances.toml").write_text(ONE)
    elsewhere = {
        **environment,
        "LANG": "tr_TR.UTF-8",
        "TZ": "Asia/Kathmandu",
        "USER": "somebody",
        "AWS_REGION": "eu-west-1",
        "PYTHONHASHSEED": "7",
    }
    said = CdkCli(elsewhere, project=one).run("synth", "--quiet").stderr
    # The reminder for whoever restricts where the key works is all that it says.
    assert [each.partition(": ")[0] for each in said.strip().splitlines()] == [
        "[instances.a] allowed_cidrs",
        "[instances.b] allowed_cidrs, allowed_vpc_endpoints",
    ]
    file.write_text(OTHER)
    whole = app(outdir=str(other))
    whole.node.set_context("aws:cdk:enable-path-metadata", True)  # so does the CLI
    build(whole, load(file).values())
    whole.synth()
    assert files_of(one / "cdk.out") == files_of(other)


def test_two_assemblies_are_reviewed_without_aws(cloud: Cloud, tmp_path: Path) -> None:
    def review(*arguments: str) -> subprocess.CompletedProcess[str]:
        return cloud.ghes_packages("review", str(cloud.assembly), *arguments, environment={})

    unchanged = review(str(cloud.assembly))
    assert (unchanged.returncode, unchanged.stderr) == (0, "")
    assert f"no risk found. Instances: {len(NAMES)} unchanged." in unchanged.stdout
    head = str(shutil.copytree(cloud.assembly, tmp_path / "head"))
    edit(Path(head, "GhesPackages-works.template.json"), '"ExpiredObjectDeleteMarker": true', '"ExpirationInDays": 90')
    refused = review(head)
    assert refused.returncode == 1
    broken, sooner = [found["id"] for found in json.loads(review(head, "--json").stdout)["risks"]]
    assert broken.startswith("works/guardrail-current-packages-stay-PackagesBucket3210E67E-")
    assert sooner == "works/retention-current-objects-stay-PackagesBucket3210E67E"
    assert f"| refused<br>`{sooner}` |" in refused.stdout
    assert str(tmp_path) not in refused.stdout
    assert review(head, "--accept", broken, "--accept", sooner).returncode == 0
    assert review(head, "--accept", "another").returncode == 2


@pytest.fixture
def synth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Synth:
    """The app in this process, with such an `instances.toml`, but without CDK's own checks, whose engine is slow."""
    monkeypatch.chdir(tmp_path)
    whole = app(outdir=str(tmp_path / "cdk.out"))
    monkeypatch.setattr("app.cdk", SimpleNamespace(App=lambda **_: whole, Validations=cdk.Validations))

    def run(toml: str | None, context: str | None = None) -> None:
        if toml is not None:
            (tmp_path / "instances.toml").write_text(toml)
        if context is not None:
            whole.node.set_context("instances", context)
        main()

    return run


def complaint(capsys: pytest.CaptureFixture[str], synth: Callable[[], None]) -> str:
    """The one line with which the app ends."""
    with pytest.raises(SystemExit) as ended:
        synth()
    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    return line


def test_a_broken_promise_fails_synth_and_is_named(synth: Synth, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(whole: cdk.App, instance: Instance) -> list[cdk.Stack]:
        return [without_versions(stack) for stack in stacks_of(whole, instance)]

    monkeypatch.setattr("app.stacks_of", broken)
    with pytest.raises(RuntimeError, match="Keep what is deleted or overwritten: versioned=True"):
        synth("[instances.production]\n")


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (None, "instances.toml: no such file in "),
        ("", "instances.toml: has no instance; add a table such as [instances.production]"),
        ('[instances.a]\nregoin = "x"', '[instances.a] regoin = "x": unknown key, did you mean region?'),
    ],
)
def test_wrong_configuration_is_one_line_and_no_traceback(
    synth: Synth, capsys: pytest.CaptureFixture[str], toml: str | None, line: str
) -> None:
    assert line in complaint(capsys, lambda: synth(toml))


def test_a_file_of_instances_without_a_name_is_not_the_default_one(
    synth: Synth, capsys: pytest.CaptureFixture[str]
) -> None:
    # What the CLI makes of `-c instances=`.
    assert complaint(capsys, lambda: synth("[instances.production]\n", "")) == (
        "-c instances= names no file; use -c instances=FILE, or leave it out for instances.toml"
    )


def test_a_template_that_cloudformation_would_not_take_is_refused(
    synth: Synth, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = "".join(f'tag-{number} = "{"x" * 256}"\n' for number in range(50))
    line = complaint(capsys, lambda: synth(f"[instances.a]\n[instances.b]\n[instances.b.tags]\n{tags}"))
    assert line.startswith("[instances.b] GhesPackages-b.template.json has ")
    assert "; CloudFormation takes 51,200 without a bucket; set bootstrap = true" in line

"""What `cdk synth` does in a review: the real CLI, with every check on."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local_aws.cdk_cli import JSII_CACHE, PROJECT, CdkCli, CdkCliError
from tests.end_to_end.conftest import NAMES, Cloud


def checkout(folder: Path) -> Path:
    """The project in another folder, with what `make setup` put beside it."""
    for name in ("app.py", "cdk.json"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / "instances.toml").write_text("[instances.production]\n")
    for name in ("stacks", "ghes_packages"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No more than a machine must have, and no AWS."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    return {
        "PATH": f"{PROJECT / '.venv' / 'bin'}:{os.defpath}",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": JSII_CACHE,
    }


def synth(folder: Path, environment: dict[str, str]) -> str:
    return CdkCli(environment, project=folder).run("synth", "--quiet").stderr


def files_of(assembly: Path) -> dict[str, bytes]:
    return {str(file.relative_to(assembly)): file.read_bytes() for file in assembly.rglob("*") if file.is_file()}


def test_the_same_commit_gives_the_same_bytes_and_no_word_more(tmp_path: Path, environment: dict[str, str]) -> None:
    one, other = tmp_path / "one", tmp_path / "a much longer name"
    one.mkdir()
    other.mkdir()
    # The same tables and keys, in another order.
    (checkout(one) / "instances.toml").write_text(
        '[instances.a]\naccess_key = 1\nallowed_cidrs = ["203.0.113.0/24"]\ntags = { x = "1", y = "2" }\n'
        '[instances.b]\nnoncurrent_days = 7\nallowed_cidrs = ["192.0.2.7"]\nallowed_vpc_endpoints = ["vpce-1a2b3c4d"]\n'
    )
    (checkout(other) / "instances.toml").write_text(
        '[instances.b]\nallowed_vpc_endpoints = ["vpce-1a2b3c4d"]\nallowed_cidrs = ["192.0.2.7"]\nnoncurrent_days = 7\n'
        '[instances.a]\ntags = { y = "2", x = "1" }\n'
        'allowed_cidrs = ["203.0.113.0/24"]\naccess_key = 1\n'
    )
    # The reminder for whoever restricts where the key works is all that it says.
    reminders = synth(one, environment).strip().splitlines()
    assert [each.partition(": ")[0] for each in reminders] == [
        "[instances.a] allowed_cidrs",
        "[instances.b] allowed_cidrs, allowed_vpc_endpoints",
    ]
    elsewhere = {
        "LANG": "tr_TR.UTF-8",
        "TZ": "Asia/Kathmandu",
        "USER": "somebody",
        "AWS_REGION": "eu-west-1",
        "PYTHONHASHSEED": "7",
    }
    synth(other, {**environment, **elsewhere})
    assert files_of(one / "cdk.out") == files_of(other / "cdk.out")


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


def test_a_broken_promise_fails_synth_and_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    edit(checkout(tmp_path) / "stacks" / "private_bucket.py", "versioned=True", "versioned=False")
    with pytest.raises(CdkCliError, match="versioned") as failed:
        synth(tmp_path, environment)
    assert "Keep what is deleted or overwritten: versioned=True" in str(failed.value)


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (None, "instances.toml: no such file in "),
        ("", "instances.toml: has no instance; add a table such as [instances.production]"),
        ('[instances.a]\nregoin = "x"', '[instances.a] regoin = "x": unknown key, did you mean region?'),
    ],
)
def test_wrong_configuration_is_one_line_and_no_traceback(
    tmp_path: Path, environment: dict[str, str], toml: str | None, line: str
) -> None:
    file = checkout(tmp_path) / "instances.toml"
    file.unlink() if toml is None else file.write_text(toml)
    assert line in complaint_of_the_app(tmp_path, environment)


def test_a_file_of_instances_without_a_name_is_not_the_default_one(tmp_path: Path, environment: dict[str, str]) -> None:
    checkout(tmp_path)
    # What the CLI makes of `-c instances=`.
    complaint = complaint_of_the_app(tmp_path, {**environment, "CDK_CONTEXT_JSON": '{"instances": ""}'})
    assert complaint == ("-c instances= names no file; use -c instances=FILE, or leave it out for instances.toml")


def test_a_template_that_cloudformation_would_not_take_is_refused(tmp_path: Path, environment: dict[str, str]) -> None:
    tags = "".join(f'tag-{number} = "{"x" * 256}"\n' for number in range(50))
    (checkout(tmp_path) / "instances.toml").write_text(f"[instances.a]\n[instances.b]\n[instances.b.tags]\n{tags}")
    complaint = complaint_of_the_app(tmp_path, environment)
    assert complaint.startswith("[instances.b] GhesPackages-b.template.json has ")
    assert "and CloudFormation takes 51,200 without a bucket; set bootstrap = true" in complaint


def complaint_of_the_app(folder: Path, environment: dict[str, str]) -> str:
    """The one line with which it ends."""
    command = [str(PROJECT / ".venv/bin/python"), "app.py"]
    app = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (app.returncode, app.stdout) == (2, "")
    [complaint] = app.stderr.splitlines()
    return complaint

"""Who installs this project from a checkout, into an app of their own."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ghes_packages.config.instance import Instance
from local_aws.cdk_cli import JSII_CACHE, PROJECT
from tests.runbook import blocks
from tests.synthesis import template_of

NOT_IN_A_CHECKOUT = shutil.ignore_patterns(".venv", "node_modules", ".cache", ".git", "cdk.out", "*.egg-info")
EVERY_MODULE = """
import importlib, pkgutil, sys
for name in ("ghes_packages", "stacks"):
    package = importlib.import_module(name)
    assert package.__file__.startswith(sys.argv[1]), package.__file__
    for each in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not each.name.endswith("__main__"):
            importlib.import_module(each.name)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what pip installs, without what it depends on, which is in this environment."""
    folder = tmp_path_factory.mktemp("installed")
    checkout = shutil.copytree(PROJECT, folder / "checkout", ignore=NOT_IN_A_CHECKOUT)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    wheels = folder / "wheels"
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(checkout)]
    subprocess.run([*pip, *build], check=True)
    [wheel] = wheels.iterdir()
    zipfile.ZipFile(wheel).extractall(folder / "target")
    return folder / "target"


def python(installed: Path, folder: Path, program: str, *arguments: str) -> None:
    """Run a program that imports what is installed there, in an empty folder, without the CDK CLI."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "PYTHONPATH": str(installed),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": JSII_CACHE,
        "CDK_OUTDIR": str(folder / "cdk.out"),
        # Its engine takes three seconds; tests/stacks/test_embedding.py has what the checks say of an app of one's own.
        "CDK_VALIDATION": "false",
    }
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_is_installed_is_the_stack_and_the_commands_and_not_the_embedded_aws(
    installed: Path, tmp_path: Path
) -> None:
    assert {each.name for each in installed.iterdir() if each.is_dir()} == {
        "ghes_packages",
        "ghes_packages-1.1.0.dist-info",
        "stacks",
    }
    for package in ("ghes_packages", "stacks"):
        modules = {file.relative_to(PROJECT) for file in (PROJECT / package).rglob("*.py")}
        assert {file.relative_to(installed) for file in (installed / package).rglob("*.py")} == modules
    python(installed, tmp_path, EVERY_MODULE, str(installed))


def test_the_lines_of_the_page_make_the_stack(installed: Path, tmp_path: Path) -> None:
    [lines] = blocks("docs/embedding.md", "python")
    assert len(lines.splitlines()) == 12
    python(installed, tmp_path, lines)
    template = json.loads((tmp_path / "cdk.out" / "GhesPackages-production.template.json").read_text())
    assert template == template_of(Instance(name="production", account="111122223333", region="us-west-2"))

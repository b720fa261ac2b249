import subprocess
import sys

import pytest


@pytest.mark.parametrize("arguments", [["--help"], ["settings", "--help"], ["verify", "--help"]])
def test_help_fits_a_terminal_and_loads_nothing_that_talks_to_aws(arguments: list[str]) -> None:
    program = (
        "import sys; from ghes_packages.cli import app; app(sys.argv[1:], standalone_mode=False);"
        "print(*sorted({'aws_cdk', 'boto3', 'jsii', 'stacks'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "\n"
    assert "Usage:" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_no_command_at_all_shows_the_help() -> None:
    done = subprocess.run([sys.executable, "-m", "ghes_packages"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "settings" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_no_command_ever_loads_cdk() -> None:
    program = (
        "import importlib, pkgutil, sys, ghes_packages;"
        "names = [each.name for each in pkgutil.walk_packages(ghes_packages.__path__, 'ghes_packages.')];"
        "names = [each for each in names if '.local' not in each and not each.endswith('__main__')];"
        "[importlib.import_module(each) for each in names];"
        "print(len(names), *{'aws_cdk', 'jsii', 'stacks', 'app'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    count, *loaded = done.stdout.split()
    assert int(count) > 15
    assert loaded == []

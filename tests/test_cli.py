import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from ghes_packages import __version__
from ghes_packages.cli import app
from ghes_packages.config.instances import default_file, make_deploy, with_file
from ghes_packages.errors import ConfigurationError
from tests.command_line import run


@pytest.mark.parametrize("arguments", [["--help"], ["settings", "--help"], ["review", "--help"]])
def test_help_fits_a_terminal(arguments: list[str]) -> None:
    shown = run(*arguments).stdout
    assert "Usage:" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_the_help_of_review_names_the_default_of_an_option_that_has_none_of_typer() -> None:
    assert "[default: (cdk.out)]" in run("review", "--help").stdout


def test_no_command_at_all_shows_the_help() -> None:
    done = run()
    assert done.returncode == 2
    assert "settings" in done.stderr + done.stdout


def test_help_loads_nothing_that_talks_to_aws_and_no_command_ever_loads_cdk() -> None:
    program = (
        "import importlib, pkgutil, sys, ghes_packages; from ghes_packages.cli import app;"
        "app(['review', '--help'], standalone_mode=False);"
        "print(*{'aws_cdk', 'boto3', 'jsii', 'stacks'} & sys.modules.keys(), file=sys.stderr);"
        "names = [each.name for each in pkgutil.walk_packages(ghes_packages.__path__, 'ghes_packages.')];"
        "names = [each for each in names if '.local' not in each and not each.endswith('__main__')];"
        "[importlib.import_module(each) for each in names];"
        "print(len(names), *{'aws_cdk', 'jsii', 'stacks', 'app'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "\n"
    count, *loaded = done.stdout.splitlines()[-1].split()
    assert int(count) > 15
    assert loaded == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "review needs either BASE and HEAD, or --deployed INSTANCE and optionally --assembly"),
        (["base"], "review needs either BASE and HEAD"),
        (["base", "head", "--assembly", "cdk.out"], "review needs either BASE and HEAD"),
        (["base", "head", "--deployed", "production"], "--deployed production takes no BASE and HEAD"),
        (["base", "head"], "base: not an assembly: manifest.json: No such file or directory; synthesise one with: cdk"),
    ],
)
def test_review_says_in_one_line_what_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        app(["review", *arguments], standalone_mode=False)
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("other", ["--all", "--quiet"])
def test_each_check_and_less_than_that_is_wrong_usage(other: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^--all-checks does not work with --all or --quiet"):
        app(["verify", "--all-checks", other], standalone_mode=False)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["status", "--unused-for", "inf"], "'--unused-for': Input should be less than or equal to 876000"),
        (["status", "--unused-for", "nan"], "'--unused-for': Input should be "),
        (["rotate", "x", "--unused-for", "1e300"], "'--unused-for': Input should be less than or equal to 876000"),
        (["review", "--unused-for", "1e300"], "'--unused-for': Input should be less than or equal to 876000"),
        (["status", "--max-age", "99999999999999"], "'--max-age': Input should be less than or equal to 36500"),
    ],
)
def test_a_time_that_no_clock_holds_is_wrong_usage(arguments: list[str], problem: str) -> None:
    with pytest.raises(typer.TyperException) as refused:
        app(arguments, standalone_mode=False)
    assert problem in refused.value.format_message()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["vrify"], "No such command 'vrify'. Did you mean 'verify'?; see: ghes-packages --help"),
        (["status", "--nonsense"], "No such option: --nonsense; see: ghes-packages status --help"),
        (["rotate"], "Missing argument 'INSTANCE'; see: ghes-packages rotate --help"),
    ],
)
def test_wrong_usage_names_the_help_that_lists_what_is_right(arguments: list[str], line: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{line}\n")


def test_wrong_usage_that_cannot_be_told_is_wrong_usage_all_the_same() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "ghes_packages", "status", "--bogus"]
        assert subprocess.run(command, stderr=full, check=False).returncode == 2


@pytest.mark.parametrize("columns", ["0", "", "80"])
def test_without_a_known_width_it_is_that_of_a_terminal(columns: str) -> None:
    shown = run("status", "--help", COLUMNS=columns).stdout
    assert "--unused-for" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


COMMANDS = [str(getattr(command.callback, "__name__", "")) for command in app.registered_commands]


def test_the_version_is_that_of_the_package() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"ghes-packages {__version__}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_examples_and_no_type_of_a_flag(command: str) -> None:
    shown = run(command, "-h").stdout
    assert shown == run(command, "--help").stdout
    assert f"$ ghes-packages {command}" in shown
    assert "<bool>" not in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_in_the_help_is_a_command_line_that_is_understood(command: str) -> None:
    shown = re.sub(r"\s+", " ", run(command, "-h").stdout)
    examples = [example.split() for example in shown.partition("Examples: ")[2].split("$ ghes-packages ")[1:]]
    assert len(examples) > 1
    root = typer.main.get_command(app)
    for name, *arguments in examples:
        with root.make_context("ghes-packages", [name], resilient_parsing=True) as context:
            found: Any = root
            found.get_command(context, name).make_context(name, arguments)


def test_the_help_has_no_colour_where_nobody_wants_any(monkeypatch: pytest.MonkeyPatch) -> None:
    # As typer has it where FORCE_COLOR is set when it is loaded.
    monkeypatch.setattr("typer.rich_utils.FORCE_TERMINAL", True)
    coloured, plain = run("-h", TERM="xterm").stdout, run("-h", TERM="xterm", NO_COLOR="1").stdout
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]")
    assert colour.search(coloured)
    assert not colour.search(plain)


def test_in_a_sub_folder_the_instances_are_those_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").touch()
    (tmp_path / "instances.toml").write_text("[instances.production]\n")
    (folder := tmp_path / "a" / "b").mkdir(parents=True)
    assert run("settings", "other", folder=folder).stderr == (
        "../../instances.toml: no instance other; instances: production\n"
    )
    (folder / "instances.toml").write_text("[instances.staging]\n")
    assert run("settings", "other", folder=folder).stderr == "instances.toml: no instance other; instances: staging\n"


def test_what_to_do_next_can_be_pasted_in_the_sub_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdk.json").touch()
    (folder := tmp_path / "docs").mkdir()
    monkeypatch.chdir(folder)
    assert default_file() == Path("../instances.toml")
    assert make_deploy("production", default_file()) == "make -C .. deploy INSTANCE=production"
    assert with_file("production", default_file()) == "production"
    assert make_deploy("x", Path("other.toml")) == "make deploy INSTANCE=x INSTANCES=other.toml"


def test_what_is_deployed_is_what_was_synthesised_in_the_project_wherever_the_file_of_instances_is(
    tmp_path: Path,
) -> None:
    (project := tmp_path / "project").mkdir()
    (project / "cdk.json").touch()
    (file := tmp_path / "elsewhere.toml").write_text("[instances.production]\n")
    (project / "docs").mkdir()
    for folder, assembly in ((project, "cdk.out"), (project / "docs", "../cdk.out")):
        done = run("review", "--deployed", "production", "--instances", str(file), folder=folder)
        assert (done.returncode, done.stderr.partition(":")[0]) == (2, assembly)


def test_outside_of_a_project_the_missing_file_is_the_one_here() -> None:
    assert run("settings", folder=Path("/")).stderr.startswith("instances.toml: no such file in /")

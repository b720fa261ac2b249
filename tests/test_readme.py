import re
from pathlib import Path

import pytest

from tests.readme import PAGES, README, generated, written
from tests.synthesis import template_of

TEXT = README.read_text()

# Each command of the README, and the test that runs it. `aws` is an AWS CLI; the tests make the same request.
RUN_BY = {
    "make demo": "test_the_demo_does_the_whole_job_and_shows_nothing_else",
    "make setup": "test_the_set_up_is_what_these_tests_run_in",
    ". .venv/bin/activate": "test_the_set_up_is_what_these_tests_run_in",
    "cdk synth --quiet": "test_the_same_commit_gives_the_same_bytes_and_no_word_more",
    "cdk bootstrap aws://111122223333/us-west-2": "cloud",
    "cdk deploy GhesPackages-production": "test_a_deployed_instance_has_its_settings_and_verifies",
    "cdk deploy --all --concurrency 4": "test_all_instances_are_deployed_together_and_shown_side_by_side",
    "ghes-packages status": "test_all_instances_are_deployed_together_and_shown_side_by_side",
    "ghes-packages verify --all": "test_all_instances_are_deployed_together_and_shown_side_by_side",
    "ghes-packages settings production --show-secret": "test_a_deployed_instance_has_its_settings_and_verifies",
    "ghes-packages review base/cdk.out head/cdk.out": "test_two_assemblies_are_reviewed_without_aws",
    "ghes-packages status production": "test_the_runbook_rotates_without_a_failed_request",
    "ghes-packages verify production": "test_a_deployed_instance_has_its_settings_and_verifies",
    "aws cloudformation update-termination-protection --no-enable-termination-protection"
    " --stack-name GhesPackages-production": "test_destroy_is_refused_and_then_leaves_bucket_policy_and_packages",
    "cdk destroy GhesPackages-production": "test_destroy_is_refused_and_then_leaves_bucket_policy_and_packages",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", TEXT, re.DOTALL | re.MULTILINE)


def test_what_repeats_the_code_is_generated_from_it() -> None:
    """If the change is meant: python -m tests.readme"""
    pages = [page.read_text() for page in PAGES]
    assert [written(text) for text in pages] == pages
    assert all(f"<!-- generated: {name} -->" in "".join(pages) for name in generated())


def test_every_command_is_one_that_a_test_runs() -> None:
    commands = [line.strip() for block in blocks("sh") for line in block.splitlines()]
    assert sorted(commands) == sorted(RUN_BY)
    tests = "".join(file.read_text() for file in (README.parent / "tests").rglob("*.py"))
    assert [name for name in RUN_BY.values() if f"def {name}(" not in tests] == []


def test_the_table_of_resources_names_what_the_template_makes() -> None:
    [table] = re.findall(r"^\| resource \|.*?\n\n", TEXT, re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"`(AWS::\w+::\w+)`", table))
    assert named == {resource["Type"] for resource in template_of()["Resources"].values()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
        anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
        assert not anchor or anchor in anchors, target

"""Every command in README.md and docs/ has a test; a page or a command that is new says here which.

A page that a test follows is run word for word. For the other pages the test does the same with another instance.
"""

import re
from itertools import chain

import pytest

from tests.runbook import PROJECT, blocks, commands

DEPLOYED = "test_a_deployed_instance_has_its_settings_and_verifies"
SIDE_BY_SIDE = "test_all_instances_are_deployed_together_and_shown_side_by_side"
SET_UP = "test_the_set_up_is_what_these_tests_run_in"
BY_THE_CLI = "test_with_the_policy_of_the_caller_the_cdk_cli_deploys_changes_and_destroys_a_stack_and_packages_stay"
SYNTHESISED = "test_the_same_commit_gives_the_same_bytes_and_no_word_more"

# By page, each command, and the test or the fixture that runs it.
RUN_BY = {
    "README.md": {
        "make demo": "test_the_demo_does_the_whole_job_and_shows_nothing_else",
        "make setup": SET_UP,
        ". .venv/bin/activate": SET_UP,
        "cdk synth --quiet": SYNTHESISED,
        "cdk deploy GhesPackages-production": BY_THE_CLI,
        "ghes-packages settings production --show-secret": DEPLOYED,
        "ghes-packages status production": "test_the_runbook_rotates_without_a_failed_request",
        "ghes-packages verify production": DEPLOYED,
        "make deploy INSTANCE=production": "test_the_tour_shows_what_it_says",
        "ghes-packages review base/cdk.out head/cdk.out": "test_two_assemblies_are_reviewed_without_aws",
        "aws cloudformation update-termination-protection --no-enable-termination-protection"
        " --stack-name GhesPackages-production": "test_a_retained_bucket_is_taken_back_with_its_packages",
        "cdk destroy GhesPackages-production": BY_THE_CLI,
    },
    "docs/many-instances.md": {
        "ghes-packages status": SIDE_BY_SIDE,
        "ghes-packages verify --all": SIDE_BY_SIDE,
        "cdk synth --quiet": SYNTHESISED,
        'reviewed() { for name in "$@"; do ghes-packages review --deployed "$name" || return; done; }': (
            "test_the_jump_that_would_cut_ghes_off_is_refused_by_rotate_and_before_the_deploy"
        ),
        "reviewed production staging europe && cdk deploy --app cdk.out --all --concurrency 4"
        " --require-approval never": SIDE_BY_SIDE,
    },
    "docs/troubleshooting.md": {"ghes-packages verify production": DEPLOYED},
    "docs/upgrading.md": {
        "make setup": SET_UP,
        "cdk synth --quiet": SYNTHESISED,
        "ghes-packages review --deployed production": (
            "test_a_stack_of_the_bootstrap_is_deployed_without_it_and_back_and_no_resource_changes"
        ),
        "make deploy INSTANCE=production": "test_the_tour_shows_what_it_says",
        "ghes-packages verify production": DEPLOYED,
    },
    "docs/pipeline.md": {
        'git commit --allow-empty --message "Rename the bucket: it is empty"'
        ' --trailer "Accept-risk: production/bucket-orphaned-PackagesBucket3210E67E"': "merged",
    },
}

# By page, what no test runs: the embedded AWS has one account and one partition, and no host of S3's own name.
RUN_BY_NONE = {
    "docs/troubleshooting.md": {
        "curl --silent --output /dev/null --write-out '%{http_code}\\n'"
        " https://ghespackages-production-packagesbucket3210e67e-1a2b3c4d5e6f.s3.us-west-2.amazonaws.com/",
    },
    "docs/many-instances.md": {
        "cdk bootstrap aws://444455556666/us-west-2 --trust 111122223333"
        " --cloudformation-execution-policies arn:aws:iam::aws:policy/AdministratorAccess",
        "cdk deploy --app cdk.out --profile govcloud GhesPackages-government",
        "cdk deploy --profile govcloud -c instances=govcloud.toml --all",
    },
}

# Runbooks, and the tests that follow them to the end. Theirs also notice a command that is new.
FOLLOWED_BY = {
    "docs/bring-back.md": [
        "test_deleted_packages_come_back",
        "test_deleted_packages_come_back_in_the_replica_too",
    ],
    "docs/deploy-permissions.md": ["test_the_commands_of_the_page_make_both_policies_of_an_instance"],
    "docs/deploying.md": [
        "test_a_stack_of_the_bootstrap_is_deployed_without_it_and_back_and_no_resource_changes",
        "test_the_commands_of_make_template_deploy_a_stack_of_any_name",
    ],
    "docs/encryption.md": ["test_the_way_back_to_a_key_of_the_stacks_own_is_refused_until_the_alias_is_deleted"],
    "docs/leaked-key.md": [
        "test_a_leaked_key_is_refused_after_one_command",
        "test_a_leaked_key_is_replaced_by_hand_while_no_deploy_works",
    ],
    "docs/move.md": ["test_a_moved_bucket_has_every_key_and_checksum"],
    "docs/replica.md": ["test_the_runbook_of_the_replica_leads_to_a_ghes_in_the_other_region"],
    "docs/rotation.md": [
        "test_the_runbook_rotates_without_a_failed_request",
        "test_the_ways_back_of_the_runbook_lead_back",
    ],
    "docs/stacksets.md": ["test_the_stack_sets_runbook_leads_to_a_stack_that_the_commands_find"],
    "docs/staging.md": ["test_staging_cannot_reach_production"],
    "docs/terraform.md": ["test_the_terraform_runbook_deploys_what_verify_passes"],
    "docs/tour.md": ["test_the_tour_shows_what_it_says"],
    "docs/take-back.md": [
        "test_a_retained_bucket_is_taken_back_with_its_packages",
        "test_a_bucket_with_a_kms_key_is_taken_back_and_verify_says_how",
        "test_a_replica_outlives_its_stack_until_it_is_deleted_for_good_too",
    ],
}


def test_every_page_with_commands_is_here() -> None:
    pages = ["README.md", *sorted(str(file.relative_to(PROJECT)) for file in PROJECT.glob("docs/*.md"))]
    assert {page for page in pages if blocks(page)} == RUN_BY.keys() | FOLLOWED_BY.keys()


@pytest.mark.parametrize("page", RUN_BY)
def test_every_command_of_a_page_is_here(page: str) -> None:
    assert sorted(commands(page)) == sorted([*RUN_BY[page], *RUN_BY_NONE.get(page, ())])


def test_the_tests_that_are_named_here_exist() -> None:
    tests = "".join(file.read_text() for file in (PROJECT / "tests").rglob("*.py"))
    defined = set(re.findall(r"^def (\w+)\(", tests, re.MULTILINE))
    named = {*chain(*(page.values() for page in RUN_BY.values())), *chain(*FOLLOWED_BY.values())}
    assert named - defined == set()

"""What the steps of deploy.yml do, run as a runner runs them."""

import pytest
from markdown_it import MarkdownIt

from tests.workflows.conftest import Runner
from tests.workflows.files import jobs

RISK = "production/bucket-orphaned-PackagesBucket3210E67E"


@pytest.mark.parametrize(
    ("instance", "accept"),
    [("*", ""), ("--help", ""), ("a b", ""), ("", ""), ("$(id)", ""), ("production", ";id"), ("production", "a\nb")],
)
def test_deploy_refuses_an_input_of_another_form_first(runner: Runner, instance: str, accept: str) -> None:
    first = jobs()["deploy/deploy"]["steps"][0]
    done = runner.run("deploy/deploy", first["name"], INSTANCE=instance, ACCEPT=accept)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def deployed(runner: Runner, refused: str = "") -> str:
    """The calls of the steps with credentials, up to the first that fails as the runner does; `refused` fails."""
    inputs = {"INSTANCE": "production", "ACCEPT": f"{RISK} access-key-1-in-use"}
    names = [each["name"] for each in jobs()["deploy/deploy"]["steps"] if "name" in each]
    assert runner.run("deploy/deploy", names[0], **inputs).returncode == 0
    for name in names[names.index("Assume the role") + 1 :]:
        if runner.run("deploy/deploy", name, EXIT_STATUS=str(int(name == refused)), **inputs).returncode:
            break
    return runner.read("calls")


REVIEWED = f"ghes-packages review --deployed production --accept={RISK} --accept=access-key-1-in-use\n"


def test_deploy_reviews_shows_deploys_and_verifies(runner: Runner) -> None:
    (runner.temp / "said").write_text("what the review says\n<img src=x> @octocat\n")
    assert deployed(runner) == (
        f"{REVIEWED}cdk diff --method=template --app cdk.out GhesPackages-production\n"
        "cdk deploy --app cdk.out GhesPackages-production --require-approval never\n"
        "ghes-packages verify production\nghes-packages settings production\n"
    )
    [code] = MarkdownIt().parse(runner.read("summary"))
    assert (code.type, code.content) == ("code_block", "what the review says\n<img src=x> @octocat\n")


def test_nothing_is_deployed_that_the_review_refuses(runner: Runner) -> None:
    assert deployed(runner, refused="Review") == REVIEWED

import io

from rich.console import Console

from ghes_packages.verify.report import Check, Failed, Finding, Outcome, Report, make
from ghes_packages.verify.writing import write_tables

REMEDY = "aws s3api put-public-access-block --bucket a-bucket --public-access-block-configuration '{\"a\": [true]}'"


def finding(title: str, outcome: Outcome, happened: str, action: str = "") -> Finding:
    return Finding(Check("A section", title, "as it should be", str, REMEDY, action=action), outcome, happened)


REPORT = Report(
    "production",
    (
        finding("put it", Outcome.PASSED, "stored", action="s3:PutObject"),
        finding("look at it", Outcome.FAILED, "[all] four " + "very long words " * 10),
        finding("get it", Outcome.NOT_CHECKED, "needs: put it"),
    ),
)


def lines_of(width: int) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    write_tables(REPORT, console)
    return console.export_text().splitlines()


def test_the_tables_fit_and_only_the_command_to_copy_is_longer() -> None:
    assert [line for line in lines_of(80) if len(line) > 80] == [f"  what to do: {REMEDY}"]


def test_what_happened_is_there_to_the_last_word_and_is_no_markup() -> None:
    text = " ".join(" ".join(lines_of(80)).split())
    assert "look at it: [all] four very long words" in text


def test_what_aws_answers_is_one_line_that_no_terminal_obeys() -> None:
    def grants() -> str:
        raise Failed("lets in \x1b[2J\x1b]0;all fine\x07\nok  everything")

    [found] = make([Check("A section", "look at it", "as \x1b[it", grants, "remove \x1b[2J\r")], lambda _: None)
    assert found.happened == "lets in ?[2J?]0;all fine??ok  everything"
    assert (found.check.expected, found.check.remedy) == ("as ?[it", "remove ?[2J?")


def test_the_last_line_is_the_sum() -> None:
    assert lines_of(80)[-1] == "production: 1 passed, 1 failed, 1 not checked"


def test_json_has_every_check_and_the_remedy_of_what_failed_only() -> None:
    written = REPORT.for_machines()
    assert {key: written[key] for key in ("instance", "passed", "failed", "not_checked")} == {
        "instance": "production",
        "passed": 1,
        "failed": 1,
        "not_checked": 1,
    }
    assert [(check["title"], check["outcome"], check["action"], check["remedy"]) for check in written["checks"]] == [
        ("put it", "passed", "s3:PutObject", None),
        ("look at it", "failed", None, REMEDY),
        ("get it", "not checked", None, None),
    ]

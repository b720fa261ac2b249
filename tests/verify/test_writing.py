import io

import pytest
from rich.console import Console

from ghes_packages.verify.report import Check, Failed, Finding, Outcome, Report, make
from ghes_packages.verify.writing import write

REMEDY = "aws s3api put-public-access-block --bucket a-bucket --public-access-block-configuration '{\"a\": [true]}'"


def finding(
    title: str, outcome: Outcome, happened: str, action: str = "", section: str = "Half a section", needs: str = ""
) -> Finding:
    check = Check(section, title, "as it should be", str, REMEDY, needs, action)
    return Finding(check, outcome, happened)


REPORT = Report(
    "production",
    (
        finding("read it", Outcome.PASSED, "read", section="A section in which all is well"),
        finding("put it", Outcome.PASSED, "stored", action="s3:PutObject"),
        finding("look at it", Outcome.FAILED, "[all] four " + "very long words " * 10),
        finding("get it", Outcome.NOT_CHECKED, "you lack rights", needs="put it"),
        finding("list it", Outcome.NOT_CHECKED, "you lack rights"),
        finding("count it", Outcome.NOT_CHECKED, "needs: list it", needs="list it"),
    ),
)


def lines_of(width: int, report: Report = REPORT, *, all_checks: bool = False) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    write(report, console, all_checks=all_checks)
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_a_section_in_which_all_is_well_is_one_line_and_what_is_wrong_comes_last() -> None:
    assert lines_of(80) == [
        "ok      A section in which all is well  1 passed",
        "FAILED  Half a section                  1 of 5 passed",
        "production: 2 passed, 1 failed, 3 not checked",
        "",
        "Half a section: get it, list it",
        "  not checked: you lack rights",
        "",
        "Half a section: look at it",
        "  expected: as it should be",
        "  found: [all] four very long words very long words very long words very long",
        "  words very long words very long words very long words very long words very",
        "  long words very long words",
        f"  what to do: {REMEDY}",
    ]


def test_a_section_that_could_not_be_checked_is_not_well() -> None:
    report = Report("production", (*REPORT.findings[:2], REPORT.findings[3]))
    assert lines_of(80, report)[1] == "?       Half a section                  1 of 2 passed"


def test_each_check_has_a_line_where_that_is_asked_for_and_what_is_wrong_comes_last() -> None:
    lines = lines_of(80, all_checks=True)
    for title in ("read it", "put it", "get it", "list it", "count it"):
        assert any(f" {title}  " in line for line in lines)
    end = lines_of(80)[2:]
    assert lines[-len(end) :] == end


def test_the_last_line_is_the_sum_where_all_is_well() -> None:
    assert lines_of(80, Report("production", REPORT.findings[:2]))[-1] == "production: 2 passed, 0 failed"


def test_quiet_has_a_line_for_what_failed_and_for_what_could_not_be_checked() -> None:
    unchecked, failed = REPORT.problems()
    assert unchecked == "Half a section: get it, list it: not checked: you lack rights"
    assert failed.startswith("Half a section: look at it: [all] four very long words ")
    assert failed.endswith(f"; what to do: {REMEDY}")


@pytest.mark.parametrize("all_checks", [True, False])
def test_it_fits_and_only_the_command_to_copy_is_longer(*, all_checks: bool) -> None:
    assert [line for line in lines_of(80, all_checks=all_checks) if len(line) > 80] == [f"  what to do: {REMEDY}"]


def test_what_aws_answers_is_one_line_that_no_terminal_obeys() -> None:
    def grants() -> str:
        raise Failed("lets in \x1b[2J\x1b]0;all fine\x07\nok  everything")

    [found] = make([Check("A section", "look at it", "as \x1b[it", grants, "remove \x1b[2J\r")], lambda _: None)
    assert found.happened == "lets in ?[2J?]0;all fine??ok  everything"
    assert (found.check.expected, found.check.remedy) == ("as ?[it", "remove ?[2J?")


def test_json_has_every_check_and_the_remedy_of_what_failed_only() -> None:
    written = REPORT.for_machines()
    assert {key: written[key] for key in ("instance", "passed", "failed", "not_checked")} == {
        "instance": "production",
        "passed": 2,
        "failed": 1,
        "not_checked": 3,
    }
    assert [(check["title"], check["outcome"], check["action"], check["remedy"]) for check in written["checks"]] == [
        ("read it", "passed", None, None),
        ("put it", "passed", "s3:PutObject", None),
        ("look at it", "failed", None, REMEDY),
        ("get it", "not checked", None, None),
        ("list it", "not checked", None, None),
        ("count it", "not checked", None, None),
    ]

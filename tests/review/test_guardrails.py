"""What a review makes of broken promises; tests/guardrails goes through every way to break one."""

import copy
import json
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from ghes_packages import review
from ghes_packages.review import markdown
from ghes_packages.review.pull_request import review_assemblies
from ghes_packages.review.report import Report, Reviewed, State
from tests.guardrails.breaks import (
    BREAKS,
    BUCKET,
    BUCKET_POLICY,
    DENIED,
    REPLICATED,
    SECRET,
    USER,
    Break,
    added,
    allow,
    edited,
    gone,
    more,
    of,
    to,
)
from tests.review.pairs import assembly, changes, changes_between, ids, of_instance, stack
from tests.synthesis import replica_template_of, template_of


def broken_rules(risks: list[str]) -> set[str]:
    """The rules that IDs such as guardrail-tls-only-PackagesBucket3210E67E-0a1b2c3d name."""
    found = (each.removeprefix("guardrail-") for each in risks if each.startswith("guardrail-"))
    return {
        rule for each in found for rule in {each.rule for each in BREAKS} if each.startswith(rule.replace("_", "-"))
    }


@pytest.mark.parametrize("rule", sorted({each.rule: each for each in BREAKS}.items()), ids=itemgetter(0))
def test_what_the_stack_before_breaks_in_the_same_way_is_no_risk_of_the_change(rule: tuple[str, Break]) -> None:
    _, broken = rule
    before = of_instance(broken.template, broken.instance)
    after = of_instance({**broken.template, "Description": "other words"}, broken.instance)
    assert broken_rules(ids(review.of_a_new_stack(after))) >= {broken.rule}
    assert broken_rules(ids(changes_between(before, after))) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (to(f"{of(BUCKET)}.VersioningConfiguration", {}), gone(f"{of(BUCKET)}.VersioningConfiguration")),
        (more(DENIED, allow({"AWS": "111122223333"})), more(DENIED, allow({"AWS": "*"}))),
        (
            to(f"Resources.{USER}.Metadata", {"a.b": "{{resolve:x}}"}),
            to(f"Resources.{USER}.Metadata", {"a.b": "{{y}}"}),
        ),
        (to("Mappings", {"M": {}}), to("Mappings", {"M": {"a": {"b": "c"}}})),
        (added("AWS::IAM::User"), added("AWS::IAM::User", UserName="administrator")),
    ],
    ids=["versions", "a principal", "a key with a dot", "a section", "a second user"],
)
def test_another_value_in_the_same_place_is_a_risk_again(before: Any, after: Any) -> None:
    found = broken_rules(ids(changes(edited(after), edited(before))))
    assert found
    assert broken_rules(ids(changes(edited(after), edited(after)))) == set()


def test_whoever_accepts_a_broken_promise_accepts_no_other_value() -> None:
    [one], [again], [other] = (
        ids(changes(edited(to(f"{of(BUCKET)}.AccessControl", acl)))) for acl in ("Private", "Private", "PublicRead")
    )
    assert one == again != other
    assert one.startswith(f"guardrail-acls-off-{BUCKET}-")


def test_a_row_says_where_the_promise_why_and_what_to_do_and_no_value() -> None:
    found = tuple(changes(edited(to(f"{of(SECRET)}.SecretString", "hunter2"))))
    report = Report((Reviewed("production", State.CHANGED, found, "production/"),))
    for text in (markdown.written(report), report.as_text("", "make deploy"), report.as_json()):
        assert "hunter2" not in text
        told = " ".join(text.split())
        assert "The secret key must be only in the secret, by reference. It goes to Secrets Manager inside" in told
        assert "Write the five fields as the outputs have them, and the secret key as a reference" in told
        assert f"guardrail-no-secret-in-clear-{SECRET}-" in text
    assert f"`{SECRET}`, `Properties.SecretString`: breaks no_secret_in_clear" in markdown.written(report)


HOSTILE = "x` | <img src=x> @octocat"


def test_no_name_of_a_template_leaves_its_cell() -> None:
    template = edited(to(HOSTILE, {}))
    template["Resources"][USER]["Properties"] |= {HOSTILE: {f"Fn::{HOSTILE}": 1}}
    template["Resources"][HOSTILE] = {"Type": HOSTILE, "Condition": "x"}
    template["Parameters"] = {HOSTILE: {}}
    found = tuple(review.of_a_new_stack(stack(template)))
    text = markdown.written(Report((Reviewed("production", State.CHANGED, found),)))
    assert "octocat" in text
    assert "<img" not in text
    assert " @octocat" not in text


def test_a_replica_is_held_to_the_promises_too() -> None:
    assert REPLICATED.replica
    before = replica_template_of(REPLICATED)
    after = copy.deepcopy(before)
    after["Resources"]["ReplicaBucket80C984FB"]["Properties"].pop("VersioningConfiguration")
    was, becomes = (of_instance(each, REPLICATED.replica) for each in (before, after))
    for found in (review.of_a_new_stack(becomes), changes_between(was, becomes)):
        assert broken_rules(ids(found)) == {"versioned"}


def test_what_is_acknowledged_at_synth_hides_nothing(tmp_path: Path) -> None:
    finding = {"acknowledgedId": "Guardrails::versioned", "reason": "because"}
    report = json.dumps({"pluginReports": [{"suppressedViolations": [finding]}]})
    broken = edited(to(f"{of(BUCKET)}.VersioningConfiguration.Status", "Suspended"))
    base, head = tmp_path / "base", assembly(tmp_path / "head", {"one": broken, "new": broken})
    (head / "validation-report.json").write_text(report)
    found = review_assemblies(assembly(base, {"one": template_of()}), head, ())
    assert [each.id.rpartition("-")[0] for each in found.risks] == [
        f"{name}/guardrail-versioned-{BUCKET}" for name in ("new", "one")
    ]
    assert "| `Guardrails::versioned` |" in markdown.written(found)


def test_the_policy_of_a_bucket_is_judged_where_it_is() -> None:
    [dropped, *others] = ids(changes(edited(gone(f"{DENIED}.1"))))
    assert dropped.startswith("access-denial-everybody-")
    assert [each.rpartition("-")[0] for each in others] == [f"guardrail-tls-only-{BUCKET_POLICY}"]

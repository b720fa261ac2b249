"""What is left of the four rule packs' findings, one by one."""

import json
from collections import Counter
from pathlib import Path

from app import build
from ghes_packages.config.instances import load
from ghes_packages.config.values import RulePack
from ghes_packages.template import assembly
from tests.findings import ACKNOWLEDGED
from tests.stacks.test_packages_storage import BUCKET
from tests.synthesis import INSTANCE, PROJECT, app
from tests.validation import violations_in


def test_the_regulated_example_is_left_with_the_findings_that_the_readme_lists(tmp_path: Path) -> None:
    instances = load(PROJECT / "examples/regulated.toml")
    assert set(instances["production"].rule_packs) == set(RulePack)
    whole = app(outdir=str(tmp_path))
    build(whole, instances.values())
    whole.synth()
    assert violations_in(tmp_path) == set()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    found = Counter(
        (finding["ruleName"].partition("[")[0], construct["constructPath"].removesuffix("/Resource"))
        for plugin in report["pluginReports"]
        for finding in plugin["suppressedViolations"]
        for construct in finding["violatingConstructs"]
    )
    assert found == Counter(each for row in ACKNOWLEDGED for each in row.each())
    assert found.total() == 20
    reviewed = assembly.read(tmp_path)["production"].acknowledged
    assert reviewed["AwsSolutions::AwsSolutions-SMG4", "Access/Secret"].startswith("Only an administrator can")


def test_an_instance_without_options_is_left_with_two_findings_and_their_reasons(tmp_path: Path) -> None:
    whole = app(outdir=str(tmp_path))
    build(whole, [INSTANCE])
    whole.synth()
    acknowledged = assembly.read(tmp_path)["production"].acknowledged
    assert acknowledged.keys() == {
        (f"AwsSolutions::AwsSolutions-IAM5[Resource::<{BUCKET}.Arn>/*]", "Access/Policy"),
        ("AwsSolutions::AwsSolutions-SMG4", "Access/Secret"),
    }
    assert all(len(reason) > 80 for reason in acknowledged.values())

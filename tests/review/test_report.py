"""The report of two assemblies: what a pull request shows, and what the exit status is."""

import json
import re
from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from ghes_packages import review
from ghes_packages.errors import ConfigurationError
from ghes_packages.review import markdown
from ghes_packages.review.pull_request import review_assemblies
from ghes_packages.review.report import Report
from ghes_packages.review.table import cell, code
from ghes_packages.template import assembly as assemblies
from ghes_packages.template.rendering import in_words, names
from ghes_packages.template.rendering import rendered as text_of
from tests.guardrails.breaks import BUCKET, BUCKET_POLICY, POLICY, RULE, SECRET, USER, Edit, edited, gone, of, to
from tests.review.pairs import Json, assembly, stack
from tests.synthesis import template_of

SHORTER = to(f"{RULE}.NoncurrentVersionExpiration.NoncurrentDays", 7)
RISK = f"production/retention-noncurrent-versions-stay-{BUCKET}"


def reviewed(folder: Path, before: dict[str, Json], after: dict[str, Json], *accepted: str, **head: Any) -> Report:
    return review_assemblies(assembly(folder / "base", before), assembly(folder / "head", after, **head), accepted)


def test_a_risk_is_refused_until_it_is_accepted_by_its_id(tmp_path: Path) -> None:
    refused = reviewed(tmp_path, {"production": template_of()}, {"production": edited(SHORTER)})
    assert [(risk.id, risk.instance) for risk in refused.risks] == [(RISK, "production")]
    accepted = refused.accepting([RISK])
    assert (refused.exit_status, accepted.exit_status) == (1, 0)
    assert "**Refused**: 1 risk not accepted." in markdown.written(refused)
    assert "**Passed**: 1 risk, accepted." in markdown.written(accepted)
    assert [risk["accepted"] for risk in json.loads(accepted.as_json())["risks"]] == [True]
    _, _, _, told, *_, how = refused.as_text(
        "no risk found", "make deploy INSTANCE=production INSTANCES=other.toml"
    ).splitlines()
    assert told.startswith(f"production: REFUSED {RISK}: ")
    assert how.endswith(f': make deploy INSTANCE=production INSTANCES=other.toml ACCEPT="{RISK}"')
    with pytest.raises(ConfigurationError, match=f"--accept another: this change has no such risk; it has: {RISK}"):
        refused.accepting(["another"])


def test_a_new_instance_is_no_risk_and_has_a_picture_and_its_access(tmp_path: Path) -> None:
    report = reviewed(tmp_path, {}, {"production": template_of()})
    text = markdown.written(report)
    assert report.exit_status == 0
    assert "### New: `production`" in text
    [picture] = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    for label in ("IAM user<br/>AccessUser", "7 actions", "bucket<br/>PackagesBucket<br/>stays", "secret", "group"):
        assert label in picture
    assert re.search(r"n(\d+) -- access logs --> n", picture)
    assert "| `${AccessUser}` | `s3:ListBucket`<br>`s3:ListBucketMultipartUploads` | allowed |" in text


def test_an_instance_that_goes_is_a_risk(tmp_path: Path) -> None:
    report = reviewed(tmp_path, {"production": template_of()}, {})
    assert [risk.id for risk in report.risks] == ["production/instance-removed"]


def test_what_did_not_change_is_counted_and_what_changes_alike_is_told_once(tmp_path: Path) -> None:
    before = {f"ghes-{number}": template_of() for number in range(4)}
    after = {**before, "ghes-1": edited(SHORTER), "ghes-2": edited(SHORTER)}
    text = markdown.written(reviewed(tmp_path, before, after))
    assert "Instances: 2 changed, 2 unchanged." in text
    assert (
        f"| refused<br>`{RISK.replace('production', 'ghes-1')}`<br>`{RISK.replace('production', 'ghes-2')}` |" in text
    )
    assert text.count("###") == 1
    assert "### Changed: `ghes-1`, `ghes-2`" in text


def test_nothing_changed_is_said_in_one_line(tmp_path: Path) -> None:
    report = reviewed(tmp_path, {"production": template_of()}, {"production": template_of()})
    assert markdown.written(report).splitlines()[2:] == ["**Passed**: no risk found. Instances: 1 unchanged."]


def acknowledging(folder: Path, finding: str) -> Path:
    """An assembly with a finding that somebody acknowledged."""
    found = {
        "acknowledgedId": finding,
        "reason": "because",
        "violatingConstructs": [{"constructPath": "GhesPackages-production/Packages/Bucket/Resource"}],
    }
    made = assembly(folder, {"production": template_of()}, tags={"team": "packages"})
    report = {"pluginReports": [{"suppressedViolations": [found]}]}
    (made / "validation-report.json").write_text(json.dumps(report))
    return made


def test_tags_of_the_stack_and_acknowledged_findings_are_rows(tmp_path: Path) -> None:
    base = assembly(tmp_path / "base", {"production": template_of()})
    head = acknowledging(tmp_path / "head", "AwsSolutions::S1")
    found = review_assemblies(base, head, ())
    text = markdown.written(found)
    assert "| `the stack` | tags | `team=packages` |" in text
    assert "| `AwsSolutions::S1` | `Packages/Bucket` | added | `because` |" in text
    assert found.exit_status == 0
    assert "| dropped | `because` |" in markdown.written(review_assemblies(head, base, ()))


def test_a_finding_of_no_construct_is_shown_for_every_stack(tmp_path: Path) -> None:
    base = assembly(tmp_path / "base", {"one": template_of(), "two": template_of()})
    head = assembly(tmp_path / "head", {"one": template_of(), "two": template_of()})
    finding = {"acknowledgedId": "Guardrails::versioned", "reason": "because"}
    (head / "validation-report.json").write_text(json.dumps({"pluginReports": [{"suppressedViolations": [finding]}]}))
    found = review_assemblies(base, head, ())
    assert [[row.what for row in each.changes] for each in found.instances] == [["added"], ["added"]]
    assert found.exit_status == 0


def test_a_plugin_cannot_be_taken_out_unseen(tmp_path: Path) -> None:
    base, head = (assembly(tmp_path / name, {"production": template_of()}) for name in ("base", "head"))
    (base / "validation-report.json").write_text(json.dumps({"pluginReports": [{"pluginName": "AwsSolutions"}]}))
    assert [risk.id for risk in review_assemblies(base, head, ()).risks] == ["production/checks-removed-AwsSolutions"]
    assert review_assemblies(head, base, ()).exit_status == 0


def test_a_plugin_that_found_nothing_is_not_missed(tmp_path: Path) -> None:
    base, head = (assembly(tmp_path / name, {"production": template_of()}) for name in ("base", "head"))
    reports = {"pluginReports": [{"pluginName": each} for each in ("CloudFormation-Validate", "Guardrails")]}
    (base / "validation-report.json").write_text(json.dumps(reports))
    assert review_assemblies(base, head, ()).exit_status == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"cloudFormationExecutionRoleArn": "arn:aws:iam::999999999999:role/mine"},
        {"assumeRoleArn": "arn:aws:iam::999999999999:role/mine"},
        {"notificationArns": ["arn:aws:sns:eu-west-1:999999999999:mine"]},
        {"additionalDependencies": ["Helper"]},
        {"stackName": "production"},
        {"templates": "mine"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_way_to_deploy_the_stack_is_a_risk(tmp_path: Path, changed: Json) -> None:
    report = reviewed(tmp_path, {"production": template_of()}, {"production": template_of()}, **changed)
    called = {"additionalDependencies": "dependencies", "templates": "stackTemplateAssetObjectUrl"}
    [name] = changed
    assert [risk.id for risk in report.risks] == [f"production/deployment-{called.get(name, name)}"]


def test_a_hash_and_an_account_that_becomes_known_are_no_other_way_to_deploy(tmp_path: Path) -> None:
    def deployed(account: str, region: str) -> Json:
        return {
            "assumeRoleArn": f"arn:aws:iam::{account}:role/cdk-{region}",
            "templates": f"cdk-{account}",
            "additionalDependencies": [f"GhesPackages-production{each}" for each in (".assets", "-Replica")],
        }

    for name, environment, properties in (
        ("base", "aws://unknown-account/unknown-region", deployed("${AWS::AccountId}", "${AWS::Region}")),
        ("head", "aws://111122223333/us-west-2", deployed("111122223333", "us-west-2")),
    ):
        folder = assembly(tmp_path / name, {"production": {**template_of(), "Description": name}}, **properties)
        text = (folder / "manifest.json").read_text()
        (folder / "manifest.json").write_text(text.replace("aws://unknown-account/unknown-region", environment))
    assert review_assemblies(tmp_path / "base", tmp_path / "head", ()).exit_status == 0


OTHER = "other.json"


def _asset(manifest: Json) -> Any:
    [asset] = manifest["files"].values()
    return asset


def _hashed_otherwise(folder: Path) -> None:
    template = folder / "GhesPackages-production.template.json"
    template.write_text(template.read_text() + " ")


def _in_manifest(edit: Edit) -> Callable[[Path], None]:
    return _in("manifest.json", lambda manifest: edit(manifest["artifacts"]))


def _in(name: str, edit: Edit) -> Callable[[Path], None]:
    def edited(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        edit(content)
        (folder / name).write_text(json.dumps(content))

    return edited


def _noted(folder: Path) -> None:
    (folder / OTHER).write_text(json.dumps(LEGACY))
    _in_manifest(lambda artifacts: artifacts[STACK].update(additionalMetadataFile=OTHER))(folder)


STACK, ASSETS = "GhesPackages-production", "GhesPackages-production.assets.json"
LEGACY = {"/x": [{"type": "aws:cdk:asset", "data": {"packaging": "container-image", "path": "."}}]}


@pytest.mark.parametrize(
    "edit",
    [
        _hashed_otherwise,
        _noted,
        _in_manifest(lambda artifacts: artifacts[STACK].update(metadata=LEGACY)),
        _in_manifest(lambda artifacts: artifacts.pop(f"{STACK}.assets")),
        _in_manifest(lambda artifacts: artifacts[STACK]["properties"].pop("stackTemplateAssetObjectUrl")),
        _in_manifest(lambda artifacts: artifacts.update(Other={"type": "cdk:other"})),
        _in(ASSETS, lambda assets: _asset(assets)["source"].update(path=OTHER)),
        _in(ASSETS, lambda assets: _asset(assets)["source"].update(path=f"./{STACK}.template.json")),
        _in(ASSETS, lambda assets: _asset(assets)["source"].update(packaging="zip")),
        _in(ASSETS, lambda assets: _asset(assets)["source"].update(executable=["sh", "-c", "env"])),
        _in(ASSETS, lambda assets: _asset(assets)["destinations"]["here"].update(objectKey=OTHER)),
        _in(ASSETS, lambda assets: _asset(assets)["destinations"]["here"].update(bucketName="mine")),
        _in(ASSETS, lambda assets: _asset(assets)["destinations"].update(there=_asset(assets)["destinations"]["here"])),
        _in(ASSETS, lambda assets: assets["files"].update(another=_asset(assets))),
        _in(ASSETS, lambda assets: assets["dockerImages"].update(x={"source": {"executable": ["sh"]}})),
        _in(ASSETS, lambda assets: assets.update(other={})),
    ],
)
def test_an_assembly_that_uploads_or_runs_anything_but_the_reviewed_template_is_none(
    tmp_path: Path, edit: Callable[[Path], None]
) -> None:
    folder = assembly(tmp_path / "cdk.out", {"production": template_of()})
    assert list(assemblies.read(folder)) == ["production"]
    edit(folder)
    with pytest.raises(ConfigurationError, match="not an assembly"):
        assemblies.read(folder)


HOSTILE = "x` | <img src=x> @octocat #1 https://evil.example \n| a | \\| ``` </details> \u202e"


def test_a_value_stays_in_its_cell_as_text(tmp_path: Path) -> None:
    template = template_of()
    template["Resources"][POLICY]["Properties"][HOSTILE] = "x"
    text = markdown.written(reviewed(tmp_path, {"production": template_of()}, {"production": template}))
    rows = [line for line in text.splitlines() if "octocat" in line]
    assert [row.count("|") for row in rows] == [3, 5, 5]
    for row in rows:
        [value] = re.findall(r"<code>(.*)</code>", row)
        assert not set(value) & set("`|<>@#:\\\n\u202e") - set("#")
        assert re.fullmatch(r"(?:[\w ]|&#\d+;)*", value)


def test_a_markdown_parser_sees_tables_of_whole_rows_and_no_html_but_ours(tmp_path: Path) -> None:
    after = edited(to(f"{of(BUCKET)}.Tags", [{"Key": "k", "Value": HOSTILE}]))
    after["Resources"][POLICY]["Properties"]["PolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": HOSTILE, "Resource": HOSTILE, "Condition": {HOSTILE: {HOSTILE: HOSTILE}}}
    )
    report = reviewed(tmp_path, {"production": template_of()}, {"production": after, "new": after})
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.written(report))
    inline = [each for token in tokens for each in (token, *(token.children or ()))]
    html = {each.content.strip() for each in inline if each.type in ("html_inline", "html_block")}
    assert {re.sub(r"<summary>[\w ]+</summary>", "", each) for each in html} == {
        "<br>",
        "<code>",
        "</code>",
        "<details>",
        "</details>",
    }
    assert not [each for each in inline if each.type in ("link_open", "image")]
    assert sum(token.type == "table_open" for token in tokens) == 5
    cells = ["".join(each.content for each in token.children or ()) for token in tokens if token.type == "inline"]
    whole = HOSTILE.replace("\n", "\\n").replace("\u202e", "\\u202e")
    assert f"<code>k={whole}</code>" in cells
    assert f"<code>{whole}</code>" in cells


@pytest.mark.parametrize("name", ['A"] --> evil["', "A`|<b>@octocat"])
def test_a_logical_id_cannot_leave_the_picture_or_the_table(tmp_path: Path, name: str) -> None:
    after = template_of()
    after["Resources"][name] = after["Resources"].pop(USER)
    text = markdown.written(reviewed(tmp_path, {}, {"production": after}))
    picture, _, access = text.rpartition("```")
    assert "evil[" not in picture
    assert "<b>" not in text
    assert {line.count("|") for line in access.splitlines() if line.startswith("|")} == {5}


def test_the_longest_report_is_a_comment_that_github_takes_and_keeps_every_risk(tmp_path: Path) -> None:
    before = {f"ghes-{number}": template_of() for number in range(80)}
    after = {
        name: edited(to(f"{of(BUCKET)}.Tags", [{"Key": "x", "Value": f"{name} {'y' * 2000}"}]))
        | {"Outputs": {key: value for key, value in template_of()["Outputs"].items() if key != "IamUserName"}}
        for name in before
    }
    report = reviewed(tmp_path, before, after)
    text = markdown.written(report)
    assert len(text) < 65_536
    assert text.count("/output-removed-IamUserName`") == 80
    assert re.search(r"\d+ of 80 sections are left out: `--json` has all of them.", text)
    assert report.as_json().count("y" * 2000) == 80


def test_a_cell_shows_only_so_much() -> None:
    assert code("x" * 1000).startswith("`" + "x" * 300 + "… and 700 characters more")
    assert cell(tuple(map(str, range(100)))).endswith("and 70 more")
    assert code(" ") == "(blank)"


def test_the_same_assemblies_give_the_same_bytes_wherever_they_are(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        report = reviewed(tmp_path / name, {"production": template_of()}, {"production": edited(SHORTER)})
        texts.append(markdown.written(report) + report.as_json())
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]


ODD_TAGS: tuple[Any, ...] = (None, 7, [])
_PATH = {"constructPath": 7}


def _artifact(**properties: Any) -> Json:
    return {"type": "aws:cloudformation:stack", "properties": properties}


def _stage(name: str) -> Json:
    return {"type": "cdk:cloud-assembly", "properties": {"directoryName": name}}


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        (None, "", "manifest.json: No such file"),
        ("manifest.json", "{", "manifest.json: not JSON"),
        ("manifest.json", "[]", "manifest.json: not an object"),
        ("manifest.json", '{"artifacts": {"a": {"type": "aws:cloudformation:stack"}}}', "'' is not a file in"),
        ("manifest.json", '{"artifacts": []}', "manifest.json: artifacts is not as CDK writes it"),
        ("manifest.json", "[" * 100_000, "manifest.json: not JSON"),
        ("manifest.json", '{"a":' * 200 + "1" + "}" * 200, "manifest.json: more than 100 levels"),
        *(
            ("manifest.json", json.dumps({"artifacts": {"a": _artifact(tags=tags)}}), "artifacts.a.properties.tags")
            for tags in ODD_TAGS
        ),
        *(
            ("manifest.json", json.dumps({"artifacts": {"a": _artifact(templateFile=name)}}), "is not a file in")
            for name in ("../x", "/etc/passwd", "x/../../y", "x\0", ".")
        ),
        *(
            ("manifest.json", json.dumps({"artifacts": {"a": _stage(name)}}), "is not a file in")
            for name in (".", "..", "", "./")
        ),
        *(
            ("validation-report.json", json.dumps({"pluginReports": reports}), "validation-report.json: pluginReports")
            for reports in (None, 7, "x", [7], [{"suppressedViolations": [{"violatingConstructs": [_PATH]}]}])
        ),
        (
            "GhesPackages-production.template.json",
            '{"Resources": {"a\\n**b**\\r": []}}',
            "Resources.a?**b**? is not as CDK writes it: ",
        ),
        ("GhesPackages-production.template.json", "", "GhesPackages-production.template.json: not JSON"),
        (
            "GhesPackages-production.template.json",
            '{"Resources": {"Fn::ForEach::All": []}}',
            "GhesPackages-production.template.json: Resources.Fn::ForEach::All is not as CDK writes it: ",
        ),
        ("validation-report.json", "{", "validation-report.json: not JSON"),
    ],
)
def test_a_folder_that_is_no_assembly_is_one_line(tmp_path: Path, file: str | None, text: str, line: str) -> None:
    folder = tmp_path / "cdk.out"
    if file:
        (assembly(folder, {"production": template_of()}) / file).write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        assemblies.read(folder)
    assert str(refused.value).startswith(f"{folder}: not an assembly: ")
    assert line in str(refused.value)
    assert str(refused.value).isprintable()


def test_what_is_linked_from_elsewhere_is_refused(tmp_path: Path) -> None:
    for name in ("manifest.json", "GhesPackages-production.template.json", "validation-report.json"):
        folder = assembly(tmp_path / name.partition(".")[0], {"production": template_of()})
        (tmp_path / name).write_text("{}")
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(tmp_path / name)
        with pytest.raises(ConfigurationError, match="symbolic link"):
            assemblies.read(folder)


def test_an_unknown_id_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Report(()).accepting(["a\n# b\r"])
    assert str(refused.value) == "--accept a?# b?: this change has no such risk; it has: none"


@pytest.mark.parametrize("other", ["production", "stage"])
def test_two_stacks_of_one_name_cannot_hide_each_other(tmp_path: Path, other: str) -> None:
    folder = assembly(tmp_path / "out", {"production": template_of()})
    assembly(folder / "stage", {"production": template_of()})
    manifest = json.loads((folder / "manifest.json").read_text())
    twin = {**manifest["artifacts"]["GhesPackages-production"]}
    manifest["artifacts"][other] = _stage("stage") if other == "stage" else twin
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigurationError, match="two stacks for production"):
        assemblies.read(folder)


def test_a_stack_of_another_name_keeps_all_of_it(tmp_path: Path) -> None:
    folder = assembly(tmp_path / "out", {"production": template_of()}, stackName="Network")
    assert list(assemblies.read(folder)) == ["Network"]


def test_a_stack_in_a_stage_is_not_overlooked(tmp_path: Path) -> None:
    stage = assembly(tmp_path / "stage", {"production": template_of()})
    artifacts = {"stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": stage.name}}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    assert list(assemblies.read(tmp_path)) == ["production"]


def test_intrinsic_functions_are_written_as_fn_sub_writes_them() -> None:
    called = names(template_of(), {"Resources": {"PackagesBucket00000000": {}, "OtherAAAAAAAA": {}}})
    assert text_of({"Ref": BUCKET}, called) == f"${{{BUCKET}}}"
    assert text_of({"Fn::GetAtt": "OtherAAAAAAAA.Arn"}, called) == "${Other.Arn}"
    assert text_of({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}, called) == "a-${AWS::Region}"
    assert text_of({"Fn::Sub": ["${OtherAAAAAAAA.Arn}/${x} ${!y}", {"x": {"Ref": "Z"}}]}, called) == (
        "${Other.Arn}/${Z} ${!y}"
    )
    assert text_of("${AccessUser}", called) == "${!AccessUser}"
    assert text_of({"Fn::If": ["c", {"Ref": "Z"}, 1]}, called) == '{"Fn::If": ["c", "${Z}", 1]}'


def shown(value: Any) -> str:
    return str(in_words(text_of(value, {})))


PUT_OUT = {"StackName": "GhesPackages-x-Replica", "Region": "us-east-2", "OutputName": "ReplicaKeyArn"}
PART = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (PART, "${AWS::StackId, part 3}"),
        ({"Fn::Join": ["", ["alias/x/", PART]]}, "alias/x/${AWS::StackId, part 3}"),
        ({"Fn::GetStackOutput": PUT_OUT}, "${output ReplicaKeyArn of GhesPackages-x-Replica in us-east-2}"),
        ({"Fn::ImportValue": "a-key"}, '${Fn::ImportValue "a-key"}'),
        ({"Fn::If": ["c", {"Ref": "Z"}, PART]}, '${Fn::If ["c", "${Z}", "${AWS::StackId, part 3}"]}'),
        # What is not quite the same is not called the same.
        (
            {"Fn::Select": [2, {"Fn::Split": [":", {"Ref": "X"}]}]},
            '${Fn::Select [2, "${Fn::Split [\\":\\", \\"${X}\\"]}"]}',
        ),
        ({"Fn::Select": [True, {"Fn::Split": ["/", {"Ref": "X"}]}]}, None),
        ({"Fn::Select": [2, {"Fn::Split": ["/", "${X}"]}]}, None),
        ({"Fn::GetStackOutput": {**PUT_OUT, "RoleArn": "arn:aws:iam::999999999999:role/x"}}, None),
        ({"Fn::GetStackOutput": {**PUT_OUT, "StackName": "x in us-east-2} ${y"}}, None),
    ],
)
def test_a_function_is_shown_in_words(value: Any, words: str | None) -> None:
    assert words is None or shown(value) == words
    assert '{"Fn::' not in shown(value)
    assert words or not re.search(r", part|\$\{output", shown(value))


@pytest.mark.parametrize(
    "value",
    [
        "${AWS::StackId, part 3}",
        json.dumps({"Fn::GetStackOutput": PUT_OUT}),
        {"Fn::Join": ["", ['{"Fn::GetStack', f'Output": {json.dumps(PUT_OUT)}}}']]},
        {"Fn::Join": ['{"Fn::', ["", f'GetStackOutput": {json.dumps(PUT_OUT)}}}']]},
        {"Fn::Sub": json.dumps({"Fn::GetStackOutput": PUT_OUT})},
        {"Ref": "output ReplicaKeyArn of GhesPackages-x-Replica in us-east-2"},
        {"Fn::Sub": "${output ReplicaKeyArn of GhesPackages-x-Replica in us-east-2}"},
        {"Fn::GetAtt": ["AWS::StackId, part 3", "Arn"]},
        {"Ref": 'x} {"Fn::GetStackOutput": ' + json.dumps(PUT_OUT) + "} ${x"},
        {"Fn::X " + json.dumps({"Fn::GetStackOutput": PUT_OUT}): "x"},
        {"Fn::Join": ["", [{json.dumps({"Fn::GetStackOutput": PUT_OUT}): 1, "x": 2}]]},
    ],
    ids=str,
)
def test_no_text_and_no_odd_name_passes_for_a_function(value: Any) -> None:
    real = [shown(PART), shown({"Fn::GetStackOutput": PUT_OUT})]
    assert not [each for each in real if each in shown(value)]


def test_a_property_that_hides_behind_a_function_is_a_risk_where_it_was_a_promise(tmp_path: Path) -> None:
    hidden = to(f"{of(BUCKET)}.LifecycleConfiguration", {"Fn::If": ["c", "a", "b"]})
    report = reviewed(tmp_path, {"production": template_of()}, {"production": edited(hidden)})
    assert RISK in [risk.id for risk in report.risks]


ODD: tuple[Any, ...] = (
    None,
    "x",
    7,
    True,
    [],
    {},
    {"Ref": "A"},
    {"Fn::If": ["c", 1, 2]},
    ["x"],
    [{"a": 1}],
    {"Fn::Join": ["", {}]},
)


def places() -> Iterator[list[tuple[Any, ...]]]:
    """The path of everything in the properties, some at a time: of those, none hides another, or is judged with it."""

    def below(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            yield (*path, key)
            yield from below(value[key], *path, key)

    resources = template_of()["Resources"]
    left = [
        path
        for logical_id in (BUCKET, BUCKET_POLICY, POLICY, USER, SECRET)
        for path in below(resources[logical_id]["Properties"], logical_id, "Properties")
    ]
    while left:
        now: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for path in left:
            if not any(path[: len(each)] == each[: len(path)] for each in now.values()):
                now.setdefault(path[:5], path)  # such as one statement of a policy
        left = [path for path in left if path not in now.values()]
        yield list(now.values())


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_whatever_stands_in_a_property_there_is_a_report(odd: Any) -> None:
    """Every second value in each place, in turn before and after the change."""
    for number, paths in enumerate(list(places())[ODD.index(odd) % 2 :: 2]):
        template = template_of()
        for path in paths:
            *above, last = path
            reduce(getitem, above, template["Resources"])[last] = odd
        before, after = (template, template_of()) if number % 2 else (template_of(), template)
        found = review.reviewed("production", stack(before), stack(after))
        assert all(each.consequence for each in found.options)
        assert not re.search(r'\{"(Fn::|Ref")', markdown.written(Report((found,))))


def test_a_resource_without_properties_can_be_compared(tmp_path: Path) -> None:
    bare = gone(of(BUCKET))
    assert reviewed(tmp_path, {"production": template_of()}, {"production": edited(bare)}).exit_status == 1

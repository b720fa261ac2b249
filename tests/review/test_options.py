"""A change that an option makes is named as that option, and hides nothing that the option does not bring."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ghes_packages import review
from ghes_packages.config.instance import Instance
from ghes_packages.config.options import OPTIONS
from ghes_packages.review import markdown
from ghes_packages.review.options import OptionChange
from ghes_packages.review.options.brought import GRANTS, RISKS
from ghes_packages.review.options.consequences import CONSEQUENCES, WITHOUT_A_BUCKET
from ghes_packages.review.pull_request import review_assemblies
from ghes_packages.review.report import BY_NO_OPTION, Named, Report
from ghes_packages.template.assembly import Stack
from ghes_packages.template.options import READ
from tests.combinations import EXAMPLES, HERE, KEY, READER, VALUES, instance, together, with_a_key
from tests.guardrails.breaks import (
    ACCESS_KEY,
    BUCKET,
    BUCKET_POLICY,
    ON_OBJECTS,
    POLICY,
    SECRET,
    USER,
    Edit,
    gone,
    of,
    statements,
    to,
)
from tests.review.pairs import Json, changes_between
from tests.synthesis import assembly_of, deployable, replica_template_of, template_of

# The options that no template shows, and why.
NOT_SHOWN = {
    "profile": "the commands sign in with it",
    "role_arn": "the commands sign in with it",
    "execution_role_arn": "the manifest shows it, in its own row",
    "bootstrap": "the manifest shows it, in its own rows",
    "stack_name": "another name creates another stack",
    "ghes_version": "it selects the fields that `settings` prints",
    "rule_packs": "it selects the checks of `cdk synth`; acknowledged findings have their own rows",
}
OWN_KEY, REPLICATION = "Key9BCD29C7", "PackagesBucketReplicationPolicyA893289F"
KMS, REPLICATED = instance(encryption="kms"), instance(replica_region="us-east-2")
DEFAULT = instance()
STRANGER = "arn:aws:iam::999999999999:role/stranger"


def stack(template: Json, region: str = "us-west-2", account: str = "111122223333") -> Stack:
    return Stack(template, termination_protection=True, environment=f"aws://{account}/{region}")


def report(before: Json, after: Json, region: str = "us-west-2", account: str = "111122223333") -> Report:
    stacks = stack(before, region, account), stack(after, region, account)
    return Report((review.reviewed("production", *stacks),))


def between(before: Instance, after: Instance) -> Report:
    return report(template_of(before), template_of(after))


def named(found: Report) -> dict[str, OptionChange]:
    return {each.option: each for instance in found.instances for each in instance.options}


def unexplained(found: Report) -> list[str]:
    return [each.id for each in found.risks if each.option is None]


def texts(found: Report) -> tuple[str, str]:
    return markdown.written(found), found.as_text("no risk found", "make deploy INSTANCE=production")


def first_row(found: Report) -> str:
    [_, _, row, *_] = [line for line in markdown.written(found).splitlines() if line.startswith("|")]
    return row


def test_every_option_shows_in_a_template_or_has_a_reason_why_not() -> None:
    shown = READ.keys() | HERE.keys()
    assert OPTIONS.keys() == shown | NOT_SHOWN.keys()
    assert not shown & NOT_SHOWN.keys()
    assert shown == CONSEQUENCES.keys() >= GRANTS.keys() | RISKS.keys()


def test_an_option_that_no_template_shows_changes_no_resource_and_no_output() -> None:
    for option in NOT_SHOWN:
        for options in VALUES[option]:
            assert deployable(instance(**options)) == deployable(DEFAULT)


@pytest.mark.parametrize(
    "options",
    [each for option, values in VALUES.items() if option not in {*NOT_SHOWN, *HERE} for each in values],
    ids=lambda options: next(iter(options)),
)
def test_setting_an_option_and_taking_it_back_names_it_with_all_that_it_brings(
    options: Json,
) -> None:
    chosen = instance(**with_a_key(options))
    for before, after in ((DEFAULT, chosen), (chosen, DEFAULT)):
        found = between(before, after)
        assert named(found).keys() == with_a_key(options).keys()
        for option, change in named(found).items():
            assert (change.before, change.after) == tuple(map(written(option), (before, after)))
            assert change.consequence
        assert unexplained(found) == []
        assert not [text for text in texts(found) if '{"Fn::' in text or '{\\"Fn::' in text]


def written(option: str) -> Callable[[Instance], tuple[str, ...]]:
    def cell(of: Instance) -> tuple[str, ...]:
        match getattr(of, option):
            case None:
                return ()
            case tuple(several):
                return tuple(sorted(several))
            case dict(tags):
                return tuple(f"{key}={value}" for key, value in tags.items())
            case value:
                return (str(value),)

    return cell


def test_account_and_region_are_named_where_the_template_holds_them_from_then_on() -> None:
    for before, after in ((Instance(name="production"), DEFAULT), (DEFAULT, Instance(name="production"))):
        found = between(before, after)
        assert named(found).keys() == HERE.keys()
        assert unexplained(found) == []


def test_another_region_is_named_and_is_a_move() -> None:
    before, after = DEFAULT, instance(region="eu-west-1")
    stacks = stack(template_of(before)), stack(template_of(after), "eu-west-1")
    reviewed = review.reviewed("production", *stacks)
    [region], rows = reviewed.options, reviewed.changes
    assert "stack-moved" in [row.risk.id for row in region.brings if row.risk]
    assert region.consequence.startswith("Do not deploy this: ")
    assert set(region.brings) == {row for row in rows if row.risk}


@pytest.mark.parametrize("option", ["bucket_name", "existing_bucket"])
def test_what_needs_a_new_bucket_says_what_to_do_instead(option: str) -> None:
    [options] = VALUES[option]
    change = named(between(DEFAULT, instance(**options)))[option]
    assert change.consequence.startswith("Do not deploy this: ")
    assert "Instead, add another instance with this value, and move to it as docs/move.md says." in change.consequence


def test_the_first_row_of_the_review_of_a_key_is_the_option_with_its_consequence() -> None:
    found = between(DEFAULT, KMS)
    row = first_row(found)
    assert row.startswith(
        "| **option**<br>`production` | **`encryption`: `s3` → `kms`**<br>Do it in maintenance mode: "
    )
    for told in (
        "for a minute or more S3 refuses every upload",
        "Existing objects keep their encryption.",
        "their readers need it too",
        "See docs/encryption.md.",
    ):
        assert told in row
    assert [each.option and each.option.option for each in found.risks] == ["encryption"] * 3
    first, second, *_ = texts(found)[1].splitlines()
    assert first == "production: encryption: s3 -> kms"
    assert second.startswith("  Do it in maintenance mode: for a minute or more S3 refuses every upload")
    document = json.loads(found.as_json())
    [option] = document["instances"][0]["options"]
    assert (option["option"], option["before"], option["after"]) == ("encryption", ["s3"], ["kms"])
    assert option["risks"] == [each.id for each in found.risks]
    assert [each["option"] for each in document["risks"]] == ["encryption"] * 3


def test_each_risk_of_an_option_is_a_row_of_its_own_with_what_it_grants_to_whom() -> None:
    found = between(DEFAULT, KMS)
    assert found.refused == 3
    for text in texts(found):
        for risk in found.risks:
            assert text.count(risk.id) >= 1
        assert text.count("somebody gains access") == 1
        assert "grant nobody more than there was" not in text
        assert "${AccessUser}" in text
        assert "${Key} if StringEquals kms:ViaService" in " ".join(text.split())
    [accepted] = {each.accepted for each in found.accepting([each.id for each in found.risks]).risks}
    assert accepted


def test_nothing_on_a_terminal_is_wider_than_80_columns_but_what_is_to_be_copied() -> None:
    for before, after in ((DEFAULT, KMS), (DEFAULT, REPLICATED), (DEFAULT, instance(**VALUES["existing_bucket"][0]))):
        *lines, accept = texts(between(before, after))[1].splitlines()
        assert accept.startswith("Read each; to accept all of them: make deploy INSTANCE=production ACCEPT=")
        assert max(len(line) for line in lines if line.startswith("  ")) <= 80
        assert not [line for line in lines if not line.startswith(("  ", "production: "))]


def test_a_key_by_its_arn_is_told_with_what_its_owner_must_do() -> None:
    change = named(between(DEFAULT, instance(encryption=KEY)))["encryption"]
    assert change.after == (KEY,)
    assert "until the policy of that key allows the user" in change.consequence
    away = named(between(instance(encryption=KEY), KMS))["encryption"]
    assert "Keep the old key, with the user in its policy" in away.consequence
    existing = {"existing_bucket": "example"}
    of_the_secret = named(between(instance(**existing), instance(encryption=KEY, **existing)))["encryption"]
    assert of_the_secret.consequence == WITHOUT_A_BUCKET


def test_two_options_at_once_are_two_headings_and_share_no_row() -> None:
    both = instance(encryption="kms", replica_region="us-east-2", secret_readers=[READER])
    for before, after in ((DEFAULT, both), (both, DEFAULT)):
        found = between(before, after)
        assert named(found).keys() == {"encryption", "replica_region", "secret_readers"}
        assert unexplained(found) == []
        rows = [row for option in named(found).values() for row in option.brings]
        assert len(rows) == len(set(rows)) == len(found.risks)


def test_a_key_where_there_is_a_replica_brings_its_use_by_the_role_of_replication() -> None:
    both = instance(encryption="kms", replica_region="us-east-2")
    for before, after in ((REPLICATED, both), (both, REPLICATED)):
        found = between(before, after)
        assert named(found).keys() == {"encryption"}
        assert unexplained(found) == []
        there = report(replica_template_of(before), replica_template_of(after), "us-east-2")
        assert named(there).keys() == {"encryption"}
        assert unexplained(there) == []


@pytest.mark.parametrize("place", [{}, {"account": "111122223333", "region": "cn-north-1"}], ids=["caller's", "China"])
def test_a_key_is_explained_in_every_partition(place: Json) -> None:
    before, after = (Instance(name="production", encryption=each, **place) for each in ("s3", "kms"))
    found = report(template_of(before), template_of(after), str(place.get("region", "us-west-2")))
    assert named(found).keys() == {"encryption"}
    assert unexplained(found) == []


def in_the_key_policy(principal: Any, **others: Any) -> Edit:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:Decrypt", "Resource": "*", **others}
    return lambda template: template["Resources"][OWN_KEY]["Properties"]["KeyPolicy"]["Statement"].append(statement)


def in_the_policy(policy: str, **others: Any) -> Edit:
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::GetAtt": [BUCKET, "Arn"]}, **others}
    return lambda template: template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"].append(statement)


def _role_of_a_reader(template: Json) -> None:
    """As a reader of the secret has it in the policy of the key, and is none."""
    through = {"StringEquals": {"kms:ViaService": {"Fn::Join": ["", ["secretsmanager.us-west-2.", SUFFIX]]}}}
    in_the_key_policy(STRANGER, Condition=through)(template)


def _more_of_the_secret(template: Json) -> None:
    [policy] = [
        each for each in template["Resources"].values() if each["Type"] == "AWS::SecretsManager::ResourcePolicy"
    ]
    policy["Properties"]["ResourcePolicy"]["Statement"][0]["Action"].append("secretsmanager:PutSecretValue")


def _every_rule(template: Json, **changes: Any) -> None:
    [rule] = template["Resources"][BUCKET]["Properties"]["ReplicationConfiguration"]["Rules"]
    rule.update(changes)


SUFFIX = {"Ref": "AWS::URLSuffix"}
OF_THE_USER = {"Fn::GetAtt": [USER, "Arn"]}
TO_US_EAST_1 = instance(replica_region="us-east-1")


@pytest.mark.parametrize(
    ("before", "after", "edit", "risk"),
    [
        (DEFAULT, KMS, in_the_key_policy(STRANGER), "access-gained-AWS-arn-aws-iam-999999999999-role-stranger-"),
        (DEFAULT, KMS, in_the_key_policy("*"), "access-gained-everybody-"),
        (DEFAULT, KMS, in_the_key_policy(OF_THE_USER, Action="kms:*"), "access-gained-AccessUser-"),
        (DEFAULT, KMS, in_the_key_policy(OF_THE_USER), "access-gained-AccessUser-"),
        (DEFAULT, KMS, _role_of_a_reader, "access-gained-AWS-arn-aws-iam-999999999999-role-stranger-"),
        (DEFAULT, KMS, in_the_policy(POLICY, Action="s3:PutObjectAcl"), "access-gained-AccessUser-"),
        (DEFAULT, KMS, to(f"{of(OWN_KEY)}.EnableKeyRotation", False), f"guardrail-key-rotated-{OWN_KEY}-"),
        (DEFAULT, REPLICATED, in_the_policy(REPLICATION), "access-gained-PackagesBucketReplicationRole-"),
        (
            REPLICATED,
            TO_US_EAST_1,
            lambda template: _every_rule(template, Status="Disabled"),
            f"retention-replication-{BUCKET}",
        ),
        (
            REPLICATED,
            instance(replica_region="us-east-2", encryption="kms"),
            lambda template: _every_rule(template, DeleteMarkerReplication={"Status": "Disabled"}),
            f"retention-replication-{BUCKET}",
        ),
        (
            REPLICATED,
            instance(replica_region="us-east-2", encryption="kms"),
            lambda template: _every_rule(template, SourceSelectionCriteria={}),
            f"retention-replication-{BUCKET}",
        ),
        (
            DEFAULT,
            instance(secret_readers=[READER]),
            _more_of_the_secret,
            "access-gained-AWS-arn-aws-iam-111122223333-role-setup-",
        ),
        (
            DEFAULT,
            instance(bucket_name="example"),
            to(f"{of(BUCKET)}.ObjectLockEnabled", True),
            f"bucket-replaced-{BUCKET}",
        ),
        (
            DEFAULT,
            instance(access_logs="central-log-bucket"),
            gone(f"Resources.{BUCKET_POLICY}"),
            "bucket-policy-orphaned-PackagesBucketPolicyC2FF34FE",
        ),
        (
            DEFAULT,
            instance(existing_bucket="example"),
            in_the_policy(POLICY, Action="s3:ListBucket", Resource="arn:aws:s3:::another"),
            "access-gained-AccessUser-",
        ),
        (
            instance(access_key=2, previous_access_key="active"),
            instance(access_key=2, previous_access_key="inactive"),
            to(f"{of(ACCESS_KEY)}.UserName", "another"),
            "access-key-1-replaced",
        ),
        (
            DEFAULT,
            instance(endpoint="fips"),
            lambda template: template["Outputs"]["AwsServiceUrl"].update(Export={"Name": "x"}),
            "output-changed-AwsServiceUrl",
        ),
        (
            instance(existing_bucket="example"),
            instance(existing_bucket="another"),
            to(f"{ON_OBJECTS}.Action", ["s3:PutObject"]),
            "access-lost-AccessUser-",
        ),
        (
            instance(allowed_cidrs=["203.0.113.0/24"]),
            instance(allowed_cidrs=["203.0.113.0/25"]),
            gone(f"{statements(BUCKET_POLICY)}.0"),
            "access-denial-everybody-",
        ),
    ],
)
def test_what_an_option_does_not_bring_is_its_own_refused_risk_beside_it(
    before: Instance, after: Instance, edit: Edit, risk: str
) -> None:
    template = template_of(after)
    edit(template)
    found = report(template_of(before), template)
    assert named(found)
    [stray] = [each for each in found.risks if each.id.startswith(risk) and each.option is None]
    assert not stray.accepted
    assert stray.id in found.as_text("", "make deploy").splitlines()[-1]
    for text in texts(found):
        before_it, after_it = text.split(BY_NO_OPTION, 1)
        assert stray.id not in before_it.replace("|", " ").split()
        assert stray.id in after_it
    assert ids(found) == [row.risk.id for row in rows(template_of(before), template) if row.risk]


def ids(found: Report) -> list[str]:
    return [each.id for each in found.risks]


def rows(before: Json, after: Json) -> list[Any]:
    return list(changes_between(stack(before), stack(after)))


@pytest.mark.parametrize(
    ("after", "edit"),
    [
        (KMS, to(f"{of(SECRET)}.KmsKeyId", KEY[:-1])),
        (instance(encryption=KEY), to(f"{of(SECRET)}.KmsKeyId", KEY.replace("111122223333", "999999999999"))),
        (instance(endpoint="fips"), to("Outputs.AwsServiceUrl.Value", "https://s3-fips.us-west-2.example.com")),
        (REPLICATED, lambda template: _every_rule(template, Destination={"Bucket": "arn:aws:s3:::example"})),
        (
            REPLICATED,
            lambda template: _every_rule(
                template,
                Destination={"Bucket": 'arn:aws:s3:::{"Fn::GetStackOutput": {"OutputName": "ReplicaS3Bucket"}}'},
            ),
        ),
        (
            instance(noncurrent_days=7),
            lambda template: template["Resources"][BUCKET]["Properties"]["LifecycleConfiguration"]["Rules"].append(
                {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
            ),
        ),
        (DEFAULT, to(f"{of(USER)}.PermissionsBoundary", "arn:aws:iam::999999999999:policy/any")),
    ],
)
def test_values_that_no_configuration_has_are_no_option(after: Instance, edit: Edit) -> None:
    template = template_of(after)
    edit(template)
    found = report(template_of(DEFAULT), template)
    assert named(found) == {}
    assert found.refused
    assert BY_NO_OPTION not in "".join(texts(found))


@pytest.mark.parametrize(
    "less", [{"Action": ["s3:GetObject"]}, {"Resource": {"Fn::Sub": "${" + BUCKET + ".Arn}/some/*"}}], ids=str
)
def test_a_denial_of_less_is_not_that_of_the_option(less: Json) -> None:
    before, after = (template_of(instance(allowed_cidrs=[each])) for each in ("203.0.113.0/24", "203.0.113.0/25"))
    template = copy.deepcopy(after)
    template["Resources"][POLICY]["Properties"]["PolicyDocument"]["Statement"][2].update(less)
    found = report(before, template)
    assert named(found) == {}
    assert [each.split("-AccessUser-")[0] for each in ids(found) if each.startswith("access-")] == ["access-denial"]


def test_a_replica_that_goes_with_its_option_stands_below_it(tmp_path: Path) -> None:
    base, head = (assembly_of([each], tmp_path / name) for name, each in (("base", REPLICATED), ("head", DEFAULT)))
    found = review_assemblies(base, head, ())
    gone: list[Named] = [each for each in found.risks if each.id == "production-Replica/instance-removed"]
    assert [each.option and each.option.option for each in gone] == ["replica_region"]
    assert unexplained(found) == []
    assert first_row(found).startswith("| **option**<br>`production`<br>`production-Replica` | **`replica_region`: ")
    [other] = review_assemblies(
        assembly_of([DEFAULT], tmp_path / "one"), assembly_of([instance(name="x")], tmp_path / "two"), ()
    ).risks
    assert (other.id, other.option) == ("production/instance-removed", None)


def test_the_same_change_of_several_instances_is_one_heading(tmp_path: Path) -> None:
    names = ("first", "second")
    base = assembly_of([instance(name=each) for each in names], tmp_path / "base")
    head = assembly_of([instance(name=each, noncurrent_days=7) for each in names], tmp_path / "head")
    found = review_assemblies(base, head, ())
    assert first_row(found).startswith("| **option**<br>`first`<br>`second` | **`noncurrent_days`: `30` → `7`**<br>")
    assert found.as_text("", "").count("noncurrent_days: 30 -> 7") == 2


# They bring access, and can bring the same.
GRANTING = GRANTS.keys() - HERE.keys()


@pytest.mark.usefixtures("combinations")
def test_examples_and_many_options_at_once_are_named_and_no_function_is_shown_as_json() -> None:
    examples = [each for each in EXAMPLES.values() if each.region]
    for chosen in (*examples, *(instance(**each) for each in together())):
        place = {"account": chosen.account, "region": chosen.region}
        default = Instance.model_validate({"name": chosen.name, **place})
        for before, after in ((default, chosen), (chosen, default)):
            found = report(template_of(before), template_of(after), str(chosen.region), str(chosen.account))
            assert named(found).keys() == {each for each in READ if getattr(before, each) != getattr(after, each)}
            assert unexplained(found) == []
            assert not [text for text in texts(found) if '{"Fn::' in text or '{"Ref"' in text]


@pytest.mark.parametrize("option", ["allowed_cidrs", "allowed_vpc_endpoints", "permissions_boundary"])
def test_to_take_a_restriction_back_says_what_is_refused_no_more(option: str) -> None:
    [options] = VALUES[option]
    restricted = named(between(DEFAULT, instance(**options)))[option].consequence
    free = named(between(instance(**options), DEFAULT))[option].consequence
    assert restricted != free
    assert any(word in free for word in ("no longer refuses", "the boundary again"))

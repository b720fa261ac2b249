"""What is a risk of a change, and which row says so: every edit is one of the template that the project makes."""

import json
from typing import Any

import pytest

from ghes_packages.review.stack import changes as stack_changes
from ghes_packages.template.rendering import rendered
from tests.combinations import VALUES, instance, with_a_key
from tests.guardrails.breaks import (
    BUCKET,
    BUCKET_POLICY,
    DENIED,
    ENCRYPTION,
    FIELDS,
    LOGS,
    ON_BUCKET,
    ON_OBJECTS,
    POLICY,
    RULE,
    SECRET,
    USER,
    Edit,
    allow,
    edited,
    gone,
    more,
    of,
    to,
)
from tests.review.pairs import changes, changes_between, ids, renamed, stack
from tests.synthesis import template_of

DAYS = f"{RULE}.NoncurrentVersionExpiration.NoncurrentDays"
KMS = [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-1"}}]
ACCOUNT = "arn:aws:iam::999999999999:root"
EIGHTH_ACTION = more(f"{ON_OBJECTS}.Action", "s3:GetObjectAcl")


@pytest.mark.parametrize(
    ("edit", "risk", "before", "after"),
    [
        (EIGHTH_ACTION, "access-gained-AccessUser-", (), ("${PackagesBucket.Arn}/*",)),
        (
            gone(f"{DENIED}.1"),
            "access-denial-everybody-",
            ("${PackagesBucket.Arn}, ${PackagesBucket.Arn}/* if NumericLessThan s3:TlsVersion 1.2",),
            (),
        ),
        (to(DAYS, 7), f"retention-noncurrent-versions-stay-{BUCKET}", ("30",), ("7",)),
        (gone("Outputs.IamUserName"), "output-removed-IamUserName", ("${AccessUser}",), ()),
        (more(DENIED, allow({"AWS": ACCOUNT})), "access-gained-account-999999999999-", (), ("${PackagesBucket}",)),
        (to(f"{ON_OBJECTS}.Resource", "*"), "access-gained-AccessUser-", ("${PackagesBucket.Arn}/*",), ("*",)),
    ],
    ids=["eighth action", "dropped TLS rule", "shorter retention", "removed output", "new principal", "wider resource"],
)
def test_the_row_of_a_risk_says_what_was_and_what_would_be(
    edit: Edit, risk: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    [row] = [each for each in changes(edited(edit)) if each.risk and not each.risk.id.startswith("guardrail-")]
    assert row.risk
    assert row.risk.id.startswith(risk)
    assert (row.before, row.after) == (before, after)


def test_a_renamed_bucket_construct_orphans_bucket_and_policy() -> None:
    after = renamed(renamed(template_of(), BUCKET, "Storage00000000"), BUCKET_POLICY, "StoragePolicy11111111")
    found = ids(changes(after))
    assert found[:2] == [f"bucket-orphaned-{BUCKET}", f"bucket-policy-orphaned-{BUCKET_POLICY}"]
    assert "output-changed-AwsS3Bucket" in found
    assert not any(each.startswith("access-denial") for each in found)


@pytest.mark.parametrize(
    "edit",
    [
        to(f"{of(BUCKET)}.Tags", [{"Key": "cost-centre", "Value": "4711"}]),
        to(DAYS, 90),
        gone(f"{RULE}.NoncurrentVersionExpiration"),
        to(f"{DENIED}.1.Condition.NumericLessThan.s3:TlsVersion", 1.3),
        to(f"{of(SECRET)}.Description", "Other words"),
        to(f"{of(POLICY)}.Description", "Other words"),
    ],
)
def test_what_weakens_nothing_is_a_row_and_no_risk(edit: Edit) -> None:
    found = changes(edited(edit))
    assert found
    assert ids(found) == []


@pytest.mark.parametrize("option", ["encryption", "allowed_cidrs", "storage_class", "tags", "noncurrent_days"])
def test_an_option_is_set_without_a_broken_promise(option: str) -> None:
    for options in VALUES[option]:
        chosen = template_of(instance(**with_a_key(options)))
        before, after = (stack(each, environment="aws://111122223333/us-west-2") for each in (template_of(), chosen))
        assert not [each for each in ids(changes_between(before, after)) if each.startswith("guardrail-")]


@pytest.mark.parametrize(
    ("edit", "risk"),
    [
        (to(f"{of(BUCKET)}.BucketName", "mine"), f"bucket-replaced-{BUCKET}"),
        (to(f"{of(BUCKET)}.BucketName", "mine"), f"bucket-policy-replaced-{BUCKET_POLICY}"),
        (to(f"{of(USER)}.UserName", "mine"), f"user-replaced-{USER}"),
        (to(f"{of(SECRET)}.Name", "mine"), f"secret-replaced-{SECRET}"),
        (gone(f"Resources.{SECRET}"), f"secret-deleted-{SECRET}"),
        (gone(f"Resources.{BUCKET_POLICY}"), f"bucket-policy-orphaned-{BUCKET_POLICY}"),
        (to("Outputs.AwsS3Bucket.Value", "another"), "output-changed-AwsS3Bucket"),
        (to("Outputs.AwsS3AccessKey.Value", "another"), "output-changed-AwsS3AccessKey"),
        (gone(f"{of(USER)}.PermissionsBoundary"), f"identities-permissions-boundary-{USER}"),
        (
            to(f"{of(LOGS)}.LifecycleConfiguration.Rules.0.ExpirationInDays", 7),
            f"retention-current-objects-stay-{LOGS}",
        ),
        (
            to(f"{RULE}.AbortIncompleteMultipartUpload.DaysAfterInitiation", 1),
            f"retention-incomplete-uploads-stay-{BUCKET}",
        ),
        (to(f"{of(BUCKET)}.LoggingConfiguration", {}), f"logging-access-logs-go-to-{BUCKET}"),
        (to(f"{ON_OBJECTS}.Action", ["s3:GetObject"]), "access-lost-AccessUser-"),
        (to(f"{ON_BUCKET}.Condition", {"Bool": {"x": "true"}}), "access-lost-AccessUser-"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_risk_is_found_and_named(edit: Edit, risk: str) -> None:
    assert [each for each in ids(changes(edited(edit))) if each.startswith(risk)]


def test_the_move_to_intelligent_tiering_and_the_way_back_are_no_risk() -> None:
    standard, tiered = template_of(instance()), template_of(instance(storage_class="intelligent-tiering"))
    for before, after in ((standard, tiered), (tiered, standard)):
        found = changes(after, before)
        assert [change.what for change in found] == ["current objects move"]
        assert ids(found) == []


@pytest.mark.parametrize(
    ("policy", "fate"), [("Retain", "orphaned"), ("RetainExceptOnCreate", "orphaned"), ("Delete", "deleted")]
)
def test_what_becomes_of_a_dropped_bucket_its_deletion_policy_says(policy: str, fate: str) -> None:
    before = edited(to(f"Resources.{BUCKET}.DeletionPolicy", policy))
    assert f"bucket-{fate}-{BUCKET}" in ids(changes(edited(gone(f"Resources.{BUCKET}")), before))


@pytest.mark.parametrize(("policy", "fate"), [("Retain", "orphaned"), ("RetainExceptOnCreate", "deleted")])
def test_what_becomes_of_a_replaced_bucket_its_update_replace_policy_says(policy: str, fate: str) -> None:
    after = edited(to(f"Resources.{BUCKET}.UpdateReplacePolicy", policy))
    after["Resources"][BUCKET]["Properties"]["BucketName"] = "mine"
    [replaced] = [each.what for each in changes(after) if each.risk and each.risk.id == f"bucket-replaced-{BUCKET}"]
    assert replaced == f"replaced, the old one {fate}"


def test_weaker_encryption_and_another_key_are_risks() -> None:
    assert ids(changes(template_of(), edited(to(ENCRYPTION, KMS)))) == [
        f"encryption-default-encryption-{BUCKET}",
        f"encryption-default-KMS-key-{BUCKET}",
    ]


def test_a_password_and_a_secret_key_are_never_shown() -> None:
    def with_secret(secret: str) -> dict[str, Any]:
        template = edited(to(f"{of(USER)}.LoginProfile", {"Password": secret}))
        template["Resources"][SECRET]["Properties"]["SecretString"] = json.dumps({"secret_access_key": secret})
        return template

    found = changes(with_secret("hunter3"), with_secret("hunter2"))
    assert {change.subject[-1] for change in found if not change.risk} == {("LoginProfile",), ("SecretString",)}
    assert "hunter" not in repr([*found, *changes(with_secret("hunter2"))])


def test_a_field_of_the_secret_that_changes_is_a_row() -> None:
    [row] = [each for each in changes(edited(to(f"{FIELDS}.5", "mine"))) if not each.risk]
    assert (row.what, row.before, row.after) == ("bucket", ("${PackagesBucket}",), ("mine",))


@pytest.mark.parametrize(
    "value",
    [
        "${PackagesBucket}",
        {"Fn::Join": ["", ["$", "{PackagesBucket}"]]},
        {"Fn::Join": ["$", ["", "{PackagesBucket}"]]},
        {"Fn::Sub": ["${a}{PackagesBucket}", {"a": "$"}]},
        {"Fn::Sub": "${!PackagesBucket}"},
        {"Fn::Join": ["", [{"Fn::Join": ["", ["", "$"]]}, "{PackagesBucket}"]]},
    ],
    ids=str,
)
def test_no_text_passes_for_a_reference(value: Any) -> None:
    assert rendered(value, {}) == "${!PackagesBucket}"
    assert "output-changed-AwsS3Bucket" in ids(changes(edited(to("Outputs.AwsS3Bucket.Value", value))))


def test_what_is_written_otherwise_and_means_the_same_is_no_change() -> None:
    template = template_of()
    template["Outputs"]["AwsS3Bucket"]["Value"] = {"Fn::Join": ["", [{"Ref": BUCKET}]]}
    assert not changes(template)


def test_an_account_or_region_that_becomes_known_is_a_row_and_another_one_a_risk() -> None:
    def moved(*environments: str) -> list[Any]:
        return list(stack_changes(*(stack(template_of(), environment=f"aws://{each}") for each in environments)))

    assert ids(moved("unknown-account/eu-west-1", "unknown-account/us-west-2")) == ["stack-moved"]
    assert ids(moved("111122223333/unknown-region", "999999999999/us-west-2")) == ["stack-moved"]
    [known] = moved("unknown-account/eu-west-1", "111122223333/eu-west-1")
    assert known.risk is None


def test_the_stack_itself_must_stay_where_it_is_and_protected() -> None:
    here, there = (stack(template_of(), environment=f"aws://1/{region}") for region in ("us-west-2", "eu-west-1"))
    assert ids(stack_changes(here, there)) == ["stack-moved"]
    assert ids(stack_changes(stack(template_of()), here)) == []
    unprotected = type(here)(template_of())
    assert ids(stack_changes(stack(template_of()), unprotected)) == ["termination-protection-off"]
    assert ids(stack_changes(unprotected, stack(template_of()))) == []


def test_the_id_of_gained_access_is_of_that_access_only() -> None:
    one, again, other = (
        next(iter(ids(changes(edited(edit)))))
        for edit in (EIGHTH_ACTION, EIGHTH_ACTION, to(f"{ON_OBJECTS}.Resource", "*"))
    )
    assert one == again != other

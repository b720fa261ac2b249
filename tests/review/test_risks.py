"""What is a risk, and which row says so: every edit is one of the template that the project makes."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ghes_packages import review
from ghes_packages.policies.statements import address_statement
from ghes_packages.review import markdown, new
from ghes_packages.review.report import Report, Reviewed, State
from ghes_packages.review.stack import changes as stack_changes
from ghes_packages.template.rendering import rendered
from tests.review.pairs import (
    BUCKET,
    BUCKET_POLICY,
    GROUP,
    POLICY,
    SECRET,
    USER,
    Edit,
    Json,
    changes,
    edited,
    ids,
    property_of,
    renamed,
    set_at,
    stack,
)
from tests.stacks.test_options import instance
from tests.synthesis import template_of

STATEMENTS = ("PolicyDocument", "Statement")
RULE = ("LifecycleConfiguration", "Rules", 0)
ENCRYPTION = ("BucketEncryption", "ServerSideEncryptionConfiguration")
OF_KEY = "AccessAccessKey1D123CC98"
MACRO = {"Name": "AWS::Include", "Parameters": {"Location": "s3://x/y.json"}}
ACCOUNT = "arn:aws:iam::999999999999:root"
KMS_KEY = {
    "Type": "AWS::KMS::Key",
    "Properties": {"EnableKeyRotation": True},
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
}
KMS = [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-1"}}]


def grant(**others: Any) -> Edit:
    """Another statement in the policy of the packages bucket."""

    def edit(template: Json) -> None:
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **others}
        template["Resources"][BUCKET_POLICY]["Properties"]["PolicyDocument"]["Statement"].append(statement)

    return edit


def without_output(name: str) -> Edit:
    return lambda template: template["Outputs"].pop(name)


def output(name: str, value: Any) -> Edit:
    return lambda template: template["Outputs"][name].update(Value=value)


def added(logical_id: str, kind: str, **properties: Any) -> Edit:
    return set_at(logical_id, to={"Type": kind, "Properties": properties})


def tls_rule_dropped(template: Json) -> None:
    del template["Resources"][BUCKET_POLICY]["Properties"]["PolicyDocument"]["Statement"][1]


def eighth_action(template: Json) -> None:
    template["Resources"][POLICY]["Properties"]["PolicyDocument"]["Statement"][1]["Action"].append("s3:GetObjectAcl")


@pytest.mark.parametrize(
    ("edit", "risk", "before", "after"),
    [
        (eighth_action, "access-gained-AccessUser-", (), ("${PackagesBucket.Arn}/*",)),
        (
            tls_rule_dropped,
            "access-denial-everybody-",
            ("${PackagesBucket.Arn}, ${PackagesBucket.Arn}/* if NumericLessThan s3:TlsVersion 1.2",),
            (),
        ),
        (
            property_of(BUCKET, *RULE, "NoncurrentVersionExpiration", "NoncurrentDays", to=7),
            "retention-noncurrent-versions-stay-" + BUCKET,
            ("30",),
            ("7",),
        ),
        (without_output("IamUserName"), "output-removed-IamUserName", ("${AccessUser}",), ()),
        (
            grant(Principal={"AWS": ACCOUNT}),
            "access-gained-account-999999999999-",
            (),
            ("${PackagesBucket}",),
        ),
        (
            property_of(POLICY, *STATEMENTS, 1, "Resource", to="*"),
            "access-gained-AccessUser-",
            ("${PackagesBucket.Arn}/*",),
            ("*",),
        ),
    ],
    ids=["eighth action", "dropped TLS rule", "shorter retention", "removed output", "new principal", "wider resource"],
)
def test_one_edit_is_one_risk_and_its_row_says_what(
    edit: Edit, risk: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    [row] = [change for change in changes(edited(edit)) if change.risk]
    assert row.risk
    assert row.risk.id.startswith(risk)
    assert (row.before, row.after) == (before, after)


def test_a_renamed_bucket_construct_orphans_bucket_and_policy() -> None:
    after = renamed(renamed(template_of(), BUCKET, "Storage00000000"), BUCKET_POLICY, "StoragePolicy11111111")
    found = ids(changes(after))
    assert found[:2] == [f"bucket-orphaned-{BUCKET}", f"bucket-policy-orphaned-{BUCKET_POLICY}"]
    assert "output-changed-AwsS3Bucket" in found
    assert not any(each.startswith("access-denial") for each in found)


KEY = "arn:aws:kms:us-west-2:111122223333:key/1"
REPLICA = {
    "Fn::GetStackOutput": {
        "StackName": "GhesPackages-production-Replica",
        "Region": "us-east-2",
        "OutputName": "ReplicaS3Bucket",
    }
}


def encrypted_with(key: Any, **resources: Json) -> Edit:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}

    def edit(template: Json) -> None:
        property_of(BUCKET, *ENCRYPTION, to=[rule])(template)
        template["Resources"] |= resources

    return edit


def replicated(bucket: Any, **destination: Any) -> Edit:
    rules = [{"Destination": {"Bucket": bucket, **destination}}]
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    return property_of(BUCKET, "ReplicationConfiguration", to={"Role": role, "Rules": rules})


def allowed_addresses(template: Json) -> None:
    statement = address_statement("*", ["203.0.113.0/24"])
    template["Resources"][POLICY]["Properties"]["PolicyDocument"]["Statement"].append(statement)


def denial(**others: Any) -> Edit:
    """A denial in the policy of the user."""

    def edit(template: Json) -> None:
        statement = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", **others}
        template["Resources"][POLICY]["Properties"]["PolicyDocument"]["Statement"].append(statement)

    return edit


def second_user(template: Json) -> None:
    template["Resources"]["Second"] = {"Type": "AWS::IAM::User"}
    key = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "Second"}}}
    template["Resources"]["AccessAccessKey200000000"] = key


def secret_field(name: str, to: Any) -> Edit:
    def edit(template: Json) -> None:
        parts = template["Resources"][SECRET]["Properties"]["SecretString"]["Fn::Join"][1]
        [place] = [number for number, part in enumerate(parts) if str(part).endswith(f'"{name}":"')]
        parts[place + 1] = to

    return edit


def put_out(name: str, **output: Any) -> Edit:
    return lambda template: template["Outputs"].update({name: output})


def tagged(template: Json) -> None:
    template["Resources"][BUCKET]["Properties"]["Tags"] = [{"Key": "cost-centre", "Value": "4711"}]


@pytest.mark.parametrize(
    "edit",
    [
        tagged,
        property_of(BUCKET, *RULE, "NoncurrentVersionExpiration", "NoncurrentDays", to=90),
        property_of(BUCKET, *RULE, "NoncurrentVersionExpiration", to=None),
        property_of(BUCKET, *ENCRYPTION, to=KMS),
        property_of(BUCKET_POLICY, *STATEMENTS, 1, "Condition", "NumericLessThan", "s3:TlsVersion", to=1.3),
        property_of(SECRET, "Description", to="Other words"),
        replicated({"Fn::Join": ["", ["arn:aws:s3:::", REPLICA]]}),
        encrypted_with("alias/mine"),
        encrypted_with({"Fn::GetAtt": ["Key", "Arn"]}, Key=KMS_KEY),
        allowed_addresses,
        set_at("Another", to=template_of()["Resources"][BUCKET]),
        property_of(POLICY, "Description", to="Other words"),
    ],
)
def test_what_weakens_nothing_is_a_row_and_no_risk(edit: Edit) -> None:
    found = changes(edited(edit))
    assert found
    assert ids(found) == []


@pytest.mark.parametrize(
    ("edit", "risk"),
    [
        (property_of(BUCKET, "BucketName", to="mine"), f"bucket-replaced-{BUCKET}"),
        (property_of(USER, "UserName", to="mine"), f"user-replaced-{USER}"),
        (property_of(SECRET, "Name", to="mine"), f"secret-replaced-{SECRET}"),
        (set_at(SECRET, to=None), f"secret-deleted-{SECRET}"),
        (set_at(BUCKET_POLICY, to=None), f"bucket-policy-orphaned-{BUCKET_POLICY}"),
        (added("Point", "AWS::S3::AccessPoint"), "access-point-added-Point"),
        (output("AwsS3Bucket", "another"), "output-changed-AwsS3Bucket"),
        (put_out("Door", Value={"Fn::GetAtt": [OF_KEY, "SecretAccessKey"]}), "secret-told-Door-Outputs"),
        (put_out("Door", Value="x", Export={"Name": "{{resolve:secretsmanager:x}}"}), "secret-told-Door-Outputs"),
        (property_of(BUCKET, "CorsConfiguration", to={"CorsRules": []}), f"property-CorsConfiguration-{BUCKET}"),
        (property_of(USER, "Path", to="/mine/"), f"property-Path-{USER}"),
        (property_of(SECRET, "ReplicaRegions", to=[]), f"property-ReplicaRegions-{SECRET}"),
        (replicated("arn:aws:s3:::mine"), f"retention-replication-{BUCKET}"),
        (replicated({"Fn::GetAtt": [BUCKET, "Arn"]}, Account="999999999999"), f"retention-replication-{BUCKET}"),
        (
            replicated({"Fn::GetAtt": [BUCKET, "Arn"]}, EncryptionConfiguration={"ReplicaKmsKeyID": KEY}),
            f"retention-replication-{BUCKET}",
        ),
        (second_user, "user-added-Second"),
        (second_user, "access-key-2-of-another-user"),
        (property_of(OF_KEY, "Status", to="Inactive"), "access-key-1-inactive"),
        (secret_field("bucket", "mine"), f"secret-bucket-{SECRET}"),
        (secret_field("access_key_id", "mine"), f"secret-access-key-id-{SECRET}"),
        (secret_field("secret_access_key", "mine"), f"secret-secret-access-key-{SECRET}"),
        (lambda template: template.update(Hooks={"x": {}}), "template-Hooks"),
        (output("AwsS3AccessKey", "another"), "output-changed-AwsS3AccessKey"),
        (property_of(USER, "PermissionsBoundary", to=None), f"identities-permissions-boundary-{USER}"),
        (property_of(USER, "Groups", to=[{"Ref": GROUP}, "admins"]), f"identities-groups-{USER}"),
        (property_of(USER, "LoginProfile", to={"Password": "p"}), f"identities-console-password-{USER}"),
        (
            property_of(BUCKET, "PublicAccessBlockConfiguration", "BlockPublicPolicy", to=False),
            f"network-BlockPublicPolicy-{BUCKET}",
        ),
        (property_of(BUCKET, "OwnershipControls", to=None), f"network-object-ownership-{BUCKET}"),
        (property_of(BUCKET, "AccessControl", to="PublicRead"), f"network-ACL-{BUCKET}"),
        (property_of(BUCKET, "BucketEncryption", to=None), f"encryption-default-encryption-{BUCKET}"),
        (property_of(BUCKET, "VersioningConfiguration", "Status", to="Suspended"), f"retention-versioning-{BUCKET}"),
        (property_of(BUCKET, *RULE, "ExpirationInDays", to=365), f"retention-current-objects-stay-{BUCKET}"),
        (
            property_of(BUCKET, *RULE, "AbortIncompleteMultipartUpload", "DaysAfterInitiation", to=1),
            f"retention-incomplete-uploads-stay-{BUCKET}",
        ),
        (
            property_of(BUCKET, *RULE, "Transitions", to=[{"StorageClass": "GLACIER", "TransitionInDays": 1}]),
            f"retention-current-objects-move-{BUCKET}",
        ),
        (set_at(BUCKET, "DeletionPolicy", to="Delete"), f"retention-when-the-stack-drops-it-{BUCKET}"),
        (set_at(BUCKET, "UpdateReplacePolicy", to=None), f"retention-when-it-is-replaced-{BUCKET}"),
        (set_at(BUCKET, "Condition", to="Never"), f"retention-made-only-if-{BUCKET}"),
        (property_of(BUCKET, "LoggingConfiguration", to=None), f"logging-access-logs-go-to-{BUCKET}"),
        (property_of(SECRET, "SecretString", to="{}"), f"secret-service-url-{SECRET}"),
        (lambda template: template.update(Transform="Mine"), "template-Transform"),
        (lambda template: template["Parameters"].update({BUCKET: {}}), "template-Parameters"),
        (added("Door", "AWS::IAM::AccessKey", UserName={"Ref": USER}), "access-key-added-Door"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_risk_is_found_and_named(edit: Edit, risk: str) -> None:
    found = changes(edited(edit))
    assert risk in ids(found)
    text = markdown.written(Report((Reviewed("production", State.CHANGED, tuple(found)),)))
    assert not re.search(r'\{"(Fn::|Ref")', text)


def moving_to(storage_class: str, days: int = 0) -> Json:
    return {"StorageClass": storage_class, "TransitionInDays": days}


TIERED = moving_to("INTELLIGENT_TIERING")


def test_the_move_to_intelligent_tiering_and_the_way_back_are_no_risk() -> None:
    standard, tiered = template_of(instance()), template_of(instance(storage_class="intelligent-tiering"))
    for before, after in ((standard, tiered), (tiered, standard)):
        found = changes(after, before)
        assert [change.what for change in found] == ["current objects move"]
        assert ids(found) == []
    assert ids(new.changes(stack(tiered))) == []


@pytest.mark.parametrize(
    "transitions",
    [
        [moving_to("GLACIER", 30)],
        [moving_to("GLACIER_IR")],
        [moving_to("DEEP_ARCHIVE")],
        [TIERED, moving_to("GLACIER", 90)],
        [moving_to("INTELLIGENT_TIERING", 30)],
        [{"StorageClass": "INTELLIGENT_TIERING", "TransitionDate": "2030-01-01T00:00:00Z"}],
    ],
    ids=str,
)
def test_any_other_move_is_a_risk_also_beside_that_one(transitions: list[Json]) -> None:
    risk = f"retention-current-objects-move-{BUCKET}"
    after = edited(property_of(BUCKET, *RULE, "Transitions", to=transitions))
    for before in (template_of(), edited(property_of(BUCKET, *RULE, "Transitions", to=[TIERED]))):
        assert ids(changes(after, before)) == [risk]
    assert ids(new.changes(stack(after))) == [risk]


@pytest.mark.parametrize(
    ("policy", "fate"), [("Retain", "orphaned"), ("RetainExceptOnCreate", "orphaned"), ("Delete", "deleted")]
)
def test_what_becomes_of_a_dropped_bucket_its_deletion_policy_says(policy: str, fate: str) -> None:
    before = edited(set_at(BUCKET, "DeletionPolicy", to=policy))
    after = edited(set_at(BUCKET, to=None))
    assert f"bucket-{fate}-{BUCKET}" in ids(changes(after, before))


def test_what_refers_to_a_replaced_resource_is_replaced_with_it() -> None:
    found = ids(changes(edited(property_of(BUCKET, "BucketName", to="mine"))))
    assert f"bucket-policy-replaced-{BUCKET_POLICY}" in found


def test_weaker_encryption_and_another_key_are_risks() -> None:
    before = edited(property_of(BUCKET, *ENCRYPTION, to=KMS))
    assert ids(changes(template_of(), before)) == [
        f"encryption-default-encryption-{BUCKET}",
        f"encryption-default-KMS-key-{BUCKET}",
    ]


def test_a_password_and_a_secret_key_are_never_shown() -> None:
    def with_secret(secret: str) -> Json:
        template = edited(property_of(USER, "LoginProfile", to={"Password": secret}))
        template["Resources"][SECRET]["Properties"]["SecretString"] = json.dumps({"secret_access_key": secret})
        return template

    found = changes(with_secret("hunter3"), with_secret("hunter2"))
    assert [change.subject[-1] for change in found] == [("LoginProfile",), (SECRET,)]
    assert "hunter" not in repr([*found, *changes(with_secret("hunter2"))])


@pytest.mark.parametrize(
    ("edit", "risk"),
    [
        (property_of(POLICY, *STATEMENTS, 1, "Action", to=["s3:GetObject"]), "access-lost-AccessUser-"),
        (property_of(POLICY, *STATEMENTS, 0, "Condition", to={"Bool": {"x": "true"}}), "access-lost-AccessUser-"),
        (denial(), "access-locked-out-AccessUser-"),
        (denial(Condition={"Bool": {"aws:ViaAWSService": "false"}}), "access-locked-out-AccessUser-"),
        (grant(Effect="Deny", Principal="*"), "access-locked-out-everybody-"),
        (
            grant(Effect="Deny", Principal="*", Condition={"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}),
            "access-locked-out-everybody-",
        ),
        (grant(Effect="Deny", NotPrincipal={"AWS": ACCOUNT}), "access-locked-out-everybody-but-"),
    ],
)
def test_ghes_cannot_be_locked_out_unseen(edit: Edit, risk: str) -> None:
    [found] = ids(changes(edited(edit)))
    assert found.startswith(risk)


ADDITION = "AWS::IAM::UserToGroupAddition"


@pytest.mark.parametrize(
    "edit",
    [
        added("Join", ADDITION, GroupName="Administrators", Users=[{"Ref": USER}]),
        property_of(USER, "Groups", to=[{"Ref": GROUP}, "Administrators"]),
        property_of(USER, "Groups", to=[{"Ref": GROUP}, {"Fn::ImportValue": "Administrators"}]),
    ],
)
def test_whoever_joins_another_group_gains_all_that_it_may(edit: Edit) -> None:
    after = edited(edit)
    for found in (review.changes(stack(template_of()), stack(after)), new.changes(stack(after))):
        [gained] = [change for change in found if change.risk and change.risk.id.startswith("access-gained-AccessUser")]
        assert "Administrators" in gained.subject[1][0]


POLICY_OF_ANOTHER = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}


@pytest.mark.parametrize(
    ("edit", "risk"),
    [
        (
            added("Finance", "AWS::S3::BucketPolicy", Bucket="finance", PolicyDocument=POLICY_OF_ANOTHER),
            "network-bucket-of-the-policy-Finance",
        ),
        (property_of(BUCKET_POLICY, "Bucket", to="finance"), f"network-bucket-of-the-policy-{BUCKET_POLICY}"),
        (added("Copy", "AWS::S3::Bucket", AccessControl="PublicReadWrite"), "network-ACL-Copy"),
        (
            added("Readers", "AWS::SecretsManager::ResourcePolicy", SecretId="x"),
            "network-public-policy-refused-Readers",
        ),
    ],
)
def test_what_is_added_makes_the_promises_that_all_make(edit: Edit, risk: str) -> None:
    after = edited(edit)
    assert risk in ids(changes(after))
    assert risk in ids(new.changes(stack(after)))


def test_a_secret_that_may_be_opened_to_everybody_and_an_alias_that_goes_are_risks() -> None:
    readers = edited(added("Readers", "AWS::SecretsManager::ResourcePolicy", BlockPublicPolicy=True))
    opened = copy.deepcopy(readers)
    opened["Resources"]["Readers"]["Properties"]["BlockPublicPolicy"] = False
    assert ids(changes(opened, readers)) == ["network-public-policy-refused-Readers"]
    named = edited(added("Name", "AWS::KMS::Alias", AliasName="alias/x", TargetKeyId="x"))
    assert ids(changes(template_of(), named)) == ["alias-deleted-Name"]


KEY_ITSELF = {"Fn::GetAtt": [OF_KEY, "SecretAccessKey"]}


@pytest.mark.parametrize(
    "secret",
    [
        KEY_ITSELF,
        {"Fn::GetAtt": f"{OF_KEY}.SecretAccessKey"},
        {"Fn::GetAtt": [OF_KEY, {"Ref": "Which"}]},
        {"Fn::GetAtt": [OF_KEY, {"Fn::Join": ["", ["Secret", "AccessKey"]]}]},
        {"Fn::Sub": f"${{{OF_KEY}.SecretAccessKey}}"},
        {"Fn::Join": ["", ["key ", {"Fn::Base64": KEY_ITSELF}]]},
        {"Fn::Select": [0, {"Fn::Split": ["-", KEY_ITSELF]}]},
        "{{resolve:secretsmanager:x}}",
        {"Fn::Sub": ["${a}{resolve:secretsmanager:x}}", {"a": "{"}]},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("put", "risk"),
    [
        (lambda secret: set_at(SECRET, "Metadata", to={"k": secret}), f"secret-told-Metadata-{SECRET}"),
        (lambda secret: property_of(SECRET, "Description", to=secret), f"secret-told-Description-{SECRET}"),
        (lambda secret: property_of(BUCKET, "Tags", to=[{"Key": "k", "Value": secret}]), f"secret-told-Tags-{BUCKET}"),
        (
            lambda secret: added("Other", "AWS::SecretsManager::Secret", SecretString=secret),
            "secret-told-SecretString-Other",
        ),
        (lambda secret: put_out("Door", Value=secret), "secret-told-Door-Outputs"),
    ],
)
def test_a_secret_is_told_nowhere_but_in_the_secret(put: Callable[[Any], Edit], secret: Any, risk: str) -> None:
    after = edited(put(secret))
    assert risk in ids(changes(after))
    assert risk in ids(new.changes(stack(after)))


def test_a_secret_that_follows_the_rotation_is_told_where_it_was() -> None:
    assert not [each for each in ids(changes(edited(secret_field("bucket", "x")))) if each.startswith("secret-told")]


@pytest.mark.parametrize(
    ("edit", "risk"),
    [
        (property_of(POLICY, "Fn::Transform", to=MACRO), f"macro-Fn-Transform-{POLICY}"),
        (property_of(POLICY, "PolicyDocument", "Fn::Transform", to=MACRO), f"macro-PolicyDocument-{POLICY}"),
        (set_at(USER, "Fn::Transform", to=MACRO), f"macro-Fn-Transform-{USER}"),
        (lambda template: template["Outputs"].update({"Fn::Transform": MACRO}), "macro-Fn-Transform-Outputs"),
        (lambda template: template.update({"Fn::Transform": MACRO}), "macro-Fn-Transform-the-template"),
    ],
)
def test_a_macro_anywhere_is_a_risk(edit: Edit, risk: str) -> None:
    after = edited(edit)
    assert risk in ids(changes(after))
    assert risk in ids(new.changes(stack(after)))


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
    assert "output-changed-AwsS3Bucket" in ids(changes(edited(output("AwsS3Bucket", value))))


def test_a_secret_that_follows_the_outputs_is_no_risk_of_its_own() -> None:
    def moved(template: Json) -> None:
        template["Outputs"]["AwsS3Bucket"]["Value"] = "mine"
        secret_field("bucket", "mine")(template)

    assert ids(changes(edited(moved))) == ["output-changed-AwsS3Bucket"]


@pytest.mark.parametrize(
    ("account", "key", "is_ours"),
    [
        ("111122223333", KEY, True),
        ("111122223333", {"Fn::Sub": "arn:${AWS::Partition}:kms:us-west-2:${AWS::AccountId}:key/1"}, True),
        ("unknown-account", {"Fn::Sub": "arn:${AWS::Partition}:kms:us-west-2:${AWS::AccountId}:key/1"}, True),
        ("111122223333", {"Ref": SECRET}, True),
        ("111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab", True),
        ("999999999999", KEY, False),
        ("unknown-account", KEY, False),
        ("111122223333", {"Fn::ImportValue": "a-key"}, False),
        ("111122223333", {"Fn::Select": [0, ["a", "b"]]}, False),
        ("111122223333", {"Ref": "Parameter"}, False),
        ("111122223333", {"Fn::Join": ["", ["arn:aws:kms:us-west-2:", {"Ref": "Parameter"}, ":key/1"]]}, False),
    ],
    ids=str,
)
def test_a_key_is_told_unless_it_is_known_to_be_of_the_account(account: str, key: Any, is_ours: bool) -> None:
    place = f"aws://{account}/us-west-2"
    before, after = (stack(each, environment=place) for each in (template_of(), edited(encrypted_with(key))))
    risk = f"encryption-default-KMS-key-{BUCKET}"
    assert ids(review.changes(before, after)) == ([] if is_ours else [risk])
    assert ids(new.changes(after)) == ([] if is_ours else [risk])


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
    [one] = ids(changes(edited(eighth_action)))
    [again] = ids(changes(edited(eighth_action)))
    [other] = ids(changes(edited(property_of(POLICY, *STATEMENTS, 1, "Resource", to="*"))))
    assert one == again != other

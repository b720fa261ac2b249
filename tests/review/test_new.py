"""What is a risk of a stack that nobody has yet, and what is none."""

import json
from typing import Any

import pytest

from ghes_packages.review.new import changes
from ghes_packages.template.assembly import Stack
from tests.review.pairs import (
    BUCKET,
    BUCKET_POLICY,
    POLICY,
    SECRET,
    USER,
    Edit,
    Json,
    edited,
    ids,
    property_of,
    set_at,
    stack,
)
from tests.review.test_risks import OF_KEY, output, replicated, secret_field
from tests.stacks.test_options import HERE, VALUES, instance, with_a_key
from tests.synthesis import replica_template_of, template_of

THERE = f"aws://{HERE['account']}/{HERE['region']}"


def new(template: Json, environment: str | None = None) -> list[str]:
    return ids(changes(stack(template, environment=environment)))


@pytest.mark.parametrize(
    "options", [each for name, values in VALUES.items() if name != "existing_bucket" for each in values], ids=str
)
def test_an_instance_of_this_project_is_no_risk_whatever_its_options(options: Json) -> None:
    assert new(template_of(instance(**with_a_key(options))), THERE) == []


def test_whoever_gets_a_bucket_that_is_there_already_gains_access() -> None:
    bucket, objects, output = sorted(new(template_of(instance(**VALUES["existing_bucket"][0])), THERE))
    assert all(each.startswith("access-gained-AccessUser-") for each in (bucket, objects))
    assert output == "output-elsewhere-AwsS3Bucket"


def test_an_instance_with_a_key_readers_addresses_and_a_replica_is_no_risk_nor_is_its_replica() -> None:
    names = ("encryption", "secret_readers", "allowed_cidrs", "replica_region")
    chosen = instance(**{key: value for name in names for key, value in VALUES[name][0].items()})
    assert new(template_of(chosen), THERE) == []
    assert new(replica_template_of(chosen), THERE) == []


def role(principal: Any, *managed: str, **statement: Any) -> Json:
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    policy = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*", **statement}
    properties = {
        "AssumeRolePolicyDocument": {"Statement": [trust]},
        "ManagedPolicyArns": list(managed),
        "Policies": [{"PolicyDocument": {"Statement": [policy]}}],
    }
    return {"Resources": {"Helper": {"Type": "AWS::IAM::Role", "Properties": properties}}}


SERVICE = {"Service": "s3.amazonaws.com"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    ("template", "who"),
    [
        (role({"AWS": "*"}), "everybody"),
        (role({"AWS": "arn:aws:iam::999999999999:root"}), "account-999999999999"),
        (role({"AWS": "arn:aws:iam::111122223333:role/x"}), "AWS-arn"),
        (role({"Federated": "x"}), "Federated-x"),
        (role(SERVICE, ADMINISTRATOR), "Helper"),
        (role(SERVICE, Action="s3:*"), "Helper"),
        (role(SERVICE, Resource="*"), "Helper"),
        (role(SERVICE, Resource="arn:aws:s3:::*"), "Helper"),
        (role(SERVICE, Resource=[], NotResource="arn:aws:s3:::x/*"), "Helper"),
    ],
)
def test_a_helper_stack_that_opens_a_door_is_refused(template: Json, who: str) -> None:
    [found] = new(template, THERE)
    assert found.startswith(f"access-gained-{who}-")


def test_a_role_that_everybody_may_take_and_that_may_do_everything_is_two_risks() -> None:
    assert len(new(role("*", ADMINISTRATOR))) == 2


def test_a_role_that_a_service_takes_for_some_objects_is_no_risk() -> None:
    assert new(role(SERVICE), THERE) == []


def secret_at_another_place(template: Json) -> None:
    secret = template["Resources"][SECRET]
    template["Resources"][SECRET] = json.loads(json.dumps(secret).replace("https://s3.", "https://s3.evil.example/"))


DAYS = ("LifecycleConfiguration", "Rules", 0, "NoncurrentVersionExpiration", "NoncurrentDays")
FOREIGN_KEY = "arn:aws:kms:us-west-2:999999999999:key/1"
FIELDS = ("access-key-id", "secret-access-key", "bucket", "service-url", "region")


def without_a_secret_string(template: Json) -> None:
    template["Resources"][SECRET]["Properties"] |= {"SecretString": "{}"}


def second_user(template: Json) -> None:
    template["Resources"]["Second"] = {"Type": "AWS::IAM::User"}


def open_bucket(template: Json) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    template["Resources"][BUCKET_POLICY]["Properties"]["PolicyDocument"]["Statement"].append(statement)


@pytest.mark.parametrize(
    ("edit", "risks"),
    [
        (open_bucket, ["access-gained-everybody-"]),
        (property_of(POLICY, "PolicyDocument", "Statement", 1, "Action", to="s3:PutBucketPolicy"), ["access-gained-"]),
        (property_of(USER, "ManagedPolicyArns", to=[ADMINISTRATOR]), ["access-gained-AccessUser-"]),
        (second_user, [f"user-added-{USER}", "user-added-Second", "identities-permissions-boundary-Second"]),
        (set_at("Helper", to={"Type": "AWS::Lambda::Function"}), ["function-added-Helper"]),
        (replicated("arn:aws:s3:::mine"), [f"retention-replication-{BUCKET}"]),
        (property_of(BUCKET, *DAYS, to=1), [f"retention-noncurrent-versions-stay-{BUCKET}"]),
        (
            property_of(BUCKET, "LifecycleConfiguration", "Rules", 0, "ExpirationInDays", to=365),
            [f"retention-current-objects-stay-{BUCKET}"],
        ),
        (property_of(BUCKET, "VersioningConfiguration", to=None), [f"retention-versioning-{BUCKET}"]),
        (property_of(BUCKET, "BucketEncryption", to=None), [f"encryption-default-encryption-{BUCKET}"]),
        (property_of(BUCKET, "LoggingConfiguration", to=None), [f"logging-access-logs-go-to-{BUCKET}"]),
        (property_of(BUCKET, "AccessControl", to="PublicRead"), [f"network-ACL-{BUCKET}"]),
        (
            property_of(BUCKET, "PublicAccessBlockConfiguration", "BlockPublicPolicy", to=False),
            [f"network-BlockPublicPolicy-{BUCKET}"],
        ),
        (property_of(BUCKET, "InventoryConfigurations", to=[]), [f"property-InventoryConfigurations-{BUCKET}"]),
        (set_at(BUCKET, "DeletionPolicy", to="Delete"), [f"retention-when-the-stack-drops-it-{BUCKET}"]),
        (property_of(USER, "PermissionsBoundary", to=None), [f"identities-permissions-boundary-{USER}"]),
        (property_of(USER, "PermissionsBoundary", to=ADMINISTRATOR), [f"identities-permissions-boundary-{USER}"]),
        (property_of(USER, "LoginProfile", to={"Password": "p"}), [f"identities-console-password-{USER}"]),
        (property_of(OF_KEY, "Status", to="Inactive"), ["access-key-1-inactive"]),
        (property_of(OF_KEY, "UserName", to="admin"), ["access-key-1-of-another-user"]),
        (property_of(SECRET, "KmsKeyId", to=FOREIGN_KEY), [f"encryption-KMS-key-{SECRET}"]),
        (secret_field("bucket", "mine"), [f"secret-bucket-{SECRET}"]),
        (secret_at_another_place, [f"secret-service-url-{SECRET}"]),
        (without_a_secret_string, [f"secret-{field}-{SECRET}" for field in FIELDS]),
        (output("AwsS3Bucket", "mine"), ["output-elsewhere-AwsS3Bucket", f"secret-bucket-{SECRET}"]),
        (
            output("AwsServiceUrl", "https://s3.us-west-2.evil.example"),
            ["output-elsewhere-AwsServiceUrl", f"secret-service-url-{SECRET}"],
        ),
        (lambda template: template.update(Transform="Mine"), ["template-Transform"]),
        (lambda template: template.update(Conditions={"x": True}), ["template-Conditions"]),
        (lambda template: template.update(Mappings={"x": {}}), ["template-Mappings"]),
        (lambda template: template.update(Hooks={"x": {}}), ["template-Hooks"]),
    ],
)
def test_what_no_instance_of_this_project_has_is_a_risk_of_a_new_one(edit: Edit, risks: list[str]) -> None:
    found = new(edited(edit))
    assert len(found) == len(risks), found
    assert all(each.startswith(risk) for each, risk in zip(found, risks, strict=True))


def deployed(**others: Any) -> list[str]:
    return ids(changes(Stack(template_of(), **{"termination_protection": True, **others})))


def test_a_new_stack_is_protected_and_nobody_else_deploys_it_or_is_told() -> None:
    assert deployed(deployment={"assumeRoleArn": "arn:aws:iam::${AWS::AccountId}:role/cdk"}) == []
    assert deployed(termination_protection=False) == ["termination-protection-off"]
    assert deployed(deployment={"notificationArns": []}) == ["deployment-notificationArns"]
    foreign = {"assumeRoleArn": "arn:aws:iam::999999999999:role/cdk"}
    assert deployed(deployment=foreign) == ["deployment-assumeRoleArn"]

"""What each option changes in the template; nothing that another one promises."""

import ipaddress
import json
from itertools import islice

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import load
from ghes_packages.config.options import OPTIONS
from ghes_packages.config.values import MOST_CHARACTERS_OF_ADDRESSES
from ghes_packages.template.options import options_of
from ghes_packages.template.rendered import RenderedStack
from tests.combinations import (
    ALONE,
    FOREIGN_READER,
    KEY,
    READER,
    VALUES,
    Combinations,
    instance,
    pairs,
    refusal,
    with_a_key,
)
from tests.stacks.test_packages_storage import BUCKET
from tests.synthesis import INSTANCE, PROJECT, Json, replica_template_of, resources_of, template_of
from tests.validation import violations_in

REFUSED_WITH = {
    ("execution_role_arn", "bootstrap"),
    ("encryption", "replica_region"),
    ("encryption", "existing_bucket"),
    ("access_logs", "existing_bucket"),
    ("noncurrent_days", "existing_bucket"),
    ("storage_class", "existing_bucket"),
    ("replica_region", "existing_bucket"),
    ("bucket_name", "existing_bucket"),
}


def test_every_option_is_in_every_pair_and_in_an_example() -> None:
    examples = PROJECT.glob("examples/*.toml")
    shown = {key for file in examples for one in load(file).values() for key in one.model_fields_set}
    assert VALUES.keys() == OPTIONS.keys()
    assert shown - {"name"} == OPTIONS.keys()


def test_two_options_go_together_or_are_refused_with_the_reason() -> None:
    refused = {(one, other): reason for one, other, options in pairs() if (reason := refusal(options))}
    assert refused.keys() == REFUSED_WITH
    for (one, other), reason in refused.items():
        assert one in reason or other in reason
        assert "; " in reason


@pytest.mark.parametrize(
    "beside", [{}, {"existing_bucket": "example-packages-of-old"}], ids=["alone", "existing bucket"]
)
@pytest.mark.usefixtures("combinations")
def test_an_option_changes_the_template_or_is_refused(beside: Json) -> None:
    """None does nothing, and so seems to be set."""
    for key in VALUES.keys() - ALONE.keys() - beside.keys():
        for options in VALUES[key]:
            both = with_a_key({**beside, **options})
            if not refusal(both):
                rest = {name: value for name, value in both.items() if name not in options}
                assert template_of(instance(**both)) != template_of(instance(**rest)), key


def test_no_rule_fires_on_an_example_or_on_options_that_go_together(combinations: Combinations) -> None:
    assert len(list(combinations.folder.glob("*.template.json"))) >= len(combinations.instances) > 50
    assert violations_in(combinations.folder) == set()


# In the stack's ID, and not in a template.
PLACE = {"account", "region", "stack_name"}
NOT_READ = PLACE | {"profile", "role_arn", "execution_role_arn", "bootstrap", "ghes_version", "rule_packs"}


def test_the_options_of_a_template_are_those_of_its_instance(combinations: Combinations) -> None:
    for each in combinations.instances.values():
        read = options_of(RenderedStack(template_of(each)))
        assert read == {key: getattr(each, key) for key in read}, each.name
        of_the_bucket = {"noncurrent_days"} if each.existing_bucket else set()
        assert OPTIONS.keys() - read.keys() == NOT_READ | of_the_bucket, each.name


def statement(sid: str, kind: str, template: Instance) -> Json:
    [properties] = [each["Properties"] for each in resources_of(kind, template).values()]
    document = properties.get("PolicyDocument") or properties["KeyPolicy"]
    [found] = [each for each in document["Statement"] if each.get("Sid") == sid]
    return dict(found)


def test_a_key_of_its_own_is_rotated_and_kept_and_encrypts_bucket_and_secret() -> None:
    [(logical_id, key)] = resources_of("AWS::KMS::Key", instance(encryption="kms")).items()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    [secret] = resources_of("AWS::SecretsManager::Secret", instance(encryption="kms")).values()
    assert secret["Properties"]["KmsKeyId"] == {"Fn::GetAtt": [logical_id, "Arn"]}
    [alias] = resources_of("AWS::KMS::Alias", instance(encryption="kms")).values()
    bucket = resources_of("AWS::S3::Bucket", instance(encryption="kms"))[BUCKET]["Properties"]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": alias["Properties"]["AliasName"],
        },
    }
    assert alias["DeletionPolicy"] == "RetainExceptOnCreate"


def test_the_key_lets_the_user_in_through_s3_and_for_this_bucket_alone() -> None:
    """The embedded AWS enforces none of this."""
    grant = statement("PackagesUserThroughS3", "AWS::KMS::Key", instance(encryption="kms"))
    arn = {"Fn::GetAtt": [BUCKET, "Arn"]}
    assert grant["Principal"] == {"AWS": {"Fn::GetAtt": ["AccessUser138A70BB", "Arn"]}}
    assert grant["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert grant["Condition"] == {
        "StringEquals": {"kms:ViaService": {"Fn::Join": ["", ["s3.us-west-2.", {"Ref": "AWS::URLSuffix"}]]}},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [arn, {"Fn::Join": ["", [arn, "/*"]]}]},
    }


def test_an_existing_key_encrypts_and_is_not_touched() -> None:
    template = template_of(instance(encryption=KEY))
    assert not [each for each in template["Resources"].values() if each["Type"].startswith("AWS::KMS")]
    bucket = template["Resources"][BUCKET]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket[0]["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert template["Resources"]["AccessSecretD1770891"]["Properties"]["KmsKeyId"] == KEY


@pytest.mark.parametrize("endpoints", [0, 1, 200])
def test_as_many_addresses_and_endpoints_as_an_instance_takes_fit_in_a_policy_of_iam(endpoints: int) -> None:
    some: Json = {"allowed_vpc_endpoints": [f"vpce-{number:017x}" for number in range(endpoints)]} if endpoints else {}
    left = MOST_CHARACTERS_OF_ADDRESSES - endpoints * len('"vpce-0123456789abcdef0",')
    cidrs = [str(each) for each in islice(ipaddress.ip_network("2001:db8::/32").subnets(new_prefix=48), 500)]
    if room := left // max(len(f'"{cidr}",') for cidr in cidrs):
        some["allowed_cidrs"] = cidrs[:room]
    [policy] = resources_of("AWS::IAM::ManagedPolicy", instance(**some)).values()
    longest_arn = "arn:aws-us-gov:s3:::" + 63 * "x"
    document = json.dumps(policy["Properties"]["PolicyDocument"], separators=(",", ":"))
    arn = {"Fn::GetAtt": [BUCKET, "Arn"]}
    for reference in ({"Fn::Join": ["", [arn, "/*"]]}, arn):
        document = document.replace(json.dumps(reference, separators=(",", ":")), f'"{longest_arn}/*"')
    assert "Fn::" not in document
    assert MOST_CHARACTERS_OF_ADDRESSES < len(document) <= 6_144


def test_no_option_gives_another_logical_id_to_what_holds_state(combinations: Combinations) -> None:
    stateful = {"AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::IAM::User", "AWS::SecretsManager::Secret"}
    before = {key for key, each in template_of()["Resources"].items() if each["Type"] in stateful}
    for each in combinations.instances.values():
        resources = template_of(each)["Resources"]
        after = {key for key, resource in resources.items() if resource["Type"] in stateful}
        assert {"AccessUser138A70BB", "AccessSecretD1770891"} <= after <= before


def test_a_central_log_bucket_gets_the_logs_below_the_name_of_the_stack() -> None:
    buckets = resources_of("AWS::S3::Bucket", instance(access_logs="central-log-bucket"))
    assert buckets.keys() == {BUCKET}
    assert buckets[BUCKET]["Properties"]["LoggingConfiguration"] == {
        "DestinationBucketName": "central-log-bucket",
        "LogFilePrefix": "GhesPackages-production/",
    }


def test_other_addresses_are_denied_objects_to_this_user_and_to_nobody_else() -> None:
    denial = statement("Addresses", "AWS::IAM::ManagedPolicy", instance(allowed_cidrs=["203.0.113.0/24"]))
    on_objects = statement("Objects", "AWS::IAM::ManagedPolicy", INSTANCE)
    assert denial == {
        "Sid": "Addresses",
        "Effect": "Deny",
        "Action": on_objects["Action"],
        "Resource": on_objects["Resource"],
        "Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}, "Bool": {"aws:ViaAWSService": "false"}},
    }
    assert resources_of("AWS::S3::BucketPolicy", instance(allowed_cidrs=["203.0.113.0/24"])) == resources_of(
        "AWS::S3::BucketPolicy", instance()
    )


def test_what_comes_through_an_endpoint_or_from_an_address_is_not_denied() -> None:
    both: Json = {"allowed_cidrs": ["203.0.113.0/24"], "allowed_vpc_endpoints": ["vpce-1a2b3c4d"]}
    denial = statement("Addresses", "AWS::IAM::ManagedPolicy", instance(**both))
    assert denial["Condition"] == {
        "NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]},
        "StringNotEquals": {"aws:SourceVpce": ["vpce-1a2b3c4d"]},
        "Bool": {"aws:ViaAWSService": "false"},
    }
    del both["allowed_cidrs"], denial["Condition"]["NotIpAddress"]
    assert statement("Addresses", "AWS::IAM::ManagedPolicy", instance(**both)) == denial


def test_tags_are_on_everything_that_takes_them() -> None:
    template = template_of(instance(tags={"cost-center": "1234"}, encryption="kms"))
    tagged = {each["Type"] for each in template["Resources"].values() if "Tags" in each.get("Properties", {})}
    assert tagged == {"AWS::S3::Bucket", "AWS::IAM::User", "AWS::SecretsManager::Secret", "AWS::KMS::Key"}


def test_readers_of_the_secret_are_just_those_that_are_named() -> None:
    chosen = instance(secret_readers=[READER, FOREIGN_READER], encryption="kms")
    [policy] = resources_of("AWS::SecretsManager::ResourcePolicy", chosen).values()
    [grant] = policy["Properties"]["ResourcePolicy"]["Statement"]
    assert grant["Principal"] == {"AWS": [READER, FOREIGN_READER]}
    assert grant["Action"] == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    assert policy["Properties"]["BlockPublicPolicy"] is True
    [key] = resources_of("AWS::KMS::Key", chosen).values()
    readers = [each for each in key["Properties"]["KeyPolicy"]["Statement"] if "setup" in str(each["Principal"])]
    assert [each["Action"] for each in readers] == ["kms:Decrypt"] * len(readers)
    assert str(readers).count("role/setup") == 2


def test_noncurrent_days_change_the_lifecycle_of_packages_and_nothing_else() -> None:
    changed = template_of(instance(noncurrent_days=90))
    [rule] = changed["Resources"][BUCKET]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule.pop("NoncurrentVersionExpiration") == {"NoncurrentDays": 90}
    other = template_of(instance())["Resources"]
    assert {key for key in other if changed["Resources"][key] != other[key]} == {BUCKET}


def test_intelligent_tiering_moves_current_packages_at_once_and_nothing_else_changes() -> None:
    changed = template_of(instance(storage_class="intelligent-tiering"))
    [rule] = changed["Resources"][BUCKET]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule.pop("Transitions") == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]
    assert changed == template_of(instance())


def test_the_replica_is_tiered_by_a_rule_of_its_own_and_its_access_logs_are_not() -> None:
    both: Json = {"storage_class": "intelligent-tiering", "replica_region": "us-east-2"}
    moving = {
        logical_id: rule["Transitions"]
        for logical_id, each in replica_template_of(instance(**both))["Resources"].items()
        for rule in each["Properties"].get("LifecycleConfiguration", {}).get("Rules", [])
        if "Transitions" in rule
    }
    [(logical_id, transitions)] = moving.items()
    assert logical_id.startswith("ReplicaBucket")
    assert transitions == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]


def test_a_bucket_is_named_as_told_and_its_logical_id_stays() -> None:
    assert (
        resources_of("AWS::S3::Bucket", instance(bucket_name="example"))[BUCKET]["Properties"]["BucketName"]
        == "example"
    )


def test_a_bucket_that_is_there_is_not_in_the_template() -> None:
    template = template_of(instance(existing_bucket="example"))
    assert not [each for each in template["Resources"].values() if each["Type"].startswith("AWS::S3")]
    assert template["Outputs"]["AwsS3Bucket"]["Value"] == "example"
    on_bucket = statement("Bucket", "AWS::IAM::ManagedPolicy", instance(existing_bucket="example"))
    assert on_bucket["Resource"] == "arn:aws:s3:::example"
    wherever = statement("Bucket", "AWS::IAM::ManagedPolicy", Instance(name="x", existing_bucket="example"))
    assert wherever["Resource"] == {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::example"]]}

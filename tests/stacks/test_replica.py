"""The stack in the second region, and what the first one gets for it."""

import copy
import json
import re
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.outputs import ReplicaOutputs
from tests.stacks.test_packages_storage import BUCKET
from tests.synthesis import Json, replica_template_of, stack_of, template_of

LOGS = "PackagesAccessLogs000D49E7"
PLACE: Json = {"name": "production", "account": "111122223333", "region": "us-west-2", "access_key": 1}
ALONE = Instance(**PLACE)
SSE_S3 = Instance(**PLACE, replica_region="us-east-1")
SSE_KMS = Instance(**PLACE, replica_region="us-east-1", encryption="kms")
NEW = {
    f"Packages{bucket}Replication{part}": kind
    for bucket in ("Bucket", "AccessLogs")
    for part, kind in (("Role", "AWS::IAM::Role"), ("Policy", "AWS::IAM::ManagedPolicy"))
}

# AWS, "Setting up permissions for live replication" and "Replicating encrypted objects". Written out here to be
# compared; the embedded AWS replicates whatever the role may do.
ON_THE_SOURCE = {"s3:GetReplicationConfiguration", "s3:ListBucket"}
ON_SOURCE_OBJECTS = {"s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"}
ON_REPLICA_OBJECTS = {"s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"}


def put_out(output: str) -> Json:
    return {
        "Fn::GetStackOutput": {
            "StackName": "GhesPackages-production-Replica",
            "Region": "us-east-1",
            "OutputName": output,
        }
    }


def arn_of(output: str) -> Json:
    return {"Fn::Join": ["", ["arn:aws:s3:::", put_out(output)]]}


def rule_of(instance: Instance, bucket: str) -> Json:
    [rule] = template_of(instance)["Resources"][bucket]["Properties"]["ReplicationConfiguration"]["Rules"]
    return dict(rule)


def unhashed(logical_id: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


# --- The first region


@pytest.mark.parametrize(("bucket", "output"), [(BUCKET, "ReplicaS3Bucket"), (LOGS, "ReplicaAccessLogsS3Bucket")])
def test_everything_and_every_delete_marker_is_replicated_and_measured(bucket: str, output: str) -> None:
    assert rule_of(SSE_S3, bucket) == {
        "Id": "everything",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": arn_of(output), "Metrics": {"Status": "Enabled"}},
    }


def test_with_kms_the_packages_are_encrypted_with_the_key_of_the_replica_and_the_logs_are_not() -> None:
    rule = rule_of(SSE_KMS, BUCKET)
    assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    assert rule["Destination"]["EncryptionConfiguration"] == {"ReplicaKmsKeyID": put_out("ReplicaKeyArn")}
    assert rule_of(SSE_KMS, LOGS) == rule_of(SSE_S3, LOGS)


def statements(instance: Instance, bucket: str) -> list[Json]:
    [policy] = [
        resource["Properties"]
        for logical_id, resource in template_of(instance)["Resources"].items()
        if unhashed(logical_id) == f"Packages{bucket}ReplicationPolicy"
    ]
    return list(policy["PolicyDocument"]["Statement"])


@pytest.mark.parametrize(
    ("name", "bucket", "output"),
    [("Bucket", BUCKET, "ReplicaS3Bucket"), ("AccessLogs", LOGS, "ReplicaAccessLogsS3Bucket")],
)
def test_the_role_may_do_what_aws_documents_and_nothing_else(name: str, bucket: str, output: str) -> None:
    arn = {"Fn::GetAtt": [bucket, "Arn"]}
    replica = arn_of(output)["Fn::Join"][1]
    assert [(set(each["Action"]), each["Resource"]) for each in statements(SSE_S3, name)] == [
        (ON_THE_SOURCE, arn),
        (ON_SOURCE_OBJECTS, {"Fn::Join": ["", [arn, "/*"]]}),
        (ON_REPLICA_OBJECTS, {"Fn::Join": ["", [*replica, "/*"]]}),
    ]


def test_the_role_uses_either_key_through_s3_and_for_its_one_bucket_alone() -> None:
    """The embedded AWS enforces none of this."""
    decrypt, encrypt = [each for each in statements(SSE_KMS, "Bucket") if "kms" in str(each["Action"])]
    here, there = {"Fn::GetAtt": [BUCKET, "Arn"]}, arn_of("ReplicaS3Bucket")
    for statement, actions, region, bucket in (
        (decrypt, "kms:Decrypt", "us-west-2", here),
        (encrypt, ["kms:Decrypt", "kms:Encrypt"], "us-east-1", there),
    ):
        assert statement["Action"] == actions
        assert statement["Condition"]["StringEquals"] == {
            "kms:ViaService": {"Fn::Join": ["", [f"s3.{region}.", {"Ref": "AWS::URLSuffix"}]]}
        }
        assert statement["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"][0] == bucket
    assert encrypt["Resource"] == put_out("ReplicaKeyArn")
    assert decrypt["Resource"] != "*"


@pytest.mark.parametrize("options", [{}, {"encryption": "kms"}, {"access_logs": "central-log-bucket"}], ids=str)
def test_switching_it_on_adds_the_roles_and_rules_and_changes_nothing_else(options: Json) -> None:
    before = template_of(Instance(**PLACE, **options))
    after = template_of(Instance(**PLACE, **options, replica_region="us-east-1"))
    added = {
        unhashed(each): after["Resources"].pop(each)["Type"]
        for each in after["Resources"].keys() - before["Resources"].keys()
    }
    assert added == {key: kind for key, kind in NEW.items() if "access_logs" not in options or "AccessLogs" not in key}
    for resource in after["Resources"].values():
        resource["Properties"].pop("ReplicationConfiguration", None) if resource["Type"] == "AWS::S3::Bucket" else None
    assert after == before


# --- The second region


def test_it_holds_two_buckets_with_their_policies_and_with_kms_a_key() -> None:
    def kinds(instance: Instance) -> list[str]:
        return sorted(each["Type"] for each in replica_template_of(instance)["Resources"].values())

    buckets = ["AWS::S3::Bucket", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::S3::BucketPolicy"]
    assert kinds(SSE_S3) == buckets
    assert kinds(SSE_KMS) == ["AWS::KMS::Key", *buckets]


def test_its_buckets_are_those_of_the_first_region_but_for_the_replication() -> None:
    def described(template: Json, path: str) -> str:
        resources = copy.deepcopy(
            [each for each in template["Resources"].values() if each["Type"].startswith("AWS::S3::")]
        )
        for each in resources:
            each["Properties"].pop("ReplicationConfiguration", None)
        return re.sub(rf"{path}([A-Za-z]+?)[0-9A-F]{{8}}\b", r"\1", json.dumps(resources))

    assert described(replica_template_of(SSE_S3), "Replica") == described(template_of(SSE_S3), "Packages")


def test_it_is_protected_and_everything_in_it_outlives_it() -> None:
    resources = replica_template_of(SSE_KMS)["Resources"].values()
    assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in resources} == {
        ("RetainExceptOnCreate", "Retain")
    }


def test_it_knows_nothing_of_the_first_region_so_that_it_can_be_deployed_without_it() -> None:
    text = json.dumps(replica_template_of(SSE_KMS))
    assert not re.search(r"Fn::GetStackOutput|Fn::ImportValue|us-west-2", text)
    assert re.search(r"Fn::GetStackOutput", json.dumps(template_of(SSE_KMS)))


def test_what_the_first_stack_reads_is_what_the_second_puts_out() -> None:
    read = set(re.findall(r'"OutputName": "(\w+)"', json.dumps(template_of(SSE_KMS))))
    outputs = replica_template_of(SSE_KMS)["Outputs"]
    assert read == {"ReplicaS3Bucket", "ReplicaAccessLogsS3Bucket", "ReplicaKeyArn"} <= outputs.keys()
    assert outputs.keys() == {str(field.alias) for field in ReplicaOutputs.model_fields.values()}
    assert replica_template_of(SSE_S3)["Outputs"].keys() == outputs.keys() - {"ReplicaKeyArn"}


def test_the_tags_of_the_instance_are_on_both_and_a_chosen_name_on_one() -> None:
    """No two buckets of AWS have the same name."""
    options: dict[str, Any] = {"tags": {"team": "forge"}, "bucket_name": "example-packages"}
    replica = replica_template_of(Instance(**PLACE, replica_region="us-east-1", **options))
    assert "example-packages" not in json.dumps(replica)
    buckets = [each for each in replica["Resources"].values() if each["Type"] == "AWS::S3::Bucket"]
    assert [each["Properties"]["Tags"] for each in buckets] == [[{"Key": "team", "Value": "forge"}]] * 2
    assert stack_of(ALONE).termination_protection

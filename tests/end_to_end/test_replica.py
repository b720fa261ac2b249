"""The runbook of the replica: two regions, and the day that the first one is lost.

The embedded AWS replicates each object when somebody looks at the replica, whatever the role may do and the keys allow.
Of the metrics it publishes the failed operations alone. What tests/stacks/test_replica.py says of the template is all
that is known of these before AWS itself.
"""

import json
import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from ghes_packages import status
from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import load
from ghes_packages.live import aws, deployed
from ghes_packages.policies.statements import user_statement
from ghes_packages.verify import replica_checks, verify
from ghes_packages.verify.report import Outcome, make
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.end_to_end.operator import Operator
from tests.runbook import blocks, commands
from tests.verify.conftest import reach

PAGE = "docs/replica.md"
REPLICATED = {"account": "111122223333", "region": "us-west-2", "replica_region": "us-east-1"}


class Runbook:
    """Runs the commands of the page, one after the other."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.commands = iter(commands(PAGE))

    def next_is(self, command: str) -> str:
        assert next(self.commands) == command
        return command

    def says(self, command: str, options: str = "") -> str:
        return self.operator.run(f"{self.next_is(command)} {options}")


def test_the_runbook_of_the_replica_leads_to_a_ghes_in_the_other_region(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.configure(**REPLICATED, encryption="kms")
    runbook = Runbook(operator)
    runbook.says("make deploy INSTANCE=production")
    the_review_sees_both_stacks(operator)
    assert "packages replicated              all of it             as expected" in runbook.says(
        "ghes-packages verify production", "--all-checks"
    )
    # For AWS: the embedded one has no such jobs.
    runbook.next_is("aws s3control create-job --region us-west-2 --cli-input-json file://job.json")

    replica = operator.replica("production", "us-east-1").outputs()
    bucket, s3 = operator.bucket(), operator.s3
    s3.put_object(Bucket=bucket, Key="a/package", Body=b"content")
    s3.put_object(Bucket=bucket, Key="a/mistake", Body=b"content")
    s3.delete_object(Bucket=bucket, Key="a/mistake")
    s3.list_objects_v2(Bucket=replica["ReplicaS3Bucket"])  # now it is replicated
    [version] = s3.list_object_versions(Bucket=bucket, Prefix="a/mistake")["Versions"]
    s3.delete_object(Bucket=bucket, Key="a/mistake", VersionId=version["VersionId"])
    left = s3.list_object_versions(Bucket=replica["ReplicaS3Bucket"])
    assert {each["Key"] for each in left["Versions"]} >= {"a/package", "a/mistake"}
    current = s3.list_objects_v2(Bucket=replica["ReplicaS3Bucket"])["Contents"]
    assert [each["Key"] for each in current] == ["a/package"]  # nor is anything of `verify` there

    publish(operator.aws, "us-east-1", bucket, replica, ReplicationLatency=12, OperationsPendingReplication=3)
    publish(operator.aws, "us-west-2", bucket, replica, OperationsFailedReplication=0)
    shown = runbook.says("ghes-packages status production")
    assert "12 s behind" in shown
    assert "nothing to do" in shown
    reach(operator.aws, monkeypatch)
    instance = load(operator.folder / "instances.toml")["production"]
    publish(operator.aws, "us-west-2", bucket, replica, OperationsFailedReplication=2)
    assert status.read(instance).exit_status == 1

    described = (
        "aws cloudformation describe-stacks --region us-east-1 --stack-name GhesPackages-production-Replica"
        ' --query "Stacks[0].Outputs"'
    )
    assert replica == {each["OutputKey"]: each["OutputValue"] for each in json.loads(runbook.says(described))}
    [table] = blocks(PAGE, "toml")
    table = table.replace("REPLICA", replica["ReplicaS3Bucket"]).replace("KEY", replica["ReplicaKeyArn"])
    operator.configure(
        "production-failover",
        **tomllib.loads(table.replace("# encryption", "encryption"))["instances"]["production-failover"],
    )
    told = operator.refused(runbook.next_is("make deploy INSTANCE=production-failover"))
    [as_told] = [line for line in told.splitlines() if "ACCEPT=" in line]
    operator.run(as_told.partition("to accept all of them: ")[2])
    assert "1 failed" in operator.refused(runbook.next_is("ghes-packages verify production-failover"))
    failover = Stack(operator.aws, "GhesPackages-production-failover", "us-east-1").outputs()
    let_in(operator.aws, replica["ReplicaKeyArn"], failover["IamUserName"], replica["ReplicaS3Bucket"])
    runbook.says("ghes-packages verify production-failover")

    settings = json.loads(runbook.says("ghes-packages settings production-failover --show-secret", "--json"))
    assert settings["AwsS3Bucket"] == replica["ReplicaS3Bucket"]
    assert settings["AwsServiceUrl"] == replica["ReplicaServiceUrl"] == "https://s3.us-east-1.amazonaws.com"
    ghes = operator.aws.client(
        "s3",
        region_name=replica["ReplicaS3Region"],
        aws_access_key_id=settings["AwsS3AccessKey"],
        aws_secret_access_key=settings["AwsS3SecretKey"],
    )
    assert ghes.get_object(Bucket=settings["AwsS3Bucket"], Key="a/package")["Body"].read() == b"content"
    with pytest.raises(ClientError, match="AccessDenied"):
        ghes.get_object(Bucket=bucket, Key="a/package")
    assert list(runbook.commands) == []

    s3.delete_bucket_replication(Bucket=bucket)
    assert any("nothing is replicated" in problem for problem in status.read(instance).problems())
    assert failed(instance) == ["packages replicated"]


@pytest.mark.parametrize("replicates_meanwhile", [False, True])
def test_nothing_of_verify_fails_to_be_replicated_or_stays_current_in_the_replica(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, *, replicates_meanwhile: bool
) -> None:
    operator.deploy(**REPLICATED)
    reach(operator.aws, monkeypatch)
    replica = operator.replica("production", "us-east-1").outputs()["ReplicaS3Bucket"]
    instance = load(operator.folder / "instances.toml")["production"]

    def announce(title: str) -> None:
        if replicates_meanwhile:  # which it does when somebody looks; what is listed may be gone the next moment
            operator.s3.list_objects_v2(Bucket=replica)

    report = verify(instance, announce, patience=0)
    assert report.exit_status == 0
    assert report.findings[-1].happened == "old versions go in 30 days; S3 may still have to replicate them"
    assert list(status.read(instance).problems()) == []
    assert operator.content(operator.bucket()) == operator.content(replica) == {}
    assert "Uploads" not in operator.s3.list_multipart_uploads(Bucket=operator.bucket())


def the_review_sees_both_stacks(operator: Operator) -> None:
    review = "ghes-packages review --deployed production"
    assert operator.run(review) == "production: no risk found\n"
    weaker = shutil.copytree(operator.folder / "cdk.out", operator.folder / "weaker")
    template = weaker / "GhesPackages-production-Replica.template.json"
    template.write_text(
        template.read_text().replace('"DeletionPolicy": "RetainExceptOnCreate"', '"DeletionPolicy": "Delete"')
    )
    assert "production-Replica: REFUSED production-Replica/" in operator.refused(f"{review} --assembly weaker")


def test_the_job_of_the_page_is_one_that_s3_takes() -> None:
    [job] = blocks(PAGE, "json")
    client: Any = boto3.client("s3control", region_name="us-west-2")
    validate_parameters(json.loads(job), client.meta.service_model.operation_model("CreateJob").input_shape)


def publish(embedded: EmbeddedAws, region: str, bucket: str, replica: dict[str, str], **metrics: float) -> None:
    """What S3 did on AWS a minute ago, in the region in which AWS documents that it does.

    A request tells the time in whole seconds, so what was published in this second may come after its end.
    """
    dimensions = {"SourceBucket": bucket, "DestinationBucket": replica["ReplicaS3Bucket"], "RuleId": "everything"}
    embedded.client("cloudwatch", region_name=region).put_metric_data(
        Namespace="AWS/S3",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=1),
                "Value": value,
            }
            for name, value in metrics.items()
        ],
    )


def failed(instance: Instance) -> list[str]:
    """What `verify` finds wrong with the replica."""
    session = aws.session(instance)
    stack = deployed.read(instance, session)
    parts = deployed.parts(instance, stack.outputs, deployed.resources(instance, session))
    replica = replica_checks.read(instance)
    assert replica
    findings = make(replica.checks(session, stack, parts), lambda title: None)
    return [finding.check.title for finding in findings if finding.outcome is Outcome.FAILED]


def let_in(embedded: EmbeddedAws, key: str, user: str, bucket: str) -> None:
    """What the remedy of `verify` says."""
    kms: Any = embedded.client("kms", region_name="us-east-1")
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    arn = embedded.client("iam").get_user(UserName=user)["User"]["Arn"]
    policy["Statement"].append(user_statement(arn, f"arn:aws:s3:::{bucket}", "us-east-1", "amazonaws.com"))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

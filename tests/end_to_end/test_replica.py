"""The runbook of the replica: two regions, and the day that the first one is lost.

The embedded AWS replicates each object when somebody looks at the replica, whatever the role may do and the keys allow.
Of the metrics it publishes the failed operations alone. What tests/stacks/test_replica.py says of the template is all
that is known of these before AWS itself.
"""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
from tests.end_to_end.conftest import Cloud
from tests.end_to_end.operator import Operator, outputs
from tests.runbook import blocks, commands
from tests.synthesis import assembly_of

PAGE = "docs/replica.md"
NAME = "lost"
TABLE = f"""
[instances.{NAME}]
account = "111122223333"
region = "us-west-2"
replica_region = "us-east-1"
encryption = "kms"
"""


def synthesised(cloud: Cloud, folder: Path, tables: str) -> Cloud:
    folder.mkdir()
    instances = folder / "instances.toml"
    instances.write_text(tables)
    return Cloud(cloud.aws, instances, assembly_of(load(instances).values(), folder / "cdk.out"))


class Runbook:
    """Runs the commands of the page, one after the other, for another instance than the page's."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.commands = iter(commands(PAGE))

    def next_is(self, command: str) -> str:
        assert next(self.commands) == command
        return command.replace("production", NAME)

    def deploys(self, command: str) -> None:
        """`make deploy` comes to this, after a review; the CLI deploys a replica before the stack that needs it."""
        instance = self.next_is(command).removeprefix("make deploy INSTANCE=")
        self.cloud.cdk("deploy", f"GhesPackages-{instance}")

    def says(self, command: str, *options: str, exit_status: int = 0) -> str:
        done = self.cloud.ghes_packages(*self.next_is(command).split()[1:], *options)
        assert done.returncode == exit_status, done.stdout + done.stderr
        return done.stdout


def test_the_runbook_of_the_replica_leads_to_a_ghes_in_the_other_region(cloud: Cloud, tmp_path: Path) -> None:
    two = synthesised(cloud, tmp_path / "two", TABLE)
    runbook = Runbook(two)
    runbook.deploys("make deploy INSTANCE=production")
    the_review_sees_both_stacks(two, tmp_path / "weaker")
    assert "packages replicated              all of it             as expected" in runbook.says(
        "ghes-packages verify production", "--all-checks"
    )
    next_is_for_aws(runbook, "aws s3control create-job --region us-west-2 --cli-input-json file://job.json")

    replica = outputs_of_the_replica(cloud)
    bucket = two.outputs(NAME)["AwsS3Bucket"]
    s3: Any = cloud.aws.client("s3")
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

    publish(cloud, "us-east-1", bucket, replica, ReplicationLatency=12, OperationsPendingReplication=3)
    publish(cloud, "us-west-2", bucket, replica, OperationsFailedReplication=0)
    shown = runbook.says("ghes-packages status production")
    assert "12 s behind" in shown
    assert "nothing to do" in shown
    publish(cloud, "us-west-2", bucket, replica, OperationsFailedReplication=2)
    with pytest.MonkeyPatch.context() as patch:
        as_operator(cloud.aws, patch)
        assert status.read(load(two.instances)[NAME]).exit_status == 1

    next_is_for_aws(
        runbook,
        "aws cloudformation describe-stacks --region us-east-1 --stack-name GhesPackages-production-Replica"
        ' --query "Stacks[0].Outputs"',
    )
    [table] = blocks(PAGE, "toml")
    table = table.replace("production", NAME).replace("REPLICA", replica["ReplicaS3Bucket"])
    table = table.replace("# encryption", "encryption").replace('"KEY"', f'"{replica["ReplicaKeyArn"]}"')
    runbook.cloud = synthesised(cloud, tmp_path / "failover", TABLE + table)
    runbook.deploys("make deploy INSTANCE=production-failover")
    told = runbook.says("ghes-packages verify production-failover", exit_status=1)
    assert "1 failed" in told, told
    let_in(cloud, replica["ReplicaKeyArn"], failover_user(cloud), replica["ReplicaS3Bucket"])
    runbook.says("ghes-packages verify production-failover")

    settings = json.loads(runbook.says("ghes-packages settings production-failover --show-secret", "--json"))
    assert settings["AwsS3Bucket"] == replica["ReplicaS3Bucket"]
    assert settings["AwsServiceUrl"] == replica["ReplicaServiceUrl"] == "https://s3.us-east-1.amazonaws.com"
    ghes = cloud.aws.client(
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
    with pytest.MonkeyPatch.context() as patch:
        as_operator(cloud.aws, patch)
        instance = load(two.instances)[NAME]
        assert any("nothing is replicated" in problem for problem in status.read(instance).problems())
        assert failed(instance) == ["packages replicated"]


@pytest.mark.parametrize("replicates_meanwhile", [False, True])
def test_nothing_of_verify_fails_to_be_replicated_or_stays_current_in_the_replica(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, *, replicates_meanwhile: bool
) -> None:
    operator.deploy(account=operator.aws.account, region=operator.aws.region, replica_region="us-east-1")
    as_operator(operator.aws, monkeypatch)
    replica = outputs(operator.replica("production", "us-east-1"))["ReplicaS3Bucket"]
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


def the_review_sees_both_stacks(two: Cloud, weaker: Path) -> None:
    reviewed = two.ghes_packages("review", "--deployed", NAME, "--assembly", str(two.assembly))
    assert (reviewed.returncode, reviewed.stdout) == (0, f"{NAME}: no risk found\n"), reviewed.stderr
    shutil.copytree(two.assembly, weaker)
    template = weaker / f"GhesPackages-{NAME}-Replica.template.json"
    template.write_text(
        template.read_text().replace('"DeletionPolicy": "RetainExceptOnCreate"', '"DeletionPolicy": "Delete"')
    )
    refused = two.ghes_packages("review", "--deployed", NAME, "--assembly", str(weaker))
    assert refused.returncode == 1
    assert f"{NAME}-Replica: REFUSED {NAME}-Replica/" in refused.stdout


def test_the_job_of_the_page_is_one_that_s3_takes() -> None:
    [job] = blocks(PAGE, "json")
    client: Any = boto3.client("s3control", region_name="us-west-2")
    validate_parameters(json.loads(job), client.meta.service_model.operation_model("CreateJob").input_shape)


def next_is_for_aws(runbook: Runbook, command: str) -> None:
    """A command of the AWS CLI's; the tests make the request themselves, or say what they know of it."""
    assert runbook.next_is(command).startswith("aws ")


def outputs_of_the_replica(cloud: Cloud) -> dict[str, str]:
    client = cloud.aws.client("cloudformation", region_name="us-east-1")
    [stack] = client.describe_stacks(StackName=f"GhesPackages-{NAME}-Replica")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def publish(cloud: Cloud, region: str, bucket: str, replica: dict[str, str], **metrics: float) -> None:
    """What S3 did on AWS a minute ago, in the region in which AWS documents that it does.

    A request tells the time in whole seconds, so what was published in this second may come after its end.
    """
    dimensions = {"SourceBucket": bucket, "DestinationBucket": replica["ReplicaS3Bucket"], "RuleId": "everything"}
    cloud.aws.client("cloudwatch", region_name=region).put_metric_data(
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


def as_operator(embedded_aws: EmbeddedAws, patch: pytest.MonkeyPatch) -> None:
    for name, value in embedded_aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "http_proxy":
            patch.setenv(name, value)


def failed(instance: Instance) -> list[str]:
    """What `verify` finds wrong with the replica."""
    session = aws.session(instance)
    stack = deployed.read(instance, session)
    parts = deployed.parts(instance, stack.outputs, deployed.resources(instance, session))
    replica = replica_checks.read(instance)
    assert replica
    findings = make(replica.checks(session, stack, parts), lambda title: None)
    return [finding.check.title for finding in findings if finding.outcome is Outcome.FAILED]


def failover_user(cloud: Cloud) -> str:
    client = cloud.aws.client("cloudformation", region_name="us-east-1")
    [stack] = client.describe_stacks(StackName=f"GhesPackages-{NAME}-failover")["Stacks"]
    [user] = [each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "IamUserName"]
    arn: str = cloud.aws.client("iam").get_user(UserName=user)["User"]["Arn"]
    return arn


def let_in(cloud: Cloud, key: str, user: str, bucket: str) -> None:
    """What the remedy of `verify` says."""
    kms: Any = cloud.aws.client("kms", region_name="us-east-1")
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append(user_statement(user, f"arn:aws:s3:::{bucket}", "us-east-1", "amazonaws.com"))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

"""The runbooks of docs/, block by block, with the real AWS CLI.

`cdk` and `make` are run by other tests; here the same goes straight through CloudFormation, which is quicker.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ghes_packages.instance import Instance
from ghes_packages.local.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.runbook import PROJECT, Follower, Shell
from tests.synthesis import deployable

PACKAGES = {"a/package": b"package", "a/layer": b"layer", "b/with blank": b"blank"}


class Operator:
    """Somebody with an `instances.toml`, a shell, and stacks that can be destroyed again."""

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.s3: Any = aws.client("s3")
        self.tables: dict[str, dict[str, Any]] = {}
        self.shell = Shell(folder, aws.environment)

    def configure(self, name: str, **options: Any) -> None:
        self.tables[name] = options
        (self.folder / "instances.toml").write_text(
            "".join(
                f"[instances.{each}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
                for each, table in self.tables.items()
            )
        )

    def stack(self, name: str) -> Stack:
        return Stack(self.aws, f"GhesPackages-{name}")

    def deploy(self, name: str = "production", **options: Any) -> None:
        self.configure(name, **options)
        stack = self.stack(name)
        stack.create(*deployable(Instance.model_validate({"name": name, **options})))
        self.protect(stack, on=True)

    def update(self, name: str = "production", **options: Any) -> None:
        self.configure(name, **options)
        self.stack(name).update(*deployable(Instance.model_validate({"name": name, **options})))

    def protect(self, stack: Stack, *, on: bool) -> None:
        stack.cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=on)

    def outputs(self, name: str = "production") -> dict[str, str]:
        stack = self.stack(name)
        [described] = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def bucket(self, name: str = "production") -> str:
        return self.outputs(name)["AwsS3Bucket"]

    def publish(self, name: str = "production", **packages: bytes) -> None:
        for key, body in (packages or PACKAGES).items():
            self.s3.put_object(Bucket=self.bucket(name), Key=key, Body=body)

    def content(self, bucket: str) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: self.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}

    def as_ghes(self, name: str = "production", service: str = "s3") -> Any:
        """A client with the newest key of an instance."""
        secret = self.aws.client("secretsmanager").get_secret_value(
            SecretId=self.outputs(name)["AwsS3SecretKeyReference"]
        )
        key = json.loads(secret["SecretString"])
        return self.aws.client(
            service, aws_access_key_id=key["access_key_id"], aws_secret_access_key=key["secret_access_key"]
        )

    def follow(self, page: str, instead: dict[str, Callable[[], object]] | None = None) -> Follower:
        return Follower(page, self.shell, instead or {})

    def end(self) -> None:
        self.shell.close()
        for name in self.tables:
            stack = self.stack(name)
            try:
                self.protect(stack, on=False)
            except ClientError:
                continue  # the runbook destroyed it
            stack.delete()


@pytest.fixture
def operator(embedded_aws: EmbeddedAws, tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(embedded_aws, tmp_path)
    yield operator
    operator.end()


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return str(error.value.response["Error"]["Code"])


def test_a_retained_bucket_is_taken_back_with_its_packages(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    bucket, first = operator.bucket(), operator.outputs()["AwsS3AccessKey"]
    policy = operator.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    stack = operator.stack("production")

    runbook = operator.follow(
        "docs/take-back.md",
        {
            "cdk destroy GhesPackages-production": stack.delete,
            "cdk deploy GhesPackages-production": lambda: operator.deploy(existing_bucket=bucket),
            "ghes-packages verify production": lambda: None,
        },
    )
    shown = runbook.next().split()
    assert shown[0] == bucket
    assert refused(stack.cloudformation.describe_stacks, StackName=stack.name) == "ValidationError"
    assert bucket in runbook.next()

    shown_settings = runbook.next()
    assert bucket in shown_settings
    assert first not in shown_settings
    assert operator.bucket() == bucket
    ghes = operator.as_ghes()
    assert ghes.get_object(Bucket=bucket, Key="a/package")["Body"].read() == b"package"
    ghes.put_object(Bucket=bucket, Key="a/package", Body=b"newer")
    assert operator.s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy

    operator.protect(stack, on=False)
    stack.delete()
    operator.s3.delete_object(Bucket=bucket, Key="a/layer")
    runbook.next()
    assert runbook.finished
    left = {each["Name"] for each in operator.s3.list_buckets()["Buckets"]}
    assert left.isdisjoint(shown)


def test_deleting_for_good_stops_where_it_is_refused(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    bucket = operator.bucket()
    *_, for_good = Follower("docs/take-back.md", operator.shell, {})._left
    denied = [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion", "Resource": f"arn:aws:s3:::{bucket}/*"}]
    operator.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": denied}))
    with pytest.raises(AssertionError, match="AccessDenied"):
        operator.shell.run(f"AWS_S3_BUCKET={bucket} logs=\n{for_good}")
    assert operator.content(bucket) == PACKAGES


def rights(page: str, bucket: str) -> list[str]:
    [line] = re.findall(rf"^On the {bucket} bucket: (.*)\.$", (PROJECT / page).read_text(), re.MULTILINE)
    return re.findall(r"`(s3:\w+)`", line)


def copier(operator: Operator, old: str, new: str) -> dict[str, str]:
    """The environment of a user who has the rights of the page, and may read the outputs."""
    iam: Any = operator.aws.client("iam")
    allowed = [("cloudformation:DescribeStacks", "*"), ("iam:UpdateAccessKey", "*")]
    for words, bucket in (("old", old), ("new", new)):
        for action in rights("docs/move.md", words):
            allowed.append((action, f"arn:aws:s3:::{bucket}" + ("" if action == "s3:ListBucket" else "/*")))
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
    iam.create_user(UserName="copier")
    iam.put_user_policy(
        UserName="copier",
        PolicyName="copier",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    key = iam.create_access_key(UserName="copier")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def put_in_parts(operator: Operator, bucket: str, key: str, *parts: bytes) -> None:
    s3, layer = operator.s3, {"Bucket": bucket, "Key": key}
    upload = {**layer, "UploadId": s3.create_multipart_upload(**layer)["UploadId"]}
    etags = [
        {"PartNumber": number, "ETag": s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"]}
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": etags})


def test_a_moved_bucket_has_every_key_and_checksum(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    old = operator.bucket()
    put_in_parts(operator, old, "a/image", bytes(5 << 20), b"1" * (5 << 20))
    deploy = {"cdk deploy GhesPackages-production-2": lambda: operator.deploy("production-2")}
    runbook = operator.follow("docs/move.md", deploy)
    assert "0 failed" in runbook.next()
    new = operator.bucket("production-2")
    credentials = copier(operator, old, new)
    operator.shell.run("".join(f"export {name}={value}\n" for name, value in credentials.items()))
    assert runbook.next() == "0\n"

    # What GHES does between the first sync and the window.
    operator.publish(**{"a/new": b"new", "a/package": b"another"})
    operator.as_ghes().delete_object(Bucket=old, Key="a/layer")
    assert runbook.next() == ""
    refused_as = refused(operator.as_ghes().put_object, Bucket=old, Key="late", Body=b"")
    assert refused_as == "InvalidAccessKeyId"

    sizes, contents = runbook._left[:2]
    same = runbook.next(2)
    assert "NOT THE SAME" not in same
    assert re.findall(r"(\d+) (?:old|new)\.txt", same) == ["4", "4"]
    assert (operator.folder / "by-content.txt").read_text() == "a/image\n"
    assert operator.content(new) == operator.content(old)
    assert operator.content(new).keys() == {"a/image", "a/new", "a/package", "b/with blank"}

    # The check sees a copy that is not one.
    operator.s3.put_object(Bucket=new, Key="b/with blank", Body=b"blind")
    assert operator.shell.run(sizes + contents).splitlines()[-1] == "NOT THE SAME: b/with blank"
    operator.s3.delete_object(Bucket=new, Key="a/new")
    assert "NOT THE SAME: sync again" in operator.shell.run(sizes)

    environment = operator.aws.environment
    operator.shell.run("".join(f"export {name}={environment[name]}\n" for name in credentials))
    assert new in runbook.next()
    assert old in runbook.next()
    assert runbook.finished
    assert operator.as_ghes().get_object(Bucket=old, Key="a/package")["Body"].read() == b"another"


def test_deleted_packages_come_back(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    bucket, ghes = operator.bucket(), operator.as_ghes()
    ghes.delete_object(Bucket=bucket, Key="a/layer")  # long ago, and meant
    for key in ("a/package", "b/with blank"):
        ghes.delete_object(Bucket=bucket, Key=key)
    markers = operator.s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]
    [since] = [each["LastModified"].isoformat()[:23] for each in markers if each["Key"] == "a/package"]

    line = "since=2026-01-31T08:00"
    runbook = operator.follow("docs/bring-back.md", {line: lambda: operator.shell.run(f"since={since}")})
    shown = runbook.next()
    assert [row.split("\t")[1] for row in shown.splitlines()] == ["a/package", "b/with blank"]
    runbook.next()
    assert operator.content(bucket) == {"a/package": b"package", "b/with blank": b"blank"}

    ghes.put_object(Bucket=bucket, Key="a/package", Body=b"from somebody else")
    assert "a/package" in runbook.next()
    runbook.next()
    assert operator.content(bucket)["a/package"] == b"package"
    assert "Total Objects: 2" in runbook.next()
    assert runbook.finished


def log(operator: Operator, name: str, *requests: tuple[str, str, str]) -> None:
    """What S3 would log of requests of the user: address, operation, key."""
    bucket, user = operator.bucket(name), operator.outputs(name)["IamUserName"]
    lines = [
        f"owner {bucket} [01/Mar/2026:08:00:00 +0000] {address} arn:aws:iam::111122223333:user/{user} ID {what} {key} -\n"
        for address, what, key in requests
    ]
    target = operator.s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"]
    operator.s3.put_object(Bucket=target, Key="2026-03-01-09-00-00-0123456789ABCDEF", Body="".join(lines))


def test_staging_cannot_reach_production(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    deploy = {"cdk deploy GhesPackages-staging": lambda: operator.deploy("staging")}
    runbook = operator.follow("docs/staging.md", deploy)
    assert "0 failed" in runbook.next()
    assert operator.bucket("staging") in runbook.next()
    shown = runbook.next()
    assert {operator.bucket("staging"), operator.bucket()} <= set(shown.split())
    proof = runbook.next()
    assert "AccessDenied" in proof
    assert "refused, as it must be" in proof
    log(operator, "production", ("192.0.2.1", "REST.GET.OBJECT", "a/package"))
    assert runbook.next().splitlines()[-1] == "none from staging"
    assert runbook.finished

    for one, other in (("staging", "production"), ("production", "staging")):
        ghes, bucket = operator.as_ghes(one), operator.bucket(other)
        assert refused(ghes.list_objects_v2, Bucket=bucket) == "AccessDenied"
        for call in (ghes.get_object, ghes.put_object, ghes.delete_object):
            assert refused(call, Bucket=bucket, Key="a/package") == "AccessDenied"
    assert operator.content(operator.bucket()) == PACKAGES


def test_a_leaked_key_is_refused_after_one_command(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    package = {"Bucket": operator.bucket(), "Key": "a/package"}
    leaked = operator.as_ghes()
    temporary = operator.as_ghes(service="sts").get_session_token()["Credentials"]
    session = operator.aws.client(
        "s3",
        aws_access_key_id=temporary["AccessKeyId"],
        aws_secret_access_key=temporary["SecretAccessKey"],
        aws_session_token=temporary["SessionToken"],
    )
    for client in (leaked, session):
        assert client.get_object(**package)["Body"].read() == b"package"
    link = leaked.generate_presigned_url("get_object", Params=package)
    assert operator.shell.run(f"curl -sS --cacert $AWS_CA_BUNDLE '{link}'") == "package"

    runbook = operator.follow(
        "docs/leaked-key.md",
        {
            "make deploy INSTANCE=production": lambda: operator.update(**deployed.pop(0)),
            "ghes-packages rotate production": lambda: operator.shell.run(
                "ghes-packages rotate production --unused-for 0"  # two days later
            ),
        },
    )
    deployed = [
        {"access_key": 2, "previous_access_key": "inactive"},
        {"access_key": 2, "previous_access_key": "deleted"},
    ]
    runbook.next()
    assert refused(leaked.get_object, **package) == "InvalidAccessKeyId"
    assert "InvalidAccessKeyId" in operator.shell.run(f"curl -sS --cacert $AWS_CA_BUNDLE '{link}'")
    runbook.next()
    assert refused(session.get_object, **package) == "AccessDenied"

    log(
        operator,
        "production",
        ("192.0.2.1", "REST.GET.OBJECT", "a/package"),
        ("203.0.113.9", "REST.GET.OBJECT", "a/package"),
        ("203.0.113.9", "REST.DELETE.OBJECT", "a/layer"),
    )
    counted = [line.split() for line in runbook.next().splitlines()]
    assert ["1", "203.0.113.9", "REST.DELETE.OBJECT"] in counted
    assert len(counted) == 3
    assert runbook.next() == "[01/Mar/2026:08:00:00 REST.DELETE.OBJECT a/layer\n"
    runbook.next()

    back = runbook.next()
    assert ", 1 failed" in back
    assert "stray: NoSessions" in back
    assert operator.as_ghes().get_object(**package)["Body"].read() == b"package"
    assert refused(session.get_object, **package) == "AccessDenied"
    assert refused(leaked.get_object, **package) == "InvalidAccessKeyId"

    assert ", 0 failed" in runbook.next()
    assert runbook.finished

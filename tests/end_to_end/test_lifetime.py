"""The runbooks in docs/, block by block."""

import json
from functools import partial

import pytest
import urllib3

from tests.end_to_end.operator import PACKAGES, Operator, refused
from tests.runbook import blocks


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
        },
    )
    shown = runbook.next().split()
    assert shown[0] == bucket
    assert refused(stack.cloudformation.describe_stacks, StackName=stack.name) == "ValidationError"
    assert bucket in runbook.next()

    shown_settings = runbook.next()
    assert ", 0 failed" in shown_settings
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
    assert runbook.left == []
    left = {each["Name"] for each in operator.s3.list_buckets()["Buckets"]}
    assert left.isdisjoint(shown)


def test_deleting_for_good_stops_where_it_is_refused(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    bucket = operator.bucket()
    *_, for_good = blocks("docs/take-back.md")
    denied = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion", "Resource": f"arn:aws:s3:::{bucket}/*"}
    ]
    operator.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": denied}))
    with pytest.raises(AssertionError, match="AccessDenied"):
        operator.shell.run(f"AWS_S3_BUCKET={bucket} logs=\n{for_good}")
    assert operator.content(bucket) == PACKAGES


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
    assert runbook.left == []


def log(operator: Operator, name: str, *requests: tuple[str, str, str]) -> None:
    """What S3 would log of requests of the user: address, operation, key."""
    bucket, user = operator.bucket(name), operator.outputs(name)["IamUserName"]
    when, who = "[01/Mar/2026:08:00:00 +0000]", f"arn:aws:iam::111122223333:user/{user}"
    lines = [f"owner {bucket} {when} {address} {who} ID {what} {key} -\n" for address, what, key in requests]
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
    assert runbook.left == []

    for one, other in (("staging", "production"), ("production", "staging")):
        ghes, bucket = operator.as_ghes(one), operator.bucket(other)
        assert refused(ghes.list_objects_v2, Bucket=bucket) == "AccessDenied"
        for call in (ghes.get_object, ghes.put_object, ghes.delete_object):
            assert refused(call, Bucket=bucket, Key="a/package") == "AccessDenied"
    assert operator.content(operator.bucket()) == PACKAGES


def fetched(operator: Operator, link: str) -> str:
    """What somebody without credentials gets."""
    with urllib3.PoolManager(ca_certs=operator.aws.environment["AWS_CA_BUNDLE"]) as client:
        return client.request("GET", link).data.decode()


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
    assert fetched(operator, link) == "package"

    access_key_2 = partial(operator.update, access_key=2)
    deploys = [partial(access_key_2, previous_access_key=previous) for previous in ("inactive", "deleted")]
    runbook = operator.follow(
        "docs/leaked-key.md",
        {
            "make deploy INSTANCE=production": lambda: deploys.pop(0)(),
            "ghes-packages rotate production": lambda: operator.shell.run(
                "ghes-packages rotate production --unused-for 0"  # two days later
            ),
        },
    )
    runbook.next()
    assert refused(leaked.get_object, **package) == "InvalidAccessKeyId"
    assert "InvalidAccessKeyId" in fetched(operator, link)
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
    assert runbook.left == []

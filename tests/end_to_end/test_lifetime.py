"""The runbooks in docs/, block by block."""

import json
from collections.abc import Callable
from functools import partial

import pytest
import urllib3
from botocore.exceptions import ClientError

from tests.end_to_end.operator import PACKAGES, Operator, refused
from tests.runbook import blocks

PAGE = "docs/take-back.md"
LOG_FILE = "2026-03-01-09-00-00-0123456789ABCDEF"
STAGING = "198.51.100.7"  # its address in docs/staging.md


def test_a_retained_bucket_is_taken_back_with_its_packages(operator: Operator) -> None:
    operator.deploy("production-2")  # the names of its buckets begin as those of the other one do
    earlier = buckets(operator)  # those that an earlier stack of the name left have its tag too, as the page says
    operator.deploy()
    operator.publish()
    bucket, first = operator.bucket(), operator.outputs()["AwsS3AccessKey"]
    policy = operator.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    stack = operator.stack()

    runbook = operator.follow(PAGE)
    runbook.next()
    own = noted(operator)
    assert bucket in own
    assert len(own) == 2
    assert refused(stack.cloudformation.describe_stacks, StackName=stack.name) == "ValidationError"
    (operator.folder / "buckets.txt").unlink()
    runbook.next()
    assert {*noted(operator)} - earlier == {*own}
    (operator.folder / "buckets.txt").write_text("\n".join(own))

    operator.configure(existing_bucket=bucket)
    shown_settings = runbook.next()
    assert ", 0 failed" in shown_settings
    assert bucket in shown_settings
    assert first not in shown_settings
    assert operator.bucket() == bucket
    ghes = operator.as_ghes()
    assert ghes.get_object(Bucket=bucket, Key="a/package")["Body"].read() == b"package"
    ghes.put_object(Bucket=bucket, Key="a/package", Body=b"newer")
    assert operator.s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy

    stack.protect(on=False)
    stack.delete()
    operator.s3.delete_object(Bucket=bucket, Key="a/layer")
    *_with_key_or_replica, for_good = runbook.left
    operator.run(for_good)
    assert buckets(operator).isdisjoint(own)


def noted(operator: Operator) -> list[str]:
    """The buckets that the page is about."""
    return (operator.folder / "buckets.txt").read_text().split()


def buckets(operator: Operator) -> set[str]:
    return {each["Name"] for each in operator.s3.list_buckets()["Buckets"]}


@pytest.mark.parametrize("option", ["access_logs", "existing_bucket"])
def test_deleting_for_good_leaves_a_bucket_that_is_not_of_the_stack(operator: Operator, option: str) -> None:
    theirs = f"theirs-{option.replace('_', '-')}"
    operator.s3.create_bucket(Bucket=theirs, CreateBucketConfiguration={"LocationConstraint": operator.aws.region})
    operator.s3.put_object(Bucket=theirs, Key="somebody's", Body=b"else")
    operator.deploy(**{option: theirs})
    operator.publish()
    content, packages = operator.content(theirs), operator.bucket()

    runbook = operator.follow(PAGE)
    runbook.next()
    assert noted(operator) == ([packages] if option == "access_logs" else [])
    *_, for_good = runbook.left
    operator.run(for_good)
    assert operator.content(theirs) == content
    assert (packages in buckets(operator)) is (option == "existing_bucket")


def test_a_bucket_with_a_kms_key_is_taken_back_and_verify_says_how(operator: Operator) -> None:
    operator.deploy(encryption="kms")
    operator.publish()
    bucket = operator.bucket()
    operator.follow(PAGE).next()
    [look_up] = [block for block in blocks(PAGE) if "aws kms describe-key" in block]
    key = operator.run(look_up).strip()
    # What AWS does where a user is deleted that a key's policy names.
    kms = operator.aws.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    [old] = [each for each in policy["Statement"] if each.get("Sid") == "PackagesUserThroughS3"]
    old["Principal"] = {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

    where = {"account": operator.aws.account, "region": operator.aws.region}
    operator.deploy(existing_bucket=bucket, encryption=key, **where)
    verify = "ghes-packages verify production --json || true"
    found = json.loads(operator.run(verify))
    remedies = {each["title"]: each["remedy"] for each in found["checks"] if each["outcome"] == "failed"}
    assert remedies.keys() == {"encrypted by default", "key policy grants"}
    operator.run(remedies["encrypted by default"])
    assert "statements whose principal is an ID" in remedies["key policy grants"]
    policy["Statement"].remove(old)
    policy["Statement"] += json.loads(remedies["key policy grants"].split("'")[1])
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert ", 0 failed" in operator.run("ghes-packages verify production")
    assert operator.content(bucket) == PACKAGES


def test_a_replica_outlives_its_stack_until_it_is_deleted_for_good_too(operator: Operator) -> None:
    where = {"account": operator.aws.account, "region": operator.aws.region}
    operator.deploy(**where, replica_region="us-east-1")
    operator.publish()
    packages, replica = operator.bucket(), operator.replica("production", "us-east-1")
    copy = replica.outputs()["ReplicaS3Bucket"]
    assert operator.content(copy) == PACKAGES
    runbook = operator.follow(PAGE)
    runbook.next()
    made = noted(operator)
    *_, delete_rules, destroy_replica, for_good = runbook.left
    assert replicated(operator, made) == set(made)
    operator.run(delete_rules)
    assert replicated(operator, made) == set()
    operator.s3.put_object(Bucket=packages, Key="later", Body=b"")
    assert operator.content(copy) == PACKAGES

    operator.run(destroy_replica)
    copies = noted(operator)
    assert copy in copies
    assert refused(replica.cloudformation.describe_stacks, StackName=replica.name) == "ValidationError"
    assert operator.content(copy) == PACKAGES
    operator.run(for_good)
    assert buckets(operator).isdisjoint(copies)
    assert buckets(operator) >= set(made)


def replicated(operator: Operator, names: list[str]) -> set[str]:
    """Those of the buckets that have a rule of replication."""
    found = set()
    for name in names:
        try:
            operator.s3.get_bucket_replication(Bucket=name)
        except ClientError:
            continue
        found.add(name)
    return found


def test_deleting_for_good_stops_where_it_is_refused(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    bucket = operator.bucket()
    *_, for_good = blocks(PAGE)
    denied = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion", "Resource": f"arn:aws:s3:::{bucket}/*"}
    ]
    operator.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": denied}))
    with pytest.raises(AssertionError, match="AccessDenied"):
        operator.run(f"echo {bucket} > buckets.txt\n{for_good}")
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
    runbook = operator.follow("docs/bring-back.md", {line: lambda: operator.run(f"since={since}")})
    shown = runbook.next()
    assert [row.split("\t")[1] for row in shown.splitlines()] == ["a/package", "b/with blank"]
    runbook.next()
    assert operator.content(bucket) == {"a/package": b"package", "b/with blank": b"blank"}

    ghes.put_object(Bucket=bucket, Key="a/package", Body=b"from somebody else")
    assert "a/package" in runbook.next()
    runbook.next()
    assert operator.content(bucket)["a/package"] == b"package"
    assert "Total Objects: 2" in runbook.next()
    assert len(runbook.left) == 2  # what is for a replica


def test_deleted_packages_come_back_in_the_replica_too(operator: Operator) -> None:
    where = {"account": operator.aws.account, "region": operator.aws.region}
    operator.deploy(**where, replica_region="us-east-1")
    operator.publish()
    bucket, ghes = operator.bucket(), operator.as_ghes()
    replica = operator.replica("production", "us-east-1").outputs()["ReplicaS3Bucket"]
    for key in PACKAGES:
        ghes.delete_object(Bucket=bucket, Key=key)
    assert operator.content(replica) == {}

    line = "since=2026-01-31T08:00"
    runbook = operator.follow("docs/bring-back.md", {line: lambda: operator.run("since=2026-01-01")})
    runbook.next(2)
    assert operator.content(bucket) == PACKAGES
    assert operator.content(replica) == {}
    *_, in_the_replica, listed = runbook.left
    operator.run(in_the_replica)
    assert operator.content(replica) == PACKAGES
    assert "Total Objects: 3" in operator.run(listed)


def log(operator: Operator, name: str, *requests: tuple[str, str, str]) -> None:
    """What S3 would log of requests of the user: address, operation, key."""
    bucket, user = operator.bucket(name), operator.outputs(name)["IamUserName"]
    when, who = "[01/Mar/2026:08:00:00 +0000]", f"arn:aws:iam::111122223333:user/{user}"
    lines = [f"owner {bucket} {when} {address} {who} ID {what} {key} -\n" for address, what, key in requests]
    target = operator.s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
    operator.s3.put_object(
        Bucket=target["TargetBucket"], Key=f"{target['TargetPrefix']}{LOG_FILE}", Body="".join(lines)
    )


def test_staging_cannot_reach_production(operator: Operator) -> None:
    central = {"Bucket": "logs-of-everybody", "CreateBucketConfiguration": {"LocationConstraint": operator.aws.region}}
    operator.s3.create_bucket(**central)
    of_another = f"owner another [01/Mar/2026:08:00:00 +0000] {STAGING} - ID REST.GET.OBJECT x -\n"
    operator.s3.put_object(Bucket=central["Bucket"], Key=f"another/{LOG_FILE}", Body=of_another)
    operator.deploy(access_logs=central["Bucket"])
    operator.publish()
    operator.configure("staging")
    runbook = operator.follow("docs/staging.md")
    assert "0 failed" in runbook.next()
    assert operator.bucket("staging") in runbook.next()
    shown = runbook.next()
    assert {operator.bucket("staging"), operator.bucket()} <= set(shown.split())
    proof = runbook.next()
    assert "AccessDenied" in proof
    assert "refused, as it must be" in proof
    log(operator, "production", ("192.0.2.1", "REST.GET.OBJECT", "a/package"))
    asked = runbook.left[0]
    assert runbook.next().splitlines()[-1] == "none from staging"
    assert runbook.left == []
    log(operator, "production", (STAGING, "REST.PUT.OBJECT", "a/package"))
    assert "REST.PUT.OBJECT" in operator.run(asked)

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

    instead: dict[str, Callable[[], object]] = {}
    runbook = operator.follow("docs/leaked-key.md", instead)
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

    operator.configure(access_key=2, previous_access_key="inactive")
    back = runbook.next()
    assert ", 1 failed" in back
    assert "stray: NoSessions" in back
    assert operator.as_ghes().get_object(**package)["Body"].read() == b"package"
    assert refused(session.get_object, **package) == "AccessDenied"
    assert refused(leaked.get_object, **package) == "InvalidAccessKeyId"

    rotate, deploy = "ghes-packages rotate production", "make deploy INSTANCE=production"
    two_days_later = {rotate: f"{rotate} --unused-for 0", deploy: f"{deploy} ACCEPT=access-key-1-in-use"}
    instead.update({each: partial(operator.run, then) for each, then in two_days_later.items()})
    assert ", 0 failed" in runbook.next()
    assert len(runbook.left) == 3  # what is for a time without deploys


def test_a_leaked_key_is_replaced_by_hand_while_no_deploy_works(operator: Operator) -> None:
    operator.deploy()
    operator.publish()
    package = {"Bucket": operator.bucket(), "Key": "a/package"}
    leaked, first = operator.as_ghes(), operator.outputs()["AwsS3AccessKey"]
    runbook = operator.follow("docs/leaked-key.md")
    runbook.next()
    assert refused(leaked.get_object, **package) == "InvalidAccessKeyId"
    runbook.left = runbook.left[-3:]
    runbook.next()
    by_hand, secret = (operator.folder / "key.txt").read_text().split()
    ghes = operator.aws.client("s3", aws_access_key_id=by_hand, aws_secret_access_key=secret)
    assert ghes.get_object(**package)["Body"].read() == b"package"
    assert (operator.folder / "key.txt").stat().st_mode & 0o077 == 0

    operator.configure(access_key=2, previous_access_key="deleted")
    back = runbook.next()
    assert f"stray: {by_hand} Active" in back
    assert operator.as_ghes().get_object(**package)["Body"].read() == b"package"
    assert ghes.get_object(**package)["Body"].read() == b"package"
    runbook.next()
    assert ", 0 failed" in operator.run("ghes-packages verify production")
    keys = operator.aws.client("iam").list_access_keys(UserName=operator.outputs()["IamUserName"])
    [left] = [each["AccessKeyId"] for each in keys["AccessKeyMetadata"]]
    assert left == operator.outputs()["AwsS3AccessKey"] != first

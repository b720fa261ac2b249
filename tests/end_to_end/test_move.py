"""docs/move.md, block by block, as somebody who has just the rights that it names."""

import json
import re
from typing import Any

from tests.end_to_end.operator import Operator, refused
from tests.runbook import PROJECT


def rights(page: str, bucket: str) -> list[str]:
    [line] = re.findall(rf"^On the {bucket} bucket: (.*?)\.$", (PROJECT / page).read_text(), re.DOTALL | re.MULTILINE)
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
    operator.configure("production-2")
    runbook = operator.follow("docs/move.md")
    assert "0 failed" in runbook.next()
    new = operator.bucket("production-2")
    credentials = copier(operator, old, new)
    operator.run("".join(f"export {name}={value}\n" for name, value in credentials.items()))
    assert runbook.next() == "0\n"

    # What GHES does between the first sync and the window.
    operator.publish({"a/new": b"new", "a/package": b"another"})
    operator.as_ghes().delete_object(Bucket=old, Key="a/layer")
    assert runbook.next() == ""
    refused_as = refused(operator.as_ghes().put_object, Bucket=old, Key="late", Body=b"")
    assert refused_as == "InvalidAccessKeyId"

    sizes, contents = runbook.left[:2]
    same = runbook.next(2)
    assert "NOT THE SAME" not in same
    assert re.findall(r"(\d+) (?:old|new)\.txt", same) == ["4", "4"]
    assert (operator.folder / "by-content.txt").read_text() == "a/image\n"
    assert operator.content(new) == operator.content(old)
    assert operator.content(new).keys() == {"a/image", "a/new", "a/package", "b/with blank"}

    # The check sees a copy that is not one.
    operator.s3.put_object(Bucket=new, Key="b/with blank", Body=b"blind")
    operator.s3.put_object(Bucket=new, Key="stray", Body=b"")
    lines = operator.run(sizes + contents).splitlines()
    assert [line for line in lines if line.startswith("NOT THE SAME")] == [
        "NOT THE SAME: sync again",
        "NOT THE SAME: b/with blank",
    ]

    environment = operator.aws.environment
    operator.run("".join(f"export {name}={environment[name]}\n" for name in credentials))
    assert new in runbook.next()
    assert old in runbook.next()
    assert runbook.left == []
    assert operator.as_ghes().get_object(Bucket=old, Key="a/package")["Body"].read() == b"another"

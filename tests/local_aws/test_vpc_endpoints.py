import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.embedded_aws import EmbeddedAws
from tests.vpc_endpoint import through

CONDITIONS = {
    "an endpoint": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
    "an address": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
    "no endpoint": {"Null": {"aws:SourceVpce": "true"}},
    "no address": {"Null": {"aws:SourceIp": "true"}},
}


@pytest.fixture
def read(embedded_aws: EmbeddedAws) -> Any:
    """Whether an object is denied to whoever meets the condition."""
    s3, name = embedded_aws.client("s3"), f"by-endpoint-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": embedded_aws.region})
    s3.put_object(Bucket=name, Key="a", Body=b"content")

    def denied(condition: str) -> bool:
        statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
        document = {"Version": "2012-10-17", "Statement": {**statement, "Condition": CONDITIONS[condition]}}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
        try:
            s3.get_object(Bucket=name, Key="a")
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return True
        return False

    return denied


def test_a_request_has_an_address_unless_it_names_an_endpoint(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each for each in CONDITIONS if read(each)] == ["an address", "no endpoint"]
    through(monkeypatch, "vpce-1a2b3c4d")
    assert [each for each in CONDITIONS if read(each)] == ["an endpoint", "no address"]


def test_another_endpoint_is_another_one(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    through(monkeypatch, "vpce-99999999")
    assert [each for each in CONDITIONS if read(each)] == ["no address"]

"""What comes instead of an answer of AWS, through botocore itself: its requests are sent nowhere."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict

from ghes_packages.errors import AwsRefused
from ghes_packages.live.aws import CONFIG, NotProcessed, explained, session_with

HTML = b"<!DOCTYPE html>\n<html><body>Sign in to \x1b[31mGuest\xc2\x9b Wi-Fi</body></html>"
XML = b"<ListGroupsForUserResponse><ListGroupsForUserResult/></ListGroupsForUserResponse>"
A_GROUP = XML.replace(b"Result/>", b"Result><Groups><member/></Groups></ListGroupsForUserResult>")


class Raw:
    """What urllib3 would give: a body that was read."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> Any:
        yield self.body

    def read(self, *_: Any) -> bytes:
        body, self.body = self.body, b""
        return body


@cache
def _client(service: str) -> tuple[Any, list[AWSResponse]]:
    """A client to which everything is answered with what is last in the list."""
    session = session_with(
        None, region_name="us-west-2", aws_access_key_id="x", aws_secret_access_key="x", aws_session_token=None
    )
    config = CONFIG.merge(type(CONFIG)(retries={"total_max_attempts": 1}))
    client: Any = session.client(service, config=config)
    responses: list[AWSResponse] = []
    client.meta.events.register("before-send", lambda **_: responses[-1])
    return client, responses


def answered(service: str, status: int, body: bytes) -> Any:
    """A client to which everything is answered so."""
    client, responses = _client(service)
    headers: Any = HeadersDict({"content-type": "text/html"})
    responses.append(AWSResponse("https://aws", status, headers, Raw(body)))
    return client


CALLS: dict[str, Callable[[Any], Any]] = {
    "cloudformation": lambda client: client.describe_stacks(StackName="x")["Stacks"],
    "secretsmanager": lambda client: client.get_secret_value(SecretId="x")["SecretString"],
    "s3": lambda client: client.get_bucket_encryption(Bucket="x")["ServerSideEncryptionConfiguration"]["Rules"],
    "iam": lambda client: client.list_groups_for_user(UserName="x")["Groups"],
    "kms": lambda client: client.describe_key(KeyId="x")["KeyMetadata"],
}


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("status", [200, 302, 403, 502])
@pytest.mark.parametrize(
    "body",
    [HTML, b"", b"\xff\xfe\x00garbage", b"<truncated><xml", b'"text"', b"[]", b"<xhtml/>", b'{"some": "json"}'],
    ids=["HTML", "empty", "bytes", "truncated XML", "a text", "a list", "other XML", "other JSON"],
)
def test_what_is_no_answer_of_aws_is_told_in_one_line(service: str, status: int, body: bytes) -> None:
    with pytest.raises(AwsRefused) as told, explained():
        CALLS[service](answered(service, status, body))
    line = str(told.value)
    assert line.isprintable()
    assert "is there a proxy or a captive portal?" in line
    assert line.count("HTTP") <= 2
    if body == HTML:
        assert "Sign in to ?[31mGuest" in line


def test_an_answer_that_lacks_something_deep_inside_says_what() -> None:
    client = answered("iam", 200, A_GROUP)
    [group] = client.list_groups_for_user(UserName="x")["Groups"]
    with pytest.raises(AwsRefused, match="ListGroupsForUser: the answer lacks GroupName; is there a"), explained():
        group["GroupName"]


def test_a_captive_portal_that_redirects_every_request_is_not_followed_for_ever() -> None:
    with (
        pytest.raises(AwsRefused, match="Amazon Simple Storage Service GetObject: HTTP 302 with: nothing"),
        explained(),
    ):
        answered("s3", 302, b"").get_object(Bucket="x", Key="y")


def test_an_answer_that_may_hold_a_secret_is_not_quoted() -> None:
    body = b'{"SecretString": "{\\"secret_access_key\\": \\"a-secret'
    with pytest.raises(AwsRefused, match="GetSecretValue: HTTP 200 with: text/html;") as told:
        answered("secretsmanager", 200, body).get_secret_value(SecretId="x")
    assert "a-secret" not in str(told.value)


def test_what_comes_without_an_id_of_s3s_is_not_s3s_answer_even_where_it_has_no_body() -> None:
    with pytest.raises(AwsRefused, match="PutObject: HTTP 200 with: nothing; is there a proxy"):
        answered("s3", 200, b"").put_object(Bucket="x", Key="y", Body=b"")
    with pytest.raises(
        AwsRefused, match="HeadObject was not answered by AWS: HTTP 403 with: nothing; is there a proxy"
    ):
        answered("s3", 403, b"").head_object(Bucket="x", Key="y")


@pytest.mark.parametrize(
    ("service", "status", "code", "message", "line"),
    [
        ("iam", 400, "Throttling", "Rate exceeded", "AWS refused ListGroupsForUser: Throttling: Rate exceeded"),
        ("iam", 500, "ServiceFailure", "", "AWS refused ListGroupsForUser: ServiceFailure: no reason given"),
        (
            "iam",
            403,
            "SignatureDoesNotMatch",
            "Signature not yet current: 20260301T120000Z is still later than 20260301T110000Z",
            "AWS refused ListGroupsForUser: SignatureDoesNotMatch: the clock of this machine is wrong.*",
        ),
    ],
)
def test_what_aws_does_not_look_at_is_no_refusal_of_it(
    service: str, status: int, code: str, message: str, line: str
) -> None:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>".encode()
    with pytest.raises(NotProcessed, match=f"^{line}$"):
        CALLS[service](answered(service, status, body))

from pathlib import Path

import botocore.exceptions as raised
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from ghes_packages.config.instance import Instance
from ghes_packages.errors import AwsRefused, CannotGoOn, ConfigurationError
from ghes_packages.live.aws import Session, explained, session, session_with


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


def told(error: Exception) -> CannotGoOn:
    with pytest.raises(CannotGoOn) as caught, explained():
        raise error
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            refusal(
                "AccessDenied", "User: x is not authorized to perform: cloudformation:DescribeStacks on resource: y"
            ),
            "AWS refused DescribeStacks: AccessDenied: your credentials lack cloudformation:DescribeStacks on y;"
            " ask for that permission, or use another profile",
        ),
        (
            refusal(
                "AccessDenied",
                'User: x is not authorized to perform: s3:GetBucketLogging on resource: "arn:aws:s3:::y" because no'
                " identity-based policy allows the s3:GetBucketLogging action",
            ),
            "AWS refused DescribeStacks: AccessDenied: your credentials lack s3:GetBucketLogging on arn:aws:s3:::y;"
            " ask for that permission, or use another profile",
        ),
        (
            refusal("AccessDenied", "Access Denied"),
            "AWS refused DescribeStacks: AccessDenied: your credentials lack DescribeStacks;"
            " ask for that permission, or use another profile",
        ),
        (
            refusal("AccessDeniedException", "Access to KMS is not allowed"),
            "AWS refused DescribeStacks: AccessDeniedException: your credentials lack kms:Decrypt;"
            " ask for that permission, or use another profile",
        ),
        (
            refusal("InvalidClientTokenId"),
            "AWS refused DescribeStacks: InvalidClientTokenId: AWS does not know your access key;"
            " set AWS_PROFILE, or sign in again",
        ),
        (
            refusal("SignatureDoesNotMatch"),
            "AWS refused DescribeStacks: SignatureDoesNotMatch: your secret access key does not match your access key"
            " ID;"
            " correct it, or set AWS_PROFILE",
        ),
        (
            refusal("ExpiredToken"),
            "AWS refused DescribeStacks: ExpiredToken: your credentials have expired; sign in again, for example with:"
            " aws sso login",
        ),
        (
            refusal("Throttling", "Rate\nexceeded"),
            "AWS refused DescribeStacks: Throttling: Rate exceeded",
        ),
        (
            raised.NoCredentialsError(),
            "no AWS credentials: Unable to locate credentials;"
            " set AWS_PROFILE, or sign in: aws configure, aws sso login",
        ),
        (
            raised.UnauthorizedSSOTokenError(),
            "no AWS credentials: The SSO session associated with this profile has expired or is otherwise invalid."
            " To refresh this SSO session run aws sso login with the corresponding profile.;"
            " sign in again: aws sso login, aws login",
        ),
        (
            raised.EndpointConnectionError(endpoint_url="https://a.b"),
            'AWS cannot be reached: Could not connect to the endpoint URL: "https://a.b";'
            " check network, proxy and AWS_ENDPOINT_URL",
        ),
        (
            raised.SSLError(endpoint_url="https://a.b", error=Exception("unknown authority")),
            "SSL validation failed for https://a.b unknown authority;"
            " if your network has its own certificate authority, set AWS_CA_BUNDLE to its certificate",
        ),
    ],
)
def test_what_aws_or_the_network_says_becomes_one_line_with_what_to_do(
    error: ClientError | BotoCoreError, line: str
) -> None:
    answer = told(error)
    assert str(answer) == line
    assert isinstance(answer, AwsRefused)


def test_a_code_with_a_meaning_of_its_own_is_told_as_such() -> None:
    with (
        pytest.raises(AwsRefused, match=r"^the secret is gone$"),
        explained({"ResourceNotFoundException": "the secret is gone"}),
    ):
        raise refusal("ResourceNotFoundException")


def test_a_profile_that_is_not_there_is_wrong_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigurationError, match=r"\(nobody\) could not be found; set AWS_PROFILE, or profile of the"):
        session(Instance(name="production"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory"),
        ("no certificate", "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found"),
    ],
)
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_certificates_that_cannot_be_read_are_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, content: str | None, problem: str
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv(variable, str(file))
    with pytest.raises(ConfigurationError) as refused:
        session(Instance(name="x", account="111122223333", region="us-west-2"))
    assert str(refused.value).startswith(f'{variable} = "{file}": cannot be used: {problem}')
    assert str(refused.value).endswith("; name a PEM file of certificates, or leave it out")


def test_without_any_region_the_settings_to_make_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"\[instances.production\] has no region.*AWS_REGION"):
        session(Instance(name="production"))


def test_the_region_of_the_instance_comes_before_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert session(Instance(name="x", account="111122223333", region="us-west-2")).region_name == "us-west-2"


def test_the_region_that_the_cdk_cli_takes_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert session(Instance(name="x")).region_name == "eu-central-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert session(Instance(name="x")).region_name == "eu-west-1"


def test_instances_with_the_same_settings_share_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def session_of(name: str, region: str = "us-west-2") -> Session:
        return session(Instance(name=name, account="111122223333", region=region))

    one = session_of("one")
    assert session_of("other") is one
    assert session_of("other", "eu-west-1") is not one
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    assert session_of("one") is not one


def test_clients_of_a_session_share_connections_where_they_use_the_same_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")
    monkeypatch.setenv("NO_PROXY", "s3.us-west-2.amazonaws.com")
    operator = session_with(None, region_name="us-west-2")
    iam, kms, s3 = (operator.client(each)._endpoint.http_session for each in ("iam", "kms", "s3"))
    assert iam is kms
    assert iam is not s3

import pytest
from pydantic import SecretStr

from ghes_packages.live.aws import session_with
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.verify.clients import key_clients


@pytest.mark.parametrize(
    ("region", "service_url", "configured", "used"),
    [
        ("us-west-2", "https://s3.us-west-2.amazonaws.com", None, "https://s3.us-west-2.amazonaws.com"),
        ("us-east-1", "https://s3.us-east-1.amazonaws.com", None, "https://s3.us-east-1.amazonaws.com"),
        ("cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn", None, "https://s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com", None, "https://s3.us-gov-west-1.amazonaws.com"),
        (
            "us-gov-west-1",
            "https://s3-fips.us-gov-west-1.amazonaws.com",
            None,
            "https://s3-fips.us-gov-west-1.amazonaws.com",
        ),
        (
            "cn-north-1",
            "https://s3.dualstack.cn-north-1.amazonaws.com.cn",
            None,
            "https://s3.dualstack.cn-north-1.amazonaws.com.cn",
        ),
        ("us-west-2", "https://s3.us-west-2.amazonaws.com", "https://127.0.0.1:4566", "https://127.0.0.1:4566"),
    ],
)
def test_the_key_is_tried_at_the_service_url_unless_the_operator_works_outside_aws(
    monkeypatch: pytest.MonkeyPatch, region: str, service_url: str, configured: str | None, used: str
) -> None:
    if configured:
        monkeypatch.setenv("AWS_ENDPOINT_URL", configured)
    operator = session_with(None, aws_access_key_id="x", aws_secret_access_key="y", region_name=region)
    outputs = Outputs(
        AwsServiceUrl=service_url,
        AwsS3Bucket="a-bucket",
        AwsS3Region=region,
        AwsS3AccessKey="x",
        AwsS3SecretKeyReference="an-arn",
        IamUserName="a-user",
    )
    secret = PackagesSecret(
        access_key_id="x", secret_access_key=SecretStr("y"), bucket="a-bucket", service_url=service_url, region=region
    )
    clients = key_clients(secret, outputs, operator)
    assert clients.s3.meta.endpoint_url == clients.unsigned_s3.meta.endpoint_url == used
    host = used.removeprefix("https://")
    virtual_hosted = "a-bucket.localhost:4566" if host == "127.0.0.1:4566" else f"a-bucket.{host}"
    for sign, where in (
        (clients.links.virtual_hosted, f"{virtual_hosted}/a-key"),
        (clients.links.path_style, f"{host}/a-bucket/a-key"),
    ):
        assert sign("a-bucket", "a-key").startswith(f"https://{where}?X-Amz-Algorithm=AWS4-HMAC-SHA256&")

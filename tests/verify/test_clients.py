import boto3
import pytest
from pydantic import SecretStr

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
    region: str, service_url: str, configured: str | None, used: str
) -> None:
    operator = boto3.Session(aws_access_key_id="x", aws_secret_access_key="y", region_name=region)
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
    clients = key_clients(secret, outputs, operator.client("s3", endpoint_url=configured))
    assert clients.s3.meta.endpoint_url == clients.unsigned_s3.meta.endpoint_url == used
    assert clients.path_style_s3.meta.endpoint_url == used
    host = used.removeprefix("https://")
    virtual_hosted = "a-bucket.localhost:4566" if host == "127.0.0.1:4566" else f"a-bucket.{host}"
    for client, where in (
        (clients.virtual_hosted_s3, f"{virtual_hosted}/a-key"),
        (clients.path_style_s3, f"{host}/a-bucket/a-key"),
    ):
        link = client.generate_presigned_url("get_object", Params={"Bucket": "a-bucket", "Key": "a-key"})
        assert link.startswith(f"https://{where}?X-Amz-Algorithm=AWS4-HMAC-SHA256&")

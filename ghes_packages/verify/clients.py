"""The boto3 clients of `verify`: those that sign with the deployed key, as GHES does."""

import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.httpsession import get_cert_path

from ghes_packages.live.aws import CONFIG, S3_CONFIG, session_with
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.verify.links import with_names

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True)
class KeyClients:
    """What somebody who holds the deployed key, or none, could use; `tls` is for a client that is not boto3.

    `virtual_hosted_s3` and `path_style_s3` sign links to BUCKET.HOST/KEY and to HOST/BUCKET/KEY.
    """

    s3: "S3Client"
    virtual_hosted_s3: "S3Client"
    path_style_s3: "S3Client"
    unsigned_s3: "S3Client"
    iam: "IAMClient"
    secretsmanager: "SecretsManagerClient"
    tls: ssl.SSLContext


def key_clients(
    secret: PackagesSecret, outputs: Outputs, operator_s3: "S3Client", profile: str | None = None
) -> KeyClients:
    """Clients for the deployed key at the deployed AWS Service URL, so that this is proved too.

    Where the operator's settings name an endpoint outside AWS, such as an embedded one, they use that instead. From
    the operator's profile they take settings, such as what to trust, and no credentials.
    """
    session = session_with(
        profile,
        aws_access_key_id=secret.access_key_id,
        aws_secret_access_key=secret.secret_access_key.get_secret_value(),
        region_name=outputs.region,
    )
    configured = operator_s3.meta.endpoint_url
    endpoint = outputs.service_url if configured.endswith(outputs.dns_suffix) else configured

    def s3(endpoint_url: str = endpoint, **config: Any) -> "S3Client":
        return session.client("s3", endpoint_url=endpoint_url, config=S3_CONFIG.merge(Config(**config)))

    return KeyClients(
        s3=s3(),
        virtual_hosted_s3=s3(with_names(endpoint), s3={"addressing_style": "virtual"}),
        path_style_s3=s3(s3={"addressing_style": "path"}),
        unsigned_s3=s3(signature_version=UNSIGNED),
        iam=session.client("iam", config=CONFIG),
        secretsmanager=session.client("secretsmanager", config=CONFIG),
        tls=_tls_context(profile),
    )


def _tls_context(profile: str | None) -> ssl.SSLContext:
    """What boto3 trusts."""
    settings = botocore.session.Session(profile=profile)
    configured = settings.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=configured or get_cert_path(True))

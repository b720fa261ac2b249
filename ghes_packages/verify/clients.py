"""The boto3 clients of `verify`: those that sign with the deployed key, as GHES does."""

import ssl
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials

from ghes_packages.live.aws import CONFIG, S3_CONFIG, Session
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.verify.links import Links

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

UNSIGNED_S3_CONFIG = S3_CONFIG.merge(Config(signature_version=UNSIGNED))


@dataclass(frozen=True)
class KeyClients:
    """What somebody who holds the deployed key, or none, could use; `tls` is for a client that is not boto3."""

    s3: "S3Client"
    unsigned_s3: "S3Client"
    iam: "IAMClient"
    secretsmanager: "SecretsManagerClient"
    links: Links
    tls: ssl.SSLContext


def key_clients(secret: PackagesSecret, outputs: Outputs, operator: Session) -> KeyClients:
    """Clients for the deployed key at the deployed AWS Service URL, so that this is proved too.

    Where the operator's settings name an endpoint outside AWS, such as an embedded one, they use that instead. From
    the operator's session they take settings, such as what to trust, and no credentials.
    """
    secret_access_key = secret.secret_access_key.get_secret_value()
    signs = {
        "aws_access_key_id": secret.access_key_id,
        "aws_secret_access_key": secret_access_key,
        "region_name": outputs.region,
    }
    configured = operator.client("s3", config=S3_CONFIG).meta.endpoint_url
    endpoint = outputs.service_url if configured.endswith(outputs.dns_suffix) else configured
    return KeyClients(
        s3=operator.client("s3", endpoint_url=endpoint, config=S3_CONFIG, **signs),
        unsigned_s3=operator.client("s3", endpoint_url=endpoint, config=UNSIGNED_S3_CONFIG, **signs),
        iam=operator.client("iam", config=CONFIG, **signs),
        secretsmanager=operator.client("secretsmanager", config=CONFIG, **signs),
        links=Links(endpoint, outputs.region, Credentials(secret.access_key_id, secret_access_key)),
        tls=_tls_context(operator.trusted_certificates()),
    )


@cache
def _tls_context(certificates: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates)

"""Links that the access key signed, and fetches them as clients of GHES do: without AWS credentials and boto3."""

import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from ghes_packages.live.answers import REQUEST_ID
from ghes_packages.verify.report import NotChecked


@dataclass(frozen=True)
class Links:
    """Signs links to objects, which last for a minute, in the two styles of S3."""

    endpoint_url: str
    region: str
    access_key: Credentials

    def virtual_hosted(self, bucket: str, key: str) -> str:
        """To BUCKET.HOST/KEY. An address, unlike a name, can have no buckets below it."""
        named = self.endpoint_url.replace("//127.0.0.1:", "//localhost:")
        return self._signed(f"{named.replace('//', f'//{bucket}.', 1)}/{key}")

    def path_style(self, bucket: str, key: str) -> str:
        """To HOST/BUCKET/KEY."""
        return self._signed(f"{self.endpoint_url}/{bucket}/{key}")

    def _signed(self, url: str) -> str:
        request = AWSRequest("GET", url)
        S3SigV4QueryAuth(self.access_key, "s3", self.region, expires=60).add_auth(request)
        return str(request.url)


def fetch(link: str, tls: ssl.SSLContext, timeout: float = 30) -> bytes:
    """The object. Waits at most `timeout` seconds for each part of the answer.

    Raises ClientError where S3 refuses, as boto3 would; NotChecked where it cannot, or somebody else answers; and
    OSError or http.client.HTTPException without an answer.
    """
    host = urlsplit(link).netloc
    # Names below localhost are this machine, which not every resolver knows (RFC 6761, 6.3).
    address = re.sub(r"//[^/]+\.localhost:", "//127.0.0.1:", link)
    request = urllib.request.Request(address, headers={"Host": host})  # noqa: S310
    try:
        with _opener(tls).open(request, timeout=timeout) as response:
            content: bytes = response.read()
            if REQUEST_ID not in response.headers:
                raise _other_than_s3(response.status, response.headers)
            return content
    except urllib.error.HTTPError as error:
        said = _said(error.read().decode(errors="replace"))
        if "Code" not in said:
            raise _other_than_s3(error.code, error.headers) from None
        if error.code >= 500:
            raise NotChecked(f"GET from {host}: {said['Code']}") from None
        refusal = {"Code": said["Code"], "Message": said.get("Message", "")}
        raise ClientError({"Error": refusal}, f"GET from {host}") from None  # type: ignore[typeddict-item]


def _other_than_s3(status: int, headers: Message) -> NotChecked:
    kind = headers.get("location") or headers.get("content-type") or "without a content type"
    return NotChecked(f"something other than S3 answers: HTTP {status}, {kind}")


def _opener(tls: ssl.SSLContext) -> urllib.request.OpenerDirector:
    """One that does not follow redirections: S3 redirects nobody who asks in the region of the bucket."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=tls),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _said(body: str) -> Mapping[str, str]:
    """The fields of S3's XML for an error."""
    error = re.fullmatch(r"\s*(?:<\?xml[^>]*>)?\s*<Error>(.*)</Error>\s*", body, re.DOTALL)
    return dict(re.findall(r"<(\w+)>([^<]*)</\1>", error[1])) if error else {}

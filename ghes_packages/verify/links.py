"""Fetches a link that the access key signed, as clients of GHES do: without AWS credentials, and without boto3."""

import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

from botocore.exceptions import ClientError


def with_names(endpoint_url: str) -> str:
    """The endpoint by a name, which can have buckets below it; an address cannot."""
    return endpoint_url.replace("//127.0.0.1:", "//localhost:")


def fetch(link: str, tls: ssl.SSLContext, timeout: float = 30) -> bytes:
    """The object. Waits at most `timeout` seconds for each part of the answer.

    Raises ClientError for every other answer, as boto3 would, with the HTTP status where there is no error code of
    S3's; OSError or http.client.HTTPException without an answer.
    """
    host = urlsplit(link).netloc
    # What is below localhost is this machine, which not every resolver knows (RFC 6761, 6.3).
    address = re.sub(r"//[^/]+\.localhost:", "//127.0.0.1:", link)
    request = urllib.request.Request(address, headers={"Host": host})  # noqa: S310
    try:
        with _opener(tls).open(request, timeout=timeout) as response:
            content: bytes = response.read()
            return content
    except urllib.error.HTTPError as error:
        said = _said(error.read().decode(errors="replace"))
        raise ClientError(
            {
                "Error": {"Code": said.get("Code", str(error.code)), "Message": said.get("Message", "")},
                "ResponseMetadata": {"HTTPStatusCode": error.code, "HTTPHeaders": dict(error.headers.items())},  # type: ignore[typeddict-item]
            },
            f"GET from {host}",
        ) from None


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
    """What is in S3's XML for an error."""
    error = re.fullmatch(r"\s*(?:<\?xml[^>]*>)?\s*<Error>(.*)</Error>\s*", body, re.DOTALL)
    return dict(re.findall(r"<(\w+)>([^<]*)</\1>", error[1])) if error else {}

"""Asks S3 without TLS. On the way a proxy or a firewall may answer in its place, and then nothing is known of S3."""

import http.client
import ssl
import urllib.error

from ghes_packages.verify.links import fetch
from ghes_packages.verify.report import NotChecked

TIMEOUT_SECONDS = 5


class NothingAnswersError(Exception):
    """Nobody listens for plain HTTP."""


def plain(url: str) -> str:
    """The same without TLS. A signature covers the host, and not the scheme."""
    return url.replace("https://", "http://", 1)


def get(link: str, tls: ssl.SSLContext, content: bytes) -> None:
    """Get the object of a link, which S3 must not let happen.

    Raises ClientError where S3 refuses, NothingAnswersError where the connection is refused, and NotChecked where S3
    does not answer, or somebody else does: with anything but the `content` of the object.
    """
    try:
        body = fetch(plain(link), tls, TIMEOUT_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, ConnectionRefusedError):
            raise NothingAnswersError from None
        raise NotChecked(f"S3 does not answer: {reason or type(reason).__name__}") from None
    if body != content:
        raise NotChecked(f"something other than S3 answers: {len(body)} bytes that are not the object's")

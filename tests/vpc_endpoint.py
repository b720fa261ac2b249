"""Requests of this process that reach the embedded AWS through a VPC endpoint."""

import http.client
from typing import Any

import pytest

from local_aws.vpc_endpoints import HEADER


def through(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """From now on every request comes through it: those of boto3, and those for links."""
    end = http.client.HTTPConnection.endheaders

    def end_with_the_endpoint(connection: http.client.HTTPConnection, *arguments: Any, **options: Any) -> None:
        connection.putheader(HEADER, endpoint)
        end(connection, *arguments, **options)

    monkeypatch.setattr(http.client.HTTPConnection, "endheaders", end_with_the_endpoint)

"""VPC endpoints, which MiniStack lacks: a request header names the endpoint.

Policies see the endpoint of such a request but no address, and the address of any other request but no endpoint (AWS,
IAM user guide, "AWS global condition context keys").
"""

import functools
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator

HEADER = "x-local-aws-vpc-endpoint"

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

_endpoint: ContextVar[str | None] = ContextVar("vpc_endpoint", default=None)


def install() -> None:
    """Pass the endpoint of a request to policies."""
    iam_evaluator._resolve_condition_key = functools.partial(_condition_key, iam_evaluator._resolve_condition_key)


def named_by_a_header(application: AsgiApp) -> AsgiApp:
    """The application that passes the endpoint of each request to policies."""

    async def through(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            endpoint = dict(scope["headers"]).get(HEADER.encode())
            _endpoint.set(endpoint.decode("latin-1") if endpoint else None)
        await application(scope, receive, send)

    return through


def _condition_key(resolve: Callable[[str, Any], Any], key: str, context: Any) -> Any:
    match key.lower():
        case "aws:sourcevpce":
            return _endpoint.get()
        case "aws:sourceip" if _endpoint.get():
            return None
    return resolve(key, context)

"""When an access key was last used, which MiniStack does not record.

AWS records it some hours late; this records it at once, and only for requests that were not refused.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from ministack.services import iam

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

# The scope of a signature, in the header or in the query of a presigned URL.
CREDENTIAL = re.compile(r"Credential=(?P<key>\w+)/\d{8}/(?P<region>[\w-]+)/(?P<service>\w+)/aws4_request")

_last_uses: dict[str, tuple[str, str, str]] = {}


def install() -> None:
    """Answer GetAccessKeyLastUsed from the records."""
    iam._IAM_HANDLERS["GetAccessKeyLastUsed"] = _get_access_key_last_used


def recorded(application: AsgiApp) -> AsgiApp:
    """The application that records the use of access keys."""

    async def recording(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] not in (401, 403):
                _record(scope)
            await send(message)

        await application(scope, receive, sending if scope["type"] == "http" else send)

    return recording


def _record(scope: Any) -> None:
    authorization = dict(scope["headers"]).get(b"authorization", b"") + b" " + scope["query_string"]
    if used := CREDENTIAL.search(unquote(authorization.decode("latin-1"))):
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        _last_uses[used["key"]] = (now, used["region"], used["service"])


def _get_access_key_last_used(parameters: Mapping[str, Any]) -> Any:
    access_key_id = iam._p(parameters, "AccessKeyId")
    if access_key_id not in iam._access_keys or access_key_id not in _last_uses:
        return iam._get_access_key_last_used(parameters)
    when, region, service = _last_uses[access_key_id]
    return iam._xml(
        200,
        "GetAccessKeyLastUsedResponse",
        f"<GetAccessKeyLastUsedResult><UserName>{iam._access_keys[access_key_id]['UserName']}</UserName>"
        f"<AccessKeyLastUsed><LastUsedDate>{when}</LastUsedDate><Region>{region}</Region>"
        f"<ServiceName>{service}</ServiceName></AccessKeyLastUsed></GetAccessKeyLastUsedResult>",
        ns="iam",
    )

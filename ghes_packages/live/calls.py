"""The calls of AWS, a line each, for `--verbose`: service, operation, region, status, time and request ID.

No parameter, no header and no part of an answer is shown, so no secret is.
"""

import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from ghes_packages.printable import one_line

if TYPE_CHECKING:
    import botocore.session

LOGGER = logging.getLogger(__name__)
CALL, STARTED = "ghes_packages_call", "ghes_packages_started"


def show_calls() -> None:
    """From now on, on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO)


def logged_by(session: "botocore.session.Session") -> None:
    """Have every client of the session log its calls."""
    session.register("before-call", _start)
    session.register("after-call", _answered)
    session.register("after-call-error", _failed)


def _start(**event: Any) -> None:
    model, context = event["model"], event["context"]
    context[CALL] = f"{model.service_model.endpoint_prefix} {model.name} ({context.get('client_region')})"
    context[STARTED] = time.monotonic()


def _answered(**event: Any) -> None:
    parsed = event["parsed"]
    metadata = parsed.get("ResponseMetadata", {})
    code = parsed.get("Error", {}).get("Code", "")
    retries = metadata.get("RetryAttempts", 0)
    _log(
        event["context"],
        f"HTTP {event['http_response'].status_code}{code and f' {code}'},"
        f" request ID {metadata.get('RequestId') or 'none'}"
        f"{f', retries: {retries}' if retries else ''}",
    )


def _failed(**event: Any) -> None:
    _log(event["context"], f"no answer, {type(event['exception']).__name__}")


def _log(context: dict[str, Any], outcome: str) -> None:
    milliseconds = (time.monotonic() - context[STARTED]) * 1000
    LOGGER.info("%s", one_line(f"{context[CALL]}: {outcome}, {milliseconds:.0f} ms"))

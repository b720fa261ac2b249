"""What can go wrong at a call: in the words of each service of AWS, in those of others on the way, and with no word."""

import json
import signal
import ssl
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.error import URLError

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError, ReadTimeoutError, SSLError

from ghes_packages.interruption import INTERRUPTS
from tests.faults.wire import LINK, Call, Reply, Unanswered

JSON = ("cloudwatch", "kms", "secretsmanager")


@dataclass(frozen=True)
class Fault:
    """`answer` is what comes, or raises Unanswered, where AWS would have answered so.

    `done` is whether AWS does what it was asked for all the same; `lasts` is whether every later call meets it too.
    A `variant` of another fault meets each operation once, the others every call.
    """

    name: str
    answer: Callable[[Call, Reply], Reply]
    done: bool = False
    lasts: bool = False
    meets: Callable[[Call], bool] = lambda _: True
    variant: bool = False


def error(of_s3: tuple[int, str], of_query: tuple[int, str], of_json: tuple[int, str], message: str) -> Any:
    """An error of AWS's: HTTP status and code, as S3 words it, services with XML, and services with JSON."""

    def answer(call: Call, _: Reply) -> Reply:
        said = message.replace("ACTION", call.operation)
        headers = {"x-amz-request-id": "1"}
        if call.service in JSON:
            status, code = of_json
            return Reply(status, headers, json.dumps({"__type": code, "message": said}).encode())
        if call.service in ("s3", "link"):
            status, code = of_s3
            body = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
            return Reply(status, headers, b"" if "Head" in call.operation else body.encode())
        status, code = of_query
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{said}</Message></Error></ErrorResponse>"
        return Reply(status, headers, body.encode())

    return answer


def unanswered(of_urllib3: Callable[[Any, str], Exception], of_urllib: Exception) -> Any:
    def answer(call: Call, _: Reply) -> Reply:
        raise Unanswered(of_urllib3(None, "https://aws"), of_urllib)

    return answer


def always(reply: Reply) -> Any:
    return lambda _, __: reply


def instead(status: int, body: bytes, **headers: str) -> Any:
    """Somebody else answers."""
    return always(Reply(status, {"content-type": "text/html", **headers}, body))


def cut(_: Call, reply: Reply) -> Reply:
    """The end of the body never comes, and the header says so."""
    headers = {**reply.headers, "content-length": str(len(reply.body) or 64)}
    return replace(reply, body=reply.body[: len(reply.body) // 2], headers=headers)


def redirected(status: int, code: str) -> Any:
    def answer(call: Call, _: Reply) -> Reply:
        location = "https://bucket.s3.eu-west-1.amazonaws.com/"
        body = f"<Error><Code>{code}</Code><Message>Use {location}</Message><Endpoint>{location}</Endpoint></Error>"
        headers = {"x-amz-request-id": "1", "x-amz-bucket-region": "eu-west-1", "location": location}
        return Reply(status, headers, b"" if "Head" in call.operation else body.encode())

    return answer


def interrupting(number: signal.Signals) -> Any:
    def answer(_: Call, reply: Reply) -> Reply:
        if threading.current_thread() is threading.main_thread():
            signal.raise_signal(number)
        HANDLED.clear()
        # Python sees a signal that comes just before the main thread starts to wait only after that: so again.
        while not HANDLED.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, number)
            HANDLED.wait(0.1)
        return reply

    return answer


def by_operator(call: Call) -> bool:
    return call.who == "operator"


def signed(call: Call) -> bool:
    return call.operation != LINK and call.who in ("operator", "key") and "Head" not in call.operation


# Set when the main thread has told the others of a signal.
HANDLED = threading.Event()
PAGE = b"<!DOCTYPE html><html><body>Sign in to \x1b[31mGuest\xc2\x9b Wi-Fi</body></html>"
DENIED = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: ACTION on resource: y"
LATE = "Signature expired: 20260301T120000Z is now earlier than 20260301T121000Z (20260301T122500Z - 15 min.)"
RESET = ConnectionResetError(104, "Connection reset by peer")
CERTIFICATE = ssl.SSLCertVerificationError("certificate verify failed: unable to get local issuer certificate")

FAULTS = (
    Fault("denied", error((403, "AccessDenied"), (403, "AccessDenied"), (400, "AccessDeniedException"), DENIED)),
    Fault("throttled", error((503, "SlowDown"), (400, "Throttling"), (400, "ThrottlingException"), "Rate exceeded")),
    Fault("500", error((500, "InternalError"), (500, "InternalFailure"), (500, "InternalServiceError"), "Try again.")),
    Fault(
        "late",
        error((403, "RequestTimeTooSkewed"), (403, "SignatureDoesNotMatch"), (400, "InvalidSignatureException"), LATE),
        lasts=True,
        meets=signed,
    ),
    Fault(
        "expired",
        error((400, "ExpiredToken"), (403, "ExpiredToken"), (400, "ExpiredTokenException"), "The token is expired"),
        lasts=True,
        meets=by_operator,
    ),
    Fault("301", redirected(301, "PermanentRedirect"), meets=lambda call: call.service == "s3"),
    Fault("307", redirected(307, "TemporaryRedirect"), meets=lambda call: call.service == "s3", variant=True),
    Fault(
        "connect time-out",
        unanswered(lambda pool, url: ConnectTimeoutError(pool, "timed out"), URLError(TimeoutError("timed out"))),
        lasts=True,
    ),
    Fault(
        "connection refused",
        unanswered(lambda pool, url: NewConnectionError(pool, "refused"), URLError(ConnectionRefusedError(111, "no"))),
        lasts=True,
        variant=True,
    ),
    Fault(
        "certificate",
        unanswered(lambda pool, url: SSLError(CERTIFICATE), URLError(CERTIFICATE)),
        lasts=True,
        variant=True,
    ),
    Fault(
        "read time-out",
        unanswered(lambda pool, url: ReadTimeoutError(pool, url, "timed out"), TimeoutError("timed out")),
        done=True,
    ),
    Fault("reset", unanswered(lambda pool, url: ProtocolError("Connection aborted.", RESET), RESET), done=True),
    Fault("cut", cut, done=True, variant=True),
    Fault("truncated", lambda _, reply: replace(reply, body=reply.body[: len(reply.body) // 2]), done=True),
    Fault("empty", instead(200, b""), lasts=True),
    Fault("garbage", instead(200, b"\xff\xfe\x00garbage\x1b[2J"), lasts=True),
    Fault("page with 200", instead(200, PAGE), lasts=True),
    Fault("page with 403", instead(403, PAGE), lasts=True, variant=True),
    Fault("page with 502", instead(502, PAGE), done=True, variant=True),
    Fault("portal", instead(302, b"", location="https://login.example.com/"), lasts=True, variant=True),
)
INTERRUPTIONS = tuple(Fault(number.name, interrupting(number), done=True) for number in INTERRUPTS)


def lacking(reply: Reply) -> Iterator[Fault]:
    """The reply without each of its members, one after the other."""
    for header in reply.headers.keys() & {"etag", "x-amz-version-id"}:
        headers = {key: value for key, value in reply.headers.items() if key != header}
        yield Fault(f"lacks {header}", always(replace(reply, headers=headers)), done=True)
    without = _without_json if reply.body.startswith(b"{") else _without_xml
    for name, body in without(reply.body):
        yield Fault(f"lacks {name}", always(replace(reply, body=body)), done=True)


def _without_json(body: bytes) -> Iterator[tuple[str, bytes]]:
    def each(value: Any, path: str) -> Iterator[str]:
        for key in list(value) if isinstance(value, dict) else []:
            taken = value.pop(key)
            yield f"{path}{key}"
            value[key] = taken
            yield from each(taken, f"{path}{key}.")

    whole = json.loads(body)
    for path in each(whole, ""):
        yield path, json.dumps(whole).encode()


def _without_xml(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Of members of lists that are alike, the first one's."""

    def each(element: ET.Element, path: str) -> Iterator[str]:
        for place, child in enumerate(list(element)):
            name = f"{path}{child.tag.rpartition('}')[2]}"
            if name not in seen:
                seen.add(name)
                element.remove(child)
                yield name
                element.insert(place, child)
                yield from each(child, f"{name}.")

    try:
        whole = ET.fromstring(body)
    except ET.ParseError:  # no XML, such as the bytes of an object
        return
    seen: set[str] = set()
    for path in each(whole, ""):
        yield path, ET.tostring(whole)

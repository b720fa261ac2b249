"""Answers that AWS documents and the embedded AWS does not give, and those of others on the way to AWS."""

import io
import re
import socket
import ssl
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from email.message import Message
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from ghes_packages.interruption import Stop
from ghes_packages.live.aws import code
from ghes_packages.verify import clients, patience, plain_http, verify
from ghes_packages.verify.clients import KeyClients
from ghes_packages.verify.report import Finding, NotChecked, Outcome, Report
from tests.verify.conftest import Storage, failed

Inject = Callable[..., None]

GET, HEAD, PLAIN_HTTP = "get it", "head it", "get over plain HTTP"
LINKS = ("fetch it by a presigned link", "fetch it by a path-style link")
ANONYMOUS = ("get without credentials", "list without credentials")


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>Injected.</Message></Error>".encode()


@pytest.fixture
def storage(shared_storage: Storage) -> Storage:
    """No test here changes it."""
    return shared_storage


@pytest.fixture
def inject(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inject]:
    """Answer an operation of one of the key's clients in the place of AWS, `times` times."""
    ends = ExitStack()  # the clients are there again in the next test

    def inject(client: str, operation: str, status: int, body: bytes = b"", times: int = 1) -> None:
        make, left = clients.key_clients, [None] * times

        def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
            if not left:
                return None
            left.pop()
            headers = HTTPHeaders.from_dict({"x-amz-request-id": "injected"})
            return AWSResponse(str(request.url), status, headers, _Body(body))

        def with_answer(*arguments: Any) -> KeyClients:
            made = make(*arguments)
            events, event = getattr(made, client).meta.events, f"before-send.s3.{operation}"
            events.register(event, answer)
            ends.callback(events.unregister, event, answer)
            return made

        monkeypatch.setattr(clients, "key_clients", with_answer)
        monkeypatch.setattr("ghes_packages.verify.key_clients", with_answer)

    with ends:
        yield inject


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long `verify` would have waited; it does not."""
    waited: list[float] = []
    monkeypatch.setattr(Stop, "sleep", lambda _, seconds: waited.append(seconds))
    monkeypatch.setattr(patience, "monotonic", lambda: sum(waited))
    return waited


def patient(storage: Storage) -> Report:
    """One check after the other, so that it is known which one waits."""
    return verify(storage.instance, storage.titles.append, patience=30, at_once=1)


def found(report: Report, title: str) -> Finding:
    [finding] = [each for each in report.findings if each.check.title == title]
    return finding


# --- Refusals with an error code of their own


@pytest.mark.parametrize(
    ("status", "code"), [(401, "Unauthorized"), (403, "UnauthorizedAccess"), (403, "UnauthorizedAccessError")]
)
def test_china_refuses_without_credentials_in_words_of_its_own(
    storage: Storage, inject: Inject, status: int, code: str
) -> None:
    inject("unsigned_s3", "GetObject", status, error(code))
    inject("unsigned_s3", "ListObjectsV2", status, error(code))
    report = storage.verify()
    assert report.exit_status == 0
    assert [found(report, title).happened for title in ANONYMOUS] == [f"refused: {code}"] * 2


def test_no_other_request_is_refused_in_these_words(storage: Storage, inject: Inject) -> None:
    inject("s3", "GetBucketLocation", 403, error("UnauthorizedAccess"))
    assert failed(storage.verify()) == ["read the location"]


def test_where_acls_are_off_none_can_be_set(storage: Storage, inject: Inject) -> None:
    inject("s3", "PutObjectAcl", 400, error("AccessControlListNotSupported"))
    report = storage.verify()
    assert report.exit_status == 0
    assert found(report, "set an ACL on its object").happened == "refused: ACLs are off"


# --- A bucket that was made minutes ago


@pytest.mark.parametrize("head", [404, 403])
def test_what_a_new_bucket_does_not_find_at_first_is_asked_for_again(
    storage: Storage, inject: Inject, pauses: list[float], head: int
) -> None:
    inject("s3", "HeadObject", head)
    inject("s3", "GetObject", 404, error("NoSuchKey"))
    for operation in ("UploadPart", "ListParts", "CompleteMultipartUpload", "AbortMultipartUpload"):
        inject("s3", operation, 404, error("NoSuchUpload"))
    report = patient(storage)
    assert report.exit_status == 0, failed(report)
    assert pauses == [1.0] * 6
    assert {title for title in storage.titles if "AWS answers" in title} == {
        "get it: AWS answers NoSuchKey, asking again",
        f"head it: AWS answers {head}, asking again",
        "upload a part: AWS answers NoSuchUpload, asking again",
        "list its parts: AWS answers NoSuchUpload, asking again",
        "complete the upload: AWS answers NoSuchUpload, asking again",
        "abort another upload: AWS answers NoSuchUpload, asking again",
    }
    assert storage.left_behind() == []


@pytest.mark.parametrize(
    ("status", "body", "said"), [(404, error("NoSuchKey"), "NoSuchKey"), (403, error("AccessDenied"), "AccessDenied")]
)
def test_a_link_that_a_new_bucket_refuses_at_first_is_fetched_again(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, pauses: list[float], status: int, body: bytes, said: str
) -> None:
    refuse_links(monkeypatch, status, body, times=1)
    assert patient(storage).exit_status == 0
    assert pauses == [1.0]
    assert f"{LINKS[0]}: AWS answers {said}, asking again" in storage.titles


def test_patience_ends_and_then_the_answer_is_told_with_what_to_do(
    storage: Storage, inject: Inject, pauses: list[float]
) -> None:
    inject("s3", "GetObject", 404, error("NoSuchKey"), times=100)
    report = patient(storage)
    assert failed(report) == [GET, "get the whole"]
    assert found(report, GET).happened == "GetObject: NoSuchKey"
    assert "less than 15 minutes old" in found(report, GET).check.remedy
    assert pauses == [1.0, 2.0, 4.0, 8.0, 15.0]


def test_that_there_is_no_such_key_is_no_refusal_and_is_not_asked_again(
    storage: Storage, inject: Inject, pauses: list[float]
) -> None:
    inject("s3", "PutObjectTagging", 404, error("NoSuchKey"))
    report = patient(storage)
    assert failed(report) == ["tag its object"]
    assert found(report, "tag its object").happened == "not refused, but NoSuchKey"
    assert pauses == []


# --- Links, in both of S3's styles


def refuse_links(monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, times: int) -> list[urllib.request.Request]:
    """Refuse so many links; all requests for one."""
    asked: list[urllib.request.Request] = []
    https_open = urllib.request.HTTPSHandler.https_open

    def answer(handler: urllib.request.HTTPSHandler, request: urllib.request.Request) -> Any:
        asked.append(request)
        if len(asked) <= times:
            raise urllib.error.HTTPError(request.full_url, status, "Injected", Message(), io.BytesIO(body))
        return https_open(handler, request)

    monkeypatch.setattr(urllib.request.HTTPSHandler, "https_open", answer)
    return asked


def test_links_are_fetched_in_both_styles(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = refuse_links(monkeypatch, 0, b"", times=0)
    report = storage.verify()
    assert [found(report, title).outcome for title in LINKS] == [Outcome.PASSED] * 2
    port = storage.aws.endpoint_url.rpartition(":")[2]
    virtual_hosted, path_style = asked
    assert virtual_hosted.get_header("Host") == f"{storage.bucket}.localhost:{port}"
    assert virtual_hosted.selector.startswith("/ghes-packages-verify-")
    assert path_style.get_header("Host") == f"127.0.0.1:{port}"
    assert path_style.selector.startswith(f"/{storage.bucket}/ghes-packages-verify-")


def test_a_link_that_is_refused_says_by_which_host_and_why(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch, 403, error("SignatureDoesNotMatch"), times=1)
    report = storage.verify()
    assert failed(report) == [LINKS[0]]
    host = f"{storage.bucket}.localhost:{storage.aws.endpoint_url.rpartition(':')[2]}"
    assert found(report, LINKS[0]).happened == f"GET from {host}: SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("status", "body", "seen"),
    [(403, b"", "something other than S3 answers: HTTP 403"), (503, error("SlowDown"), "GET from .*: SlowDown")],
)
def test_a_link_that_s3_does_not_answer_proves_nothing(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, seen: str
) -> None:
    refuse_links(monkeypatch, status, body, times=1)
    report = storage.verify()
    assert (failed(report), report.exit_status) == ([], 3)
    assert re.match(seen, found(report, LINKS[0]).happened)


# --- Plain HTTP, which others on the way may answer


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """A server that answers whatever it is asked with these bytes, or resets the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):  # which is how `accept` ends
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        if answer is None:
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        else:
                            connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


HTML = b"<!DOCTYPE html><html><body><p>Access<br>blocked by the <b>proxy</b></body></html>"
XHTML = b"<html><head><title>No</title></head><body><p>a</p><p>b<br/></p><Code>AccessDenied</Code></body></html>"
TLS = ssl.create_default_context()
IS_HTML = "Content-Type: text/html"


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (None, "S3 does not answer"),
        (b"", "S3 does not answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "S3 does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\nshort", "S3 does not answer: IncompleteRead"),
        (http("200 OK", HTML, IS_HTML), "something other than S3 answers: HTTP 200, text/html"),
        (http("200 OK", b"no gzip", "Content-Encoding: gzip"), "HTTP 200, without a content type"),
        (http("403 Forbidden", HTML, IS_HTML), "HTTP 403, text/html"),
        (http("403 Forbidden", XHTML, IS_HTML), "HTTP 403, text/html"),
        (http("403 Forbidden", b""), "HTTP 403, without a content type"),
        (http("404 Not Found", HTML, IS_HTML), "HTTP 404, text/html"),
        (http("407 Proxy Authentication Required", HTML, IS_HTML), "HTTP 407, text/html"),
        (http("503 Service Unavailable", HTML, IS_HTML), "HTTP 503, text/html"),
        (http("301 Moved Permanently", HTML, "Location: https://s3.us-west-2.amazonaws.com/"), "HTTP 301, https://s3"),
        (http("302 Found", b"", "Location: https://login.example.com/"), "HTTP 302, https://login.example.com/"),
        (http("302 Found", b"", "Location: http://["), "HTTP 302, http://["),
        (http("307 Temporary Redirect", b"", "Location: https://login.example.com/"), "HTTP 307, https://login"),
    ],
)
def test_what_something_else_than_s3_answers_over_plain_http_proves_nothing(answer: bytes | None, seen: str) -> None:
    with answering(answer) as link, pytest.raises(NotChecked, match=re.escape(seen)):
        plain_http.get(link, TLS, b"of the object")


@pytest.mark.parametrize("declaration", [b"", b'<?xml version="1.0" encoding="UTF-8"?>\n'])
def test_what_s3_answers_over_plain_http_is_told_by_its_error_code(declaration: bytes) -> None:
    refusal = http("403 Forbidden", declaration + error("AccessDenied"), "Content-Type: application/xml")
    with answering(refusal) as link, pytest.raises(ClientError) as refused:
        plain_http.get(link, TLS, b"of the object")
    assert code(refused.value) == "AccessDenied"


def test_plain_http_that_times_out_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_http, "TIMEOUT_SECONDS", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotChecked, match="not answer: timed out"):
        plain_http.get(f"http://127.0.0.1:{silent.getsockname()[1]}", TLS, b"of the object")


def test_verify_goes_on_after_plain_http_that_a_proxy_answers_and_exits_with_3(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HTTP_PROXY")
    monkeypatch.delenv("http_proxy")
    with answering(http("302 Found", b"", "Location: https://login.example.com/")) as url:
        monkeypatch.setattr(plain_http, "plain", lambda _: url)
        report = storage.verify()
    assert found(report, PLAIN_HTTP).happened == (
        "something other than S3 answers: HTTP 302, https://login.example.com/"
    )
    assert [each.check.title for each in report.findings if each.outcome is Outcome.NOT_CHECKED] == [PLAIN_HTTP]
    assert (failed(report), report.exit_status) == ([], 3)
    assert storage.left_behind() == []

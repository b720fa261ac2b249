"""Between the commands and AWS: what they ask is answered by a function, in this process."""

import copy
import functools
import http.client
import io
import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from urllib3.connectionpool import HTTPConnectionPool

from ghes_packages.errors import AwsRefused
from ghes_packages.live import aws
from ghes_packages.template.rendered import RenderedStack
from ghes_packages.verify import links

LINK = "link:GET"
T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One call of an operation, however often boto3 tries it; or of a link that was signed before.

    `who` is "operator", "key" or "nobody"; `about` are the parameters, without times and contents; it is the `nth` of
    those that are alike.
    """

    who: str
    operation: str
    about: str
    nth: int = 1

    @property
    def asked(self) -> tuple[str, str, tuple[str, ...]]:
        """What is asked for, whatever it is about."""
        names = sorted(json.loads(self.about)[1]) if self.operation != LINK else ()
        return self.who, self.operation, tuple(names)

    @property
    def service(self) -> str:
        return self.operation.partition(":")[0]

    def __str__(self) -> str:
        return f"{self.operation} as {self.who}, number {self.nth} about {self.about}"


@dataclass(frozen=True)
class Request:
    """What is asked: the method and the URL, which may lack scheme and host."""

    method: str
    url: str


@dataclass(frozen=True)
class Reply:
    """What is answered. A `Content-Length` of its own stands for a body that was cut short."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def whole(self) -> Mapping[str, str]:
        return {"content-length": str(len(self.body)), **self.headers}


class Unanswered(Exception):
    """No answer comes: what urllib3 raises then, and what urllib does."""

    def __init__(self, of_urllib3: Exception, of_urllib: Exception) -> None:
        super().__init__(of_urllib3, of_urllib)
        self.of_urllib3, self.of_urllib = of_urllib3, of_urllib


AskAws = Callable[[], Reply]


class Answers(Protocol):
    """Who answers instead of AWS. To make a case quick, what boto3 made of an answer before can be given at once."""

    def __call__(self, call: Call, request: Request) -> Reply:
        """What comes, or Unanswered."""

    def known(self, call: Call) -> Any:
        """What boto3 made of it before; None where that is not known, or may be something else now."""

    def learn(self, call: Call, made: Any) -> None:
        """What boto3 made of it, be it an error."""


class Wire:
    """Takes the place of the transport of boto3 and of urllib. `answer` is who answers; None for AWS itself.

    `tape` is what was answered.
    """

    def __init__(self) -> None:
        self.answer: Answers | None = None
        self.tape: dict[Call, Reply] = {}
        self._alike: Counter[Call] = Counter()
        self._lock = threading.RLock()
        self._current = threading.local()
        self._clients: dict[str, Any] = {}
        self.session_with = functools.cache(aws.session_with)

    def start(self, answer: Answers | None = None) -> None:
        """From now on that one answers, or AWS."""
        self.answer = answer
        self.tape = {}
        self._alike.clear()

    @contextmanager
    def installed(self) -> Iterator["Wire"]:
        create_client, call, urlopen, do_open = (
            Session.create_client,
            BaseClient._make_api_call,  # type: ignore[attr-defined]
            HTTPConnectionPool.urlopen,
            urllib.request.AbstractHTTPHandler.do_open,
        )

        def make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            self._current.call = made = self._counted(_call(client, operation, parameters))
            with self._lock:
                result = self.answer.known(made) if self.answer else None
            if result is None:
                try:
                    result = call(client, operation, parameters)
                except Exception as error:  # noqa: BLE001  # it is raised below
                    result = error
                if self.answer:
                    self.answer.learn(made, result)
            if isinstance(result, ClientError):
                raise type(result)(result.response, operation)
            if isinstance(result, BotoCoreError | AwsRefused):  # each with notes of its own
                raise copy.copy(result)
            if isinstance(result, Exception):
                raise result
            return result

        def make_client(session: Any, service: str, **options: Any) -> Any:
            config = options.get("config")
            key = repr((id(session), service, {**options, "config": config and vars(config)}))
            if key not in self._clients:
                self._clients[key] = create_client(session, service, **options)
            return self._clients[key]

        def open_for_boto3(pool: Any, method: str, url: str, **options: Any) -> Any:
            def ask() -> Reply:
                response = urlopen(pool, method, url, **options)
                return _plain(method, response.status, response.headers.items(), response.read())

            try:
                reply = self._answered(self._current.call, Request(method, url), ask)
            except Unanswered as unanswered:
                raise unanswered.of_urllib3 from None
            return urllib3.HTTPResponse(
                io.BytesIO(reply.body),
                reply.whole(),
                reply.status,
                preload_content=False,
                decode_content=False,
                request_method=method,
            )

        def open_link(handler: Any, connection: Any, request: Any, **options: Any) -> Any:
            def ask() -> Reply:
                response = do_open(handler, connection, request, **options)
                return _plain(request.get_method(), response.status, response.getheaders(), response.read())

            url = request.full_url
            plain = " over plain HTTP" if url.startswith("http:") else ""
            call = self._counted(Call(f"key{plain}", LINK, urlsplit(url).path))
            try:
                reply = self._answered(call, Request(request.get_method(), url), ask)
            except Unanswered as unanswered:
                raise unanswered.of_urllib from None
            response: Any = _received(reply)
            response.url, response.msg = url, response.reason
            return response

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(aws, "session_with", self.session_with)
            patch.setattr("ghes_packages.live.deployed.RenderedStack", _once(RenderedStack))
            patch.setattr(links, "_opener", functools.cache(links._opener))
            patch.setattr(Session, "create_client", make_client)
            patch.setattr(BaseClient, "_make_api_call", make_api_call)
            patch.setattr(HTTPConnectionPool, "urlopen", open_for_boto3)
            patch.setattr(urllib.request.AbstractHTTPHandler, "do_open", open_link)
            yield self

    def _counted(self, call: Call) -> Call:
        with self._lock:
            self._alike[call] += 1
            return Call(call.who, call.operation, call.about, self._alike[call])

    def _answered(self, call: Call, request: Request, ask: AskAws) -> Reply:
        with self._lock:  # a command may ask several things at a time
            reply = self.answer(call, request) if self.answer else ask()
        self.tape[call] = reply
        return reply


def _call(client: Any, operation: str, parameters: Mapping[str, Any]) -> Call:
    meta, credentials = client.meta, client._get_credentials()
    if meta.config.signature_version is UNSIGNED:
        who = "nobody"
    else:
        who = "operator" if credentials.token or credentials.method == "env" else "key"
    said = {key: value for key, value in parameters.items() if key != "Body"}
    about = json.dumps([meta.region_name, said], default=lambda _: "", sort_keys=True)
    return Call(who, f"{meta.service_model.service_name}:{operation}", about)


def _once(make: Callable[..., T]) -> Callable[..., T]:
    """What is made of something again and again is made once."""
    made: dict[str, T] = {}

    def known(*arguments: Any, **options: Any) -> T:
        key = repr((arguments, options))
        if key not in made:
            made[key] = make(*arguments, **options)
        return made[key]

    return known


def _plain(method: str, status: int, headers: Any, body: bytes) -> Reply:
    dropped = {"transfer-encoding", "connection"} | ({"content-length"} if method != "HEAD" else set())
    return Reply(status, {key.lower(): value for key, value in headers if key.lower() not in dropped}, body)


class _Socket(io.BytesIO):
    def makefile(self, _: str) -> io.BytesIO:
        return self


def _received(reply: Reply) -> http.client.HTTPResponse:
    lines = [f"HTTP/1.1 {reply.status} Status", *(f"{key}: {value}" for key, value in reply.whole().items()), "", ""]
    socket: Any = _Socket("\r\n".join(lines).encode() + reply.body)
    response = http.client.HTTPResponse(socket)
    response.begin()
    return response

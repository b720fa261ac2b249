"""AWS as it was when it was recorded, without any: each call is answered as then, and one of them is not.

Of what `verify` writes, what is there at each moment is kept; a listing says that.
"""

import copy
import functools
import io
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

from ghes_packages.errors import AwsRefused
from tests.faults.faults import Fault
from tests.faults.wire import Call, Reply, Request

PREFIX = "ghes-packages-verify-"
PROBE = re.compile(rf"{PREFIX}[^/]+/.+")


@dataclass
class Probes:
    """The objects of `verify` in a versioned bucket: the keys of uploads, and of versions by ID; and delete markers."""

    uploads: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    markers: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def current(self) -> list[str]:
        """The keys that a listing shows."""
        return sorted({*self.versions.values()} - self.hidden)

    def listing(self, query: Mapping[str, str]) -> bytes:
        """What S3 answers to a listing of uploads, versions or objects."""

        def entries(element: str, id_: str, keys: Mapping[str, str]) -> str:
            return "".join(f"<{element}><Key>{key}</Key><{id_}>{it}</{id_}></{element}>" for it, key in keys.items())

        if "uploads" in query:
            found = entries("Upload", "UploadId", self.uploads)
        elif "versions" in query:
            found = entries("Version", "VersionId", self.versions) + entries("DeleteMarker", "VersionId", self.markers)
        else:
            found = entries("Contents", "ETag", {f'"{number}"': key for number, key in enumerate(self.current)})
        return f"<Result><IsTruncated>false</IsTruncated>{found}</Result>".encode()

    def change(self, request: Request, reply: Reply) -> None:
        """What the request does, where S3 answers so."""
        key, query = _parsed(request)
        version, upload = reply.headers.get("x-amz-version-id", ""), query.get("uploadId", "")
        match request.method, sorted(query):
            case ("PUT", []) | ("POST", ["uploadId"]):
                self.uploads.pop(upload, None)
                self.versions[version] = key
                self.hidden.discard(key)
            case "POST", ["uploads"]:
                [found] = re.findall(rb"<UploadId>(.*?)</UploadId>", reply.body)
                self.uploads[found.decode()] = key
            case "DELETE", ["uploadId"]:
                self.uploads.pop(upload, None)
            case "DELETE", ["versionId"]:
                self.versions.pop(query["versionId"], None)
                self.markers.pop(query["versionId"], None)
            case "DELETE", []:
                self.markers[version or f"marker-{len(self.markers)}"] = key
                self.hidden.add(key)


@dataclass
class Replay:
    """Answers as it is recorded, but for the fault at one call."""

    tape: Mapping[Call, Reply]
    at: Call | None = None
    fault: Fault | None = None
    requests: dict[Call, Request] = field(default_factory=dict)
    made: dict[tuple[Call, object], Any] = field(default_factory=dict)
    given: dict[Call, object] = field(default_factory=dict)
    probes: dict[str, Probes] = field(default_factory=lambda: defaultdict(Probes))
    struck: bool = False

    def harmed(self, at: Call, fault: Fault) -> "Replay":
        """The same, with the fault at that call. What boto3 makes of an answer is known to both."""
        return Replay(self.tape, at, fault, self.requests, self.made)

    def __call__(self, call: Call, request: Request) -> Reply:
        """What the wire asks for."""
        self.requests[call] = request
        reply, fault = self._recorded(call, request), self._met(call)
        self.given[call] = _key(reply, fault)
        if fault is None or fault.done:
            self._change(request, reply)
        return fault.answer(call, reply) if fault else reply

    def known(self, call: Call) -> Any:
        """boto3 makes the same of the same answer to the same call."""
        fault = self._met(call)
        if call not in self.requests:
            return None
        request = self.requests[call]
        reply = self._recorded(call, request)
        made = self.made.get((call, _key(reply, fault)))
        if made is not None and (fault is None or fault.done):
            self._change(request, reply)
        if isinstance(made, dict) and "Body" in made:  # which can be read once
            made = copy.copy(made)
            made["Body"] = StreamingBody(io.BytesIO(reply.body), len(reply.body))
        return made

    def learn(self, call: Call, made: Any) -> None:
        key = self.given.get(call)
        if key is not None and isinstance(made, dict | ClientError | BotoCoreError | AwsRefused):
            self.made[call, key] = made

    def _met(self, call: Call) -> Fault | None:
        if self.fault and (call == self.at or (self.struck and self.fault.lasts and self.fault.meets(call))):
            self.struck = True
            return self.fault
        return None

    def _recorded(self, call: Call, request: Request) -> Reply:
        key, query = _parsed(request)
        reply = self.tape.get(call) or self.tape.get(replace(call, nth=1)) or self._alike(call)
        if not key and query.get("prefix", "").startswith(PREFIX) and reply.status == 200:
            reply = replace(reply, body=self._probes(request).listing(query))
        return reply

    def _alike(self, call: Call) -> Reply:
        """What the same operation of the same signer was answered; in a clean-up of another kind, what S3 answers."""
        for each, reply in self.tape.items():
            if each.asked == call.asked:
                return reply
        assert PREFIX in call.about, f"not recorded: {call}"
        return Reply(200 if "List" in call.operation else 204, {"x-amz-request-id": "1"}, b"")

    def _change(self, request: Request, reply: Reply) -> None:
        if reply.status < 300 and _parsed(request)[0]:
            self._probes(request).change(request, reply)

    def _probes(self, request: Request) -> Probes:
        """Those in the bucket of the request."""
        return self.probes[urlsplit(request.url).path.split("/")[1]]


def _key(reply: Reply, fault: Fault | None) -> object:
    """What tells answers to the same call from one another; None for a fault that strikes once."""
    if fault is None:
        return reply.body
    return fault.name if fault.lasts else None


@functools.cache
def _parsed(request: Request) -> tuple[str, Mapping[str, str]]:
    """The key, if it is one of `verify`'s, and the query."""
    url = urlsplit(request.url)
    found = PROBE.search(unquote(url.path))
    return found[0] if found else "", {
        key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()
    }

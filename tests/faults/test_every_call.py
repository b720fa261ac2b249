"""Every call of every command meets every fault, in this process and without any AWS: the calls were recorded.

What is asserted of each case: no exception but SystemExit, the exit status that the fault deserves, printable lines,
one for each problem, no secret, and nothing of `verify` left behind that is not told.
"""

import contextlib
import functools
import gc
import io
import itertools
import json
import re
import secrets
import signal
import sys
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import typer.main

from ghes_packages import cli, interruption, verify
from ghes_packages.command_line import answer
from ghes_packages.interruption import INTERRUPTS, Interrupted, Stop
from ghes_packages.verify import report
from ghes_packages.verify.addresses import BY_THE_USERS_POLICY
from local_aws.embedded_aws import EmbeddedAws
from tests.faults.faults import FAULTS, HANDLED, INTERRUPTIONS, Fault, lacking
from tests.faults.kinds import ALL, COMMANDS, Kind, deploy, together
from tests.faults.replay import PREFIX, Replay
from tests.faults.wire import LINK, Call, Reply, Wire

# The exit status that each fault deserves where it meets a call of ...
#   the operator | the deployed key | whoever is refused anyway | a signed link | the operator's clean-up of `verify`
# None is the same as without the fault. What the network does, and what AWS does not look at, is 3: nothing is known.
# What AWS refuses or says of the storage is a finding of `verify`, 1, but where it is the operator who lacks a right.
EXIT_STATUS: Mapping[str, Sequence[int | None]] = {
    "denied": (3, 1, None, 1, None),
    "throttled": (3, 3, 3, 3, 3),
    "500": (3, 3, 3, 3, 3),
    "late": (3, 3, 3, 3, 3),
    "expired": (3, 3, 3, 3, 3),
    "301": (1, 1, 1, 1, 1),
    "307": (3, 3, 3, 3, 3),
    "connect time-out": (3, 3, 3, 3, 3),
    "connection refused": (3, 3, 3, 3, 3),
    "certificate": (3, 3, 3, 3, 3),
    "read time-out": (3, 3, 3, 3, 3),
    "reset": (3, 3, 3, 3, 3),
    "cut": (3, 3, 3, 3, 3),
    "truncated": (3, 3, 3, 3, 3),
    "empty": (3, 3, 3, 3, 3),
    "garbage": (3, 3, 3, 3, 3),
    "page with 200": (3, 3, 3, 3, 3),
    "page with 403": (3, 3, 3, 3, 3),
    "page with 502": (3, 3, 3, 3, 3),
    "portal": (3, 3, 3, 3, 3),
}
# What AWS may leave out of an answer, which then says something else: another setting, or a list with one less.
OPTIONAL: Mapping[str, str] = {
    "cloudformation:DescribeStacks": r".*\.(EnableTerminationProtection|Outputs(\.member)?)",
    "cloudformation:ListStackResources": r".*\.member",
    "iam:GetGroup": r".*\.member",
    "iam:GetUser": r".*\.PermissionsBoundary",
    "iam:ListAccessKeys": r".*\.member",
    "iam:ListAttachedGroupPolicies": r".*\.member",
    "iam:ListGroupsForUser": r".*\.member",
    "s3:GetBucketEncryption": r"Rule\..*",
    "s3:GetBucketLifecycleConfiguration": r"Rule\..*",
    "s3:GetBucketLogging": r"LoggingEnabled",
    "s3:GetBucketOwnershipControls": r"Rule.*",
    "s3:GetBucketReplication": r"Rule(\.ID|\.DeleteMarkerReplication|\.Destination\.Metrics)?",
    "s3:GetBucketVersioning": r"Status",
    "s3:GetPublicAccessBlock": r".*",
    "s3:ListMultipartUploads": r"Upload",
    "s3:ListObjectVersions": r"Version|DeleteMarker",
    "s3:ListObjectsV2": r"Contents",
    "s3:ListParts": r"Part",
    "secretsmanager:DescribeSecret": r"KmsKeyId",
    "secretsmanager:GetResourcePolicy": r"ResourcePolicy",
}


# So that it shows when most of the calls are no longer found.
LEAST = {"settings": 100, "status": 300, "rotate": 150, "review": 250, "verify": 1500}


@dataclass(frozen=True)
class Done:
    """What a command did; `told` is what it made its lines on stderr of."""

    exit_status: object
    stdout: str
    stderr: str
    told: Sequence[BaseException] = field(default=(), compare=False)


Run = Callable[..., Done]
NOW = datetime.now(UTC)


class _Now(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return NOW


def at_once(run: Callable[[], Any]) -> Future[Any]:
    """What `run` makes of it, without another thread."""
    future = Future[Any]()
    try:
        future.set_result(run())
    except BaseException as error:  # noqa: BLE001  # whoever asks for the result gets it
        future.set_exception(error)
    return future


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command line as `main` does. Time stands still, nobody waits, and there is no chance in anything."""
    told: list[BaseException] = []
    complain = cli._complain

    def complain_of(line: str, exit_status: int, error: BaseException | None = None) -> int:
        told.extend([error] if error else [])
        return complain(line, exit_status, error)

    monkeypatch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
    spinner = SimpleNamespace(update=lambda _: None)
    monkeypatch.setattr(answer, "progress", lambda **_: contextlib.nullcontext(spinner))
    monkeypatch.setattr(answer, "as_json", json.dumps)  # a tenth of the time goes into its white space
    tell = Stop.tell

    def tell_of(stop: Stop, interruption: Interrupted) -> None:
        tell(stop, interruption)
        HANDLED.set()

    monkeypatch.setattr(Stop, "tell", tell_of)
    threads, running = ThreadPoolExecutor(32), list[Future[Any]]()
    parallel = True

    def in_thread(run: Callable[[], Any]) -> Future[Any]:
        running.append(threads.submit(run) if parallel else at_once(run))
        return running[-1]

    for module in (interruption, verify, report):
        monkeypatch.setattr(module, "in_thread", in_thread)
    monkeypatch.setattr(cli, "_complain", complain_of)
    monkeypatch.setattr(cli, "_forget", lambda _: None)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=4))
    monkeypatch.setattr(secrets, "token_bytes", bytes)
    defaults: dict[str, Any] = verify.verify.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "patience", 0.0)
    monkeypatch.setattr("ghes_packages.status.datetime", _Now)
    monkeypatch.setattr("ghes_packages.cli.datetime", _Now)

    def run(*arguments: str, in_parallel: bool = True) -> Done:
        nonlocal parallel
        parallel = in_parallel
        told.clear()
        monkeypatch.setattr(sys, "argv", ["ghes-packages", *arguments])
        stdout, stderr = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            try:
                cli.main()
            except SystemExit as left:
                status: object = left.code
            except BaseException:  # noqa: BLE001  # there must be none
                status = traceback.format_exc()
            wait(running)  # no thread of this command is there when the next one starts
            running.clear()
        return Done(status, stdout.getvalue(), stderr.getvalue(), tuple(told))

    handlers = {number: signal.getsignal(number) for number in INTERRUPTS}
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000)  # else it takes a fifth of the time
    with threads:
        yield run
    gc.set_threshold(*thresholds)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def kind(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Kind]:
    """Deploys a kind of instance, once."""
    folder = tmp_path_factory.mktemp("kinds")
    return functools.cache(lambda name: deploy(embedded_aws, name, folder))


@pytest.fixture
def wire(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """To the embedded AWS at first."""
    for name, value in embedded_aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "http_proxy":
            monkeypatch.setenv(name, value)
    with Wire().installed() as wire:
        yield wire


@dataclass(frozen=True)
class Case:
    """A fault at a call of a command about a kind of instance: what the call is answered, and what is done, without."""

    command: str
    kind: Kind
    call: Call
    reply: Reply
    fault: Fault
    before: Done

    def __str__(self) -> str:
        return f"{self.command} of {self.kind.name}: {self.fault.name} at {self.call}"

    def complaints(self, done: Done, replay: Replay) -> Iterator[str]:
        """What is wrong with what was done."""
        if done.exit_status not in (right := self._right(done)):
            yield f"exit status {done.exit_status} instead of {right}"
        lines = [*done.stderr.splitlines(), *done.stdout.splitlines()]
        if not all(line.isprintable() for line in lines):
            yield "a line that is not printable"
        if not lines or done.stderr.count("\n") > 1 + sum(len(getattr(each, "__notes__", ())) for each in done.told):
            yield "no line, or more than one for a problem"
        texts = [done.stderr] if "--show-secret" in self.command else [done.stderr, done.stdout]
        texts += [said for each in done.told for said in _said(each)]
        if any(secret_key in text for secret_key in self.kind.secret_keys for text in texts):
            yield "the secret access key"
        if not self._says_something_else:
            yield from self._left(replay, "".join(lines).replace(" ", ""))

    def _left(self, replay: Replay, told: str) -> Iterator[str]:
        for probes in replay.probes.values():
            current, old = probes.current or probes.uploads, probes.versions or probes.markers
            if PREFIX not in told and (current or (old and "oldversionsgo" not in told)):
                yield f"left without a word: {probes}"

    def _right(self, done: Done) -> Sequence[object]:
        """The exit statuses that are right."""
        fault, operation, same = self.fault.name, self.call.operation, self.before.exit_status
        if self.fault in INTERRUPTIONS:
            return [128 + signal.Signals[fault]]
        if operation == "cloudformation:DescribeStackEvents":  # why a deploy failed, after the finding that it did
            return [same]
        if self._says_something_else:
            return [1, 3, *([same] if self.command.startswith("settings") or done == self.before else [])]
        by_address = BY_THE_USERS_POLICY.search(self.reply.body.decode(errors="replace"))
        if by_address and fault in ("denied", "lacks Message"):  # which is not in the words that AWS has for it
            return [1]
        if fault.startswith("lacks"):
            return [3, *([same] if done == self.before else [])]
        if not self.command.startswith("verify"):
            return [3]
        if fault in ("cut", "truncated") and not self.reply.body:
            return [same, 3]
        if fault == "truncated" and self.reply.body == bytes(64):  # an object: without a checksum it may be another one
            return [1, 3]
        if operation == "s3:GetBucketReplication" and fault == "denied":  # in a check, or in the clean-up
            return [3, same]
        if operation == "s3:GetBucketPolicy" and done == self.before:  # it is asked for again
            return [same]
        status = EXIT_STATUS[fault][self._column]
        return [same if status is None else status]

    @property
    def _says_something_else(self) -> bool:
        lacks, _, member = self.fault.name.partition("lacks ")
        return not lacks and re.fullmatch(OPTIONAL.get(self.call.operation, ""), member) is not None

    @property
    def _column(self) -> int:
        if self.call.who == "operator":
            return 4 if PREFIX in self.call.about else 0
        signs_in = "MaxKeys" in self.call.about  # for which it is enough to be known
        if self.reply.status == 403 or signs_in:
            return 2
        return 3 if self.call.operation == LINK else 1


def _kinds(command: str, kind: Callable[[str], Kind]) -> Iterator[tuple[str, Kind]]:
    """What the command is asked about, each with its options."""
    for options, names in COMMANDS[command].items():
        kinds = [kind(name) for name in names]
        yield from [(options, each) for each in ([together(kinds)] if ALL in options else kinds)]


def _said(error: BaseException | None) -> Iterator[str]:
    """What a traceback would show of it, and of what it comes from."""
    while error:
        yield f"{error} {error!r} {getattr(error, '__notes__', '')}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("command", COMMANDS)
def test_every_call_meets_every_fault(command: str, kind: Callable[[str], Kind], wire: Wire, run: Run) -> None:
    wrong: list[str] = []
    met, operations, lacked, cases = set[object](), set[tuple[str, str]](), set[object](), 0
    in_turn = itertools.cycle((*FAULTS, *INTERRUPTIONS))
    for options, each in _kinds(command, kind):
        arguments = each.arguments(command, options)
        wire.start()
        recorded = run(*arguments)
        unharmed = Replay(wire.tape)
        wire.start(unharmed)
        before = run(*arguments)
        assert before == recorded
        alike = Counter[object]()
        for call, reply in sorted(unharmed.tape.items(), key=lambda entry: str(entry[0])):
            alike[call.asked] += 1
            number = (call.asked, alike[call.asked], reply.status)
            new = (call.who, call.operation) not in operations
            operations.add((call.who, call.operation))
            faults = [fault for fault in lacking(reply) if (call.asked, fault.name) not in lacked]
            lacked |= {(call.asked, fault.name) for fault in faults}
            if number not in met:  # else it was met in a kind of instance before, where it was another one's
                faults += [fault for fault in (*FAULTS, *INTERRUPTIONS) if new or not fault.variant]
                met.add(number)
            if ALL in options:
                faults = [next(in_turn)]
            for fault in faults:
                if not fault.meets(call):
                    continue
                case = Case(f"{command} {options}", each, call, reply, fault, before)
                replay = unharmed.harmed(call, fault)
                wire.start(replay)
                # Where one call is harmed, the others need not be made at the same time, which takes longer.
                done = run(*arguments, in_parallel=fault.lasts or fault in INTERRUPTIONS)
                cases += 1
                wrong += [f"{case}: {complaint}" for complaint in case.complaints(done, replay)]
    assert wrong == [], "\n".join(wrong)
    assert cases >= LEAST[command]

"""How many calls of AWS a command makes, and how many round trips of them it waits for, whatever AWS takes for one."""

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest import mock
from urllib.request import AbstractHTTPHandler

from urllib3.connectionpool import HTTPConnectionPool


@dataclass
class Measured:
    """`round_trips` times what AWS takes for one call is what a command waits, where every call takes as long."""

    calls: int = 0
    round_trips: int = 0
    most_at_once: int = 0


def measured(command: Callable[[], object]) -> Measured:
    """Run the command in this thread, and count.

    No clock is asked: a call is held until every thread of the command waits, for an answer or for another thread.
    Those that are held then are one round trip, and go on together.
    """
    gate = _Gate()
    with gate.installed():
        command()
    return gate.measured


class _Gate:
    def __init__(self) -> None:
        self.measured = Measured()
        self._changed = threading.Condition()
        self._started = {threading.get_ident()}
        self._pending = 0
        self._held: set[int] = set()
        self._waiting: dict[int, Collection[Future[Any]]] = {}

    @contextmanager
    def installed(self) -> Iterator[None]:
        patched = {
            "urllib3.connectionpool.HTTPConnectionPool.urlopen": self._held_at(HTTPConnectionPool.urlopen),
            "urllib.request.AbstractHTTPHandler.do_open": self._held_at(AbstractHTTPHandler.do_open),
            "ghes_packages.interruption.wait": partial(self._wait, wait),
            "ghes_packages.verify.report.wait": partial(self._wait, wait),
            "threading.Thread": self._thread,
        }
        patches = [mock.patch(*each) for each in patched.items()]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()

    def _thread(self, *, target: Callable[[], None], daemon: bool) -> threading.Thread:
        with self._changed:
            self._pending += 1

        def run() -> None:
            with self._changed:
                self._pending -= 1
                self._started.add(threading.get_ident())
            try:
                target()
            finally:
                with self._changed:
                    self._started.discard(threading.get_ident())
                    self._changed.notify_all()

        return _Thread(target=run, daemon=daemon)

    def _held_at(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def held(*arguments: Any, **options: Any) -> Any:
            self._hold()
            return call(*arguments, **options)

        return held

    def _hold(self) -> None:
        this = threading.get_ident()
        with self._changed:
            self.measured.calls += 1
            self._held.add(this)
            while this in self._held:
                if self._all_wait():
                    self.measured.round_trips += 1
                    self.measured.most_at_once = max(self.measured.most_at_once, len(self._held))
                    self._held.clear()
                    self._changed.notify_all()
                else:
                    self._changed.wait(0.01)

    def _all_wait(self) -> bool:
        waiting = {thread for thread, futures in self._waiting.items() if not any(each.done() for each in futures)}
        return not self._pending and self._started == self._held | waiting

    def _wait(self, wait: Callable[..., Any], futures: Collection[Future[Any]], **options: Any) -> Any:
        this = threading.get_ident()
        with self._changed:
            self._waiting[this] = [] if not options else futures
            self._changed.notify_all()
        try:
            return wait(futures, **options)
        finally:
            with self._changed:
                del self._waiting[this]


_Thread = threading.Thread

"""Ctrl-C, a kill and a closed terminal: what ends a command early, and how what writes to AWS ends in order."""

import signal
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Raised by every one of INTERRUPTS, so that what cleans up after Ctrl-C cleans up after all of them."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)
        self.exit_status = 128 + number


class Stop:
    """Tells threads that the command was interrupted. Each of them raises the same Interrupted, where it waits."""

    def __init__(self) -> None:
        self._told: Future[NoReturn] = Future()

    def tell(self, interruption: Interrupted) -> None:
        """End what waits here; only the first interruption counts."""
        with suppress(InvalidStateError):
            self._told.set_exception(interruption)

    def raise_if_told(self) -> None:
        """Raises Interrupted."""
        if self._told.done():
            self._told.result()

    def sleep(self, seconds: float) -> None:
        """Raises Interrupted."""
        with suppress(TimeoutError):
            self._told.result(seconds)

    def any_of(self, futures: Collection["Future[T]"]) -> "set[Future[T]]":
        """Those that are done, once one is. Raises Interrupted."""
        told: Any = self._told
        done, _ = wait({*futures, told}, return_when=FIRST_COMPLETED)
        self.raise_if_told()
        return done

    def result(self, future: "Future[T]") -> T:
        """The result of a future, or the exception that it raised. Raises Interrupted."""
        self.any_of({future})
        return future.result()


def in_thread(run: Callable[[], T]) -> "Future[T]":
    """What a thread of its own makes of it. The program may end before such a thread does."""
    future: Future[T] = Future()

    def resolve() -> None:
        try:
            result = run()
        except BaseException as error:  # noqa: BLE001  # whoever asks for the result gets it
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=resolve, daemon=True).start()
    return future


def side_by_side(jobs: Sequence[Callable[[Stop], T]], at_once: int = 1) -> list[T]:
    """The results of the jobs, in their order. An interruption is told to all jobs, and each ends by itself.

    Only in the main thread. Raises Interrupted after the last job has ended, with the notes that the jobs added to it.
    """
    stop, slots = Stop(), threading.Semaphore(at_once)

    def in_turn(job: Callable[[Stop], T]) -> T:
        with slots:
            stop.raise_if_told()
            return job(stop)

    with _handled_by(lambda number, _: stop.tell(Interrupted(number))):
        running = [in_thread(partial(in_turn, job)) for job in jobs]
        wait(running)
    stop.raise_if_told()
    return [each.result() for each in running]


def raise_interrupted() -> None:
    """From now on, in this process."""
    for number in INTERRUPTS:
        signal.signal(number, _interrupt)


@contextmanager
def _handled_by(handler: Callable[[int, object], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise Interrupted(number)

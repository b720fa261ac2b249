"""Ctrl-C, a kill and a closed terminal: what ends a command early, and what must not be cut short by it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Raised by every one of INTERRUPTS, so that what cleans up after Ctrl-C cleans up after all of them."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)
        self.exit_status = 128 + number


def raise_interrupted() -> None:
    """From now on, in this process."""
    for number in INTERRUPTS:
        signal.signal(number, _interrupt)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """For a clean-up that a second Ctrl-C must not stop. What runs in it must end by itself."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise Interrupted(number)

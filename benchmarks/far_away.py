"""`python -m benchmarks.far_away ARGUMENTS`: a command of ghes-packages, with each answer of AWS half a second late.

Its last line on stderr has two numbers: the calls, and the round trips. These are the most calls of which each began
after the one before had ended. The delay is longer than what the command computes between two calls, so that calls
that do not wait for each other overlap.
"""

import http.client
import sys
import time
from collections.abc import Iterable

from ghes_packages.cli import main

DELAY_SECONDS = 0.5
Call = tuple[float, float]
"""When it began and when it ended."""


def delayed(calls: list[Call]) -> None:
    """Delay and record each answer. boto3 and urllib both get theirs from http.client."""
    get_response = http.client.HTTPConnection.getresponse

    def late(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        began = time.monotonic()
        time.sleep(DELAY_SECONDS)
        try:
            return get_response(connection)
        finally:
            calls.append((began, time.monotonic()))

    http.client.HTTPConnection.getresponse = late  # type: ignore[assignment, method-assign]


def round_trips(calls: Iterable[Call]) -> int:
    """The most calls that do not overlap."""
    count, last = 0, float("-inf")
    for began, ended in sorted(calls, key=lambda call: call[1]):
        if began >= last:
            count, last = count + 1, ended
    return count


if __name__ == "__main__":
    recorded: list[Call] = []
    delayed(recorded)
    try:
        main()
    finally:
        sys.stderr.write(f"{len(recorded)} {round_trips(recorded)}\n")

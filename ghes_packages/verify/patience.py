"""Asks again for what reaches AWS bit by bit: a new access key, its policy, a bucket whose versioning is new."""

import threading
from collections.abc import Callable, Set
from dataclasses import replace
from time import monotonic

from botocore.exceptions import ClientError

from ghes_packages.live.aws import ACCESS_DENIED, UNKNOWN_KEY, WRONG_SIGNATURE, code
from ghes_packages.verify.report import Check

NEW_KEY = UNKNOWN_KEY | WRONG_SIGNATURE
# AWS documents NoSuchKey for up to 15 minutes after a bucket is versioned (S3's PutBucketVersioning), and that HEAD,
# which has no body, answers with the HTTP status alone, and with 403 to who may not list.
NEW_BUCKET = frozenset({"NoSuchKey", "NoSuchUpload", "404", "403"})
NEW = NEW_KEY | NEW_BUCKET | ACCESS_DENIED


class Patience:
    """How many seconds to wait between all tries together; `announce` is told what is waited for, and `sleep` waits.

    What several checks wait at the same time counts once.
    """

    def __init__(self, seconds: float, announce: Callable[[str], None], sleep: Callable[[float], object]) -> None:
        self._left = seconds
        self._announce = announce
        self._sleep = sleep
        self._waited_until = 0.0
        self._one_at_a_time = threading.Lock()

    def with_check(self, check: Check, codes: Set[str]) -> Check:
        """The check, made again while AWS answers it with one of these error codes and there is patience left."""

        def run() -> str:
            pause = 1.0
            while True:
                try:
                    return check.run()
                except ClientError as error:
                    if code(error) not in codes or (pause := self._granted(pause)) <= 0:
                        raise
                    self._announce(f"{check.title}: AWS answers {code(error)}, asking again")
                self._sleep(pause)
                pause *= 2

        return replace(check, run=run)

    def _granted(self, pause: float) -> float:
        """How much of a pause there is patience for."""
        with self._one_at_a_time:
            now = monotonic()
            alone_from = max(now, self._waited_until)
            until = min(now + pause, alone_from + self._left)
            self._left -= max(0.0, until - alone_from)
            self._waited_until = max(until, self._waited_until)
            return until - now

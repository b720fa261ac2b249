"""Checks that need the operator's own rights."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from ghes_packages.live.aws import ACCESS_DENIED, code, needed
from ghes_packages.verify.report import Check, Failed, NotChecked


def as_operator(run: Callable[[], str]) -> Callable[[], str]:
    """The same check; what the operator may not read is not checked, rather than wrong."""

    def checked() -> str:
        try:
            return run()
        except ClientError as error:
            if code(error) in ACCESS_DENIED:
                raise NotChecked(f"your credentials lack {needed(error)}") from None
            raise

    return checked


def just(section: str, title: str, expected: str, wanted: set[str], read: Callable[[], set[str]], remedy: str) -> Check:
    """The check that a set of words equals the expected one; it names missing and stray words."""

    def run() -> str:
        found = read()
        if found != wanted:
            missing = [f"missing: {', '.join(sorted(wanted - found))}"] if wanted - found else []
            stray = [f"stray: {', '.join(sorted(found - wanted))}"] if found - wanted else []
            raise Failed("; ".join([*missing, *stray]))
        return expected

    return Check(section, title, expected, as_operator(run), remedy)

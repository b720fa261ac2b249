"""Checks that need the operator's own rights."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from ghes_packages.aws import ACCESS_DENIED, code, needed
from ghes_packages.verify.report import NotChecked


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

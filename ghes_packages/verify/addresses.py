"""Refusals of the deployed key because of the address of the machine that runs `verify`."""

import re
from collections.abc import Callable
from dataclasses import replace

from botocore.exceptions import ClientError

from ghes_packages.verify.report import Check, NotChecked

# Not in a resource-based policy: that would be the bucket's.
BY_THE_USERS_POLICY = re.compile(r"explicit deny in an? (identity-based policy|permissions boundary)")
HERE = "outside of allowed_cidrs and allowed_vpc_endpoints"
OUTSIDE = f"the user's policy denies it here: this machine seems to be {HERE}; run verify from inside"
OR_OUTSIDE = f"; or this machine is {HERE}: run verify from inside"


def unless_outside(check: Check) -> Check:
    """The same check; what the user's policy denies from here is not checked, rather than wrong.

    Another denial in a policy of the user would say the same, and is what the checks of its policies find.
    """
    return replace(check, run=_unless_outside(check.run), remedy=check.remedy + OR_OUTSIDE)


def _unless_outside(run: Callable[[], str]) -> Callable[[], str]:
    def checked() -> str:
        try:
            return run()
        except ClientError as error:
            if BY_THE_USERS_POLICY.search(error.response.get("Error", {}).get("Message", "")):
                raise NotChecked(OUTSIDE) from None
            raise

    return checked

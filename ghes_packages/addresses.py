"""The statement of the user's policy that refuses object actions from addresses that are not allowed."""

from collections.abc import Sequence
from typing import Any

from ghes_packages.permissions import ResourceType, actions

REMINDER = (
    "allowed_cidrs: clients fetch packages from S3 themselves, so the addresses of end users must be in it, not only"
    " those of GHES"
)


def address_statement(objects_arn: str, allowed_cidrs: Sequence[str]) -> dict[str, Any]:
    """A denial for the user alone: nobody who deploys is in it, nor a service of AWS that acts for the user.

    It also holds for the links that GHES signs with the user's key. A request through a VPC endpoint has no public
    address, and is refused.
    """
    return {
        "Sid": "Addresses",
        "Effect": "Deny",
        "Action": actions(ResourceType.OBJECT),
        "Resource": objects_arn,
        "Condition": {
            "NotIpAddress": {"aws:SourceIp": list(allowed_cidrs)},
            "Bool": {"aws:ViaAWSService": "false"},
        },
    }

"""Which resource a request needs a permission on, where MiniStack takes another one than AWS."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.services import iam, kms


def install() -> None:
    """Name the same resource as AWS."""
    iam_actions.extract_resource_arn = functools.partial(_resource_arn, iam_actions.extract_resource_arn)


def _resource_arn(
    extract: Callable[..., str],
    service: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    parameters: Mapping[str, Any],
    region: str,
    account: str,
) -> str:
    """The ARN for a request.

    GetAccessKeyLastUsed is for the user whose key it is, and names the key alone (AWS, Service Authorization
    Reference). A request that names a KMS key by an alias is for the key (AWS, "Use aliases to control access to KMS
    keys").
    """
    if service == "iam" and iam._p(parameters, "Action") == "GetAccessKeyLastUsed":
        key = iam._access_keys.get(iam._p(parameters, "AccessKeyId"))
        return f"arn:aws:iam::{account}:user/{key['UserName']}" if key else "*"
    if service == "kms" and body and (alias := json.loads(body).get("KeyId", "")).startswith("alias/"):
        key_id = kms._aliases.get(kms._alias_arn(alias))
        return f"arn:aws:kms:{region}:{account}:key/{key_id}" if key_id else "*"
    return extract(service, method, path, headers, body, parameters, region, account)

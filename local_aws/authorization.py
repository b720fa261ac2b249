"""The resource and the principal of a request, where MiniStack differs from AWS.

Also the resource in a refusal (AWS, IAM user guide, "Troubleshoot access denied error messages").
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import iam, kms

Answer = tuple[int, Mapping[str, str], bytes]


def install() -> None:
    """Use the same resource and principal as AWS."""
    iam_actions.access_denied_response = functools.partial(_refusal, iam_actions.access_denied_response)
    iam_actions.extract_resource_arn = functools.partial(_resource_arn, iam_actions.extract_resource_arn)
    iam_evaluator._resolve_condition_key = functools.partial(_condition_key, iam_evaluator._resolve_condition_key)


def _refusal(
    refuse: Callable[..., Answer], service: str, action: str, principal: str, request_id: str, **known: Any
) -> Answer:
    """The answer if the principal lacks the action. Wrong credentials and resource policies have others."""
    if not any(known.get(each) for each in ("error_code", "message", "resource_policy_arn")):
        resource, denied = known.get("resource_arn", "*"), known.get("explicit_deny", False)
        known["message"] = iam_actions.identity_denial_message(action, principal, resource, denied)
    return refuse(service, action, principal, request_id, **known)


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

    GetAccessKeyLastUsed names only the key, and is for the key's user (AWS, Service Authorization Reference). A request
    with the alias of a KMS key is for the key (AWS, "Use aliases to control access to KMS keys").
    """
    if service == "iam" and iam._p(parameters, "Action") == "GetAccessKeyLastUsed":
        key = iam._access_keys.get(iam._p(parameters, "AccessKeyId"))
        return f"arn:aws:iam::{account}:user/{key['UserName']}" if key else "*"
    if service == "kms" and body and (alias := json.loads(body).get("KeyId", "")).startswith("alias/"):
        key_id = kms._aliases.get(kms._alias_arn(alias))
        return f"arn:aws:kms:{region}:{account}:key/{key_id}" if key_id else "*"
    return extract(service, method, path, headers, body, parameters, region, account)


def _condition_key(resolve: Callable[[str, Any], Any], key: str, context: Any) -> Any:
    """The value of a condition key. `aws:PrincipalArn` of a session is the ARN of its role (AWS, IAM user guide)."""
    value = resolve(key, context)
    if key.lower() == "aws:principalarn" and ":assumed-role/" in str(value):
        name = iam_evaluator._role_name_from_assumed_arn(value)
        return iam._roles.get_scoped(context.principal_account, None, name)["Arn"]
    return value

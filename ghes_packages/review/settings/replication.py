"""Where a bucket may be replicated to: a bucket of the stack, or of the stack with its replica, and under its key."""

import json
import re
from typing import Any

from ghes_packages.config.instance import REPLICA_SUFFIX
from ghes_packages.outputs import ReplicaOutputs
from ghes_packages.template.rendering import at

_ARN_OF = re.compile(r"\$\{[^!.}:]+\.Arn\}")
_BUCKET = re.compile(r"arn:[^:]+(?:::Partition\})?:s3:::(?P<put_out>\{.*\})", re.DOTALL)
# Another owner of the replicas is another account.
_OF_ANOTHER = ("Account", "AccessControlTranslation")


def replicated_elsewhere(before: Any, after: Any) -> bool:
    """Better left as it is; and where there was none, it must lead to our own."""
    if before is not None or after is None:
        return before is not None
    rules = at(after, "Rules")
    return not (
        isinstance(rules, list)
        and _ARN_OF.fullmatch(str(at(after, "Role")))
        and all(_our_own(at(rule, "Destination")) for rule in rules)
    )


def _our_own(destination: Any) -> bool:
    if not isinstance(destination, dict) or not destination.keys().isdisjoint(_OF_ANOTHER):
        return False
    bucket = str(destination.get("Bucket"))
    named = _BUCKET.fullmatch(bucket)
    key = at(destination, "EncryptionConfiguration", "ReplicaKmsKeyID")
    return bool(
        (_ARN_OF.fullmatch(bucket) or (named and _put_out_by_a_replica(named["put_out"])))
        and (key is None or _ARN_OF.fullmatch(str(key)) or _put_out_by_a_replica(str(key)))
    )


def _put_out_by_a_replica(text: str) -> bool:
    """Whether CloudFormation reads it from a stack of the same account; with a role it could read any other's."""
    try:
        function = json.loads(text)
    except (RecursionError, ValueError):
        return False
    match function:
        case {"Fn::GetStackOutput": {"StackName": str(name), "Region": str(), "OutputName": str(output), **others}}:
            ours = name.endswith(REPLICA_SUFFIX)
            return ours and not others and output in {field.alias for field in ReplicaOutputs.model_fields.values()}
    return False

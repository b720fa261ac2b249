"""The logical IDs that commands tell resources by: a contract between the stack and everything that comes after it.

CDK makes a logical ID from the path of the construct in the stack, and a hash of that path.
"""

import re

# The paths: `stacks/` gives the constructs these IDs.
ACCESS, POLICY, ACCESS_KEY = "Access", "Policy", "AccessKey"

_HASH = "[0-9A-F]{8}"
_ACCESS_KEY = re.compile(rf"{ACCESS}{ACCESS_KEY}(?P<generation>\d+){_HASH}")
_POLICY = re.compile(rf"{ACCESS}{POLICY}{_HASH}")


def access_key(generation: int) -> str:
    """The construct ID of an access key below `ACCESS`: each generation is a resource of its own."""
    return f"{ACCESS_KEY}{generation}"


def generation(logical_id: str) -> int | None:
    """The generation of an access key by its logical ID; None for any other logical ID."""
    named = _ACCESS_KEY.fullmatch(logical_id)
    return int(named["generation"]) if named else None


def is_policy(logical_id: str) -> bool:
    """Whether it is the managed policy with the seven actions; a replication has a managed policy too."""
    return _POLICY.fullmatch(logical_id) is not None

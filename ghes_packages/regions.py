"""The regions of every AWS partition, from the data that botocore ships."""

import json
from functools import cache
from importlib.resources import files


@cache
def known_regions() -> frozenset[str]:
    """Names of all regions that the pinned botocore knows, in all partitions, without its `*-global` entries."""
    data = json.loads((files("botocore") / "data" / "partitions.json").read_text(encoding="utf-8"))
    return frozenset(
        region for partition in data["partitions"] for region in partition["regions"] if not region.endswith("-global")
    )

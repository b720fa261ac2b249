"""The AWS partitions, from the data that botocore ships."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def known_regions() -> frozenset[str]:
    """Names of all regions that the pinned botocore knows, in all partitions, without its `*-global` entries."""
    return frozenset(
        region for partition in _partitions() for region in partition["regions"] if not region.endswith("-global")
    )


@cache
def dns_suffixes() -> frozenset[str]:
    """What the host names and the service principals of each partition end with."""
    return frozenset(partition["outputs"]["dnsSuffix"] for partition in _partitions())


def _partitions() -> list[dict[str, Any]]:
    data = json.loads((files("botocore") / "data" / "partitions.json").read_text(encoding="utf-8"))
    partitions: list[dict[str, Any]] = data["partitions"]
    return partitions

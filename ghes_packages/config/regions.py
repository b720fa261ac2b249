"""The AWS partitions and the endpoints of S3, from the data that botocore ships."""

import json
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Endpoint(StrEnum):
    """A kind of S3 endpoint."""

    STANDARD = "standard"
    FIPS = "fips"
    DUALSTACK = "dualstack"


# What the host name of an S3 endpoint starts with; the region and the DNS suffix of the partition follow.
S3_HOST_PREFIXES = {Endpoint.STANDARD: "s3", Endpoint.FIPS: "s3-fips", Endpoint.DUALSTACK: "s3.dualstack"}


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


@cache
def known_partitions() -> frozenset[str]:
    """The second part of an ARN, such as aws-us-gov, in all partitions."""
    return frozenset(partition["id"] for partition in _partitions())


def partition_of(region: str) -> str:
    """The partition of a known region."""
    return next(str(partition["id"]) for partition in _partitions() if region in partition["regions"])


@cache
def dns_suffix_of(region: str) -> str | None:
    """What host names end with in a region; None where the region is not known, such as a reference of a template."""
    suffixes = (str(each["outputs"]["dnsSuffix"]) for each in _partitions() if region in each["regions"])
    return next(suffixes, None)


@cache
def regions_with(endpoint: Endpoint) -> frozenset[str]:
    """The regions in which the pinned botocore knows S3 endpoints of that kind, in all partitions."""
    if endpoint is Endpoint.STANDARD:
        return known_regions()
    return frozenset(
        region
        for partition in _botocore_data("endpoints.json")["partitions"]
        for region, entry in partition["services"].get("s3", {}).get("endpoints", {}).items()
        if [endpoint] in (variant["tags"] for variant in entry.get("variants", []))
    )


@cache
def _partitions() -> list[dict[str, Any]]:
    partitions: list[dict[str, Any]] = _botocore_data("partitions.json")["partitions"]
    return partitions


def _botocore_data(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((files("botocore") / "data" / name).read_text(encoding="utf-8"))
    return data

"""What an instance costs a month, computed for docs/costs.md from docs/prices.toml. USD."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from ghes_packages.config.instance import Instance
from ghes_packages.config.lifecycle import ACCESS_LOGS

PRICES = Path(__file__).parent.parent / "docs" / "prices.toml"
PRICE_LIST = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"

FIRST_TIER_OF_STORAGE, FIRST_TIER_OF_TRANSFER = 50 * 1024, 10 * 1024
"""GB; beyond these the price is another one, and lower."""

RULES, METRICS_OF_A_RULE = 2, 4
"""Replication of packages and of access logs. S3 documents bytes and operations pending, latency, and failures."""


@dataclass(frozen=True)
class Use:
    """What one GHES does in a month. Sizes in GB."""

    stored: int
    objects: int
    written: int
    replaced: int
    writes: int
    reads: int
    transferred: int


# Made up, to be replaced by one's own.
USES = {
    "small": Use(stored=100, objects=50_000, written=10, replaced=5, writes=50_000, reads=500_000, transferred=50),
    "middle": Use(
        stored=2_000, objects=500_000, written=200, replaced=100, writes=500_000, reads=10_000_000, transferred=1_000
    ),
    "large": Use(
        stored=40_000,
        objects=10_000_000,
        written=4_000,
        replaced=2_000,
        writes=5_000_000,
        reads=200_000_000,
        transferred=10_000,
    ),
}

LOG_RECORD = Decimal(600)
"""Bytes: about the length of the first record of the example in AWS's "Amazon S3 server access log format"."""

LOG_DAYS = (ACCESS_LOGS.current_days or 0) + ACCESS_LOGS.noncurrent_days

SECRET_CALLS = 1_000
NOT_SAVED_BY_THE_BUCKET_KEY = Decimal("0.01")
"""AWS: a bucket key saves up to 99 % of the requests to KMS."""

COLD = Decimal("0.8")
"""The share of the packages that nobody read for 90 days."""


@cache
def prices() -> Mapping[str, Mapping[str, str]]:
    """The file, by name."""
    found: dict[str, dict[str, str]] = tomllib.loads(PRICES.read_text())
    return found


def _price(name: str) -> Decimal:
    return Decimal(prices()[name]["usd"])


def noncurrent(use: Use) -> Decimal:
    """GB of noncurrent versions, with the default of `noncurrent_days`."""
    return use.replaced * Decimal(Instance(name="default").noncurrent_days) / 30


def logs_of_a_month(use: Use) -> Decimal:
    """GB of access logs."""
    return (use.writes + use.reads) * LOG_RECORD / 2**30


def logs(use: Use) -> Decimal:
    """GB of access logs, once the oldest are as old as they get: they expire, and are then noncurrent for a while."""
    return logs_of_a_month(use) * LOG_DAYS / 30


def everything(use: Use) -> Decimal:
    """GB in both buckets."""
    return use.stored + noncurrent(use) + logs(use)


@dataclass(frozen=True)
class Line:
    """One line of the bill: its formula in words, and in numbers."""

    of: str
    formula: str
    usd: Callable[[Use], Decimal]


DEFAULT = (
    Line("packages", "GB stored × `storage`", lambda use: use.stored * _price("storage")),
    Line(
        "noncurrent versions",
        "GB deleted or overwritten a month × `noncurrent_days` ÷ 30 × `storage`",
        lambda use: noncurrent(use) * _price("storage"),
    ),
    Line(
        "access logs, after a year",
        f"requests a month × {LOG_RECORD} bytes × {LOG_DAYS} ÷ 30 × `storage`",
        lambda use: logs(use) * _price("storage"),
    ),
    Line("requests that write or list", "number × `write`", lambda use: use.writes * _price("write")),
    Line("requests that read", "number × `read`", lambda use: use.reads * _price("read")),
    Line(
        "the secret",
        "`secret` + 1,000 × `secret_call`",
        lambda use: _price("secret") + SECRET_CALLS * _price("secret_call"),
    ),
)

TRANSFER = Line(
    "transfer to the internet", "GB fetched × `transfer_out`", lambda use: use.transferred * _price("transfer_out")
)

KMS = Line(
    '`encryption = "kms"`',
    "`key` + 1 % of the requests × `key_request`",
    lambda use: _price("key") + (use.writes + use.reads) * NOT_SAVED_BY_THE_BUCKET_KEY * _price("key_request"),
)

REPLICA = (
    Line(
        "`replica_region`: storage",
        "GB of packages, noncurrent versions and access logs × `replica_storage`",
        lambda use: everything(use) * _price("replica_storage"),
    ),
    Line(
        "`replica_region`: transfer",
        "GB written and logged a month × `between_regions`",
        lambda use: (use.written + logs_of_a_month(use)) * _price("between_regions"),
    ),
    Line(
        "`replica_region`: requests",
        "objects written a month, here all requests that write, × `replica_write`",
        lambda use: use.writes * _price("replica_write"),
    ),
    Line(
        "`replica_region`: metrics",
        "4 metrics of each of 2 rules × `metric`",
        lambda use: RULES * METRICS_OF_A_RULE * _price("metric"),
    ),
    Line('`replica_region` with `encryption = "kms"`', "`replica_key`", lambda use: _price("replica_key")),
)

TIERED = Line(
    '`storage_class = "intelligent-tiering"`, instead of the first line of the defaults',
    "20 % of the GB × `storage` + 80 % × `tiering_archive_instant` + objects × `tiering_object`",
    lambda use: (
        use.stored * ((1 - COLD) * _price("storage") + COLD * _price("tiering_archive_instant"))
        + use.objects * _price("tiering_object")
    ),
)

BATCH = Line(
    "once: a replica of what is there already",
    "`batch_job` + objects × (`batch_listed` + `batch_object` + `replica_write`) + GB stored × `between_regions`",
    lambda use: (
        _price("batch_job")
        + use.objects * (_price("batch_listed") + _price("batch_object") + _price("replica_write"))
        + use.stored * _price("between_regions")
    ),
)

Table = list[tuple[str, ...]]


def tables() -> Mapping[str, Table]:
    """By the name of the block; of each, the heading first."""
    heading = ("a month, in USD", "formula", *USES)
    total = Line("**together**", "", lambda use: sum((line.usd(use) for line in DEFAULT), Decimal(0)))
    return {
        "prices": [
            ("price", "USD", "per", "of", "AWS's price list"),
            *(
                (f"`{name}`", price["usd"], price["per"], price["of"], _source(price))
                for name, price in prices().items()
            ),
        ],
        "uses": [
            ("a month", *USES),
            *((what, *(f"{getattr(use, name):,}" for use in USES.values())) for name, what in IN_WORDS.items()),
        ],
        "default": [heading, *map(_row, (*DEFAULT, total, TRANSFER))],
        "options": [heading, *map(_row, (KMS, *REPLICA, TIERED, BATCH))],
    }


IN_WORDS = {
    "stored": "GB stored",
    "objects": "objects",
    "written": "GB written",
    "replaced": "GB deleted or overwritten",
    "writes": "requests that write or list",
    "reads": "requests that read",
    "transferred": "GB fetched over the internet",
}


def _row(line: Line) -> tuple[str, ...]:
    return line.of, line.formula, *(f"{line.usd(use):,.2f}" for use in USES.values())


def dates() -> str:
    """When AWS published the prices."""
    published = sorted(_published(price) for price in prices().values() if "file" in price)
    return f"The prices are those that AWS published from {published[0]} to {published[-1]}."


def _published(price: Mapping[str, str]) -> str:
    version = price["file"].split("/")[1]
    return f"{version[:4]}-{version[4:6]}-{version[6:8]}"


def _source(price: Mapping[str, str]) -> str:
    if "source" in price:
        return price["source"]
    offer, _, *region = price["file"].split("/")
    name = " ".join((offer, *region, _published(price)))
    return f"[{name}]({PRICE_LIST}/{price['file']}/index.json) `{price['sku']}`"

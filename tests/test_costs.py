"""The figures of docs/costs.md."""

import re
from decimal import Decimal

import pytest

from ghes_packages.config.options import OPTIONS
from tests.costs import (
    DEFAULT,
    FIRST_TIER_OF_STORAGE,
    FIRST_TIER_OF_TRANSFER,
    KMS,
    PRICES,
    REPLICA,
    USES,
    Use,
    everything,
    prices,
    tables,
)
from tests.synthesis import PROJECT

PAGE = PROJECT / "docs" / "costs.md"
ONE = Use(stored=1, objects=1, written=1, replaced=1, writes=1, reads=1, transferred=1)


@pytest.mark.parametrize("price", prices().values(), ids=prices())
def test_no_figure_is_without_its_source(price: dict[str, str]) -> None:
    assert Decimal(price["usd"]) > 0
    if "source" in price:
        assert re.search(r"\d{4}-\d\d-\d\d$", price["source"])
    else:
        assert re.fullmatch(r"\w+/\d{14}(/[a-z]+-[a-z]+-\d)?", price["file"])
        assert re.fullmatch(r"[A-Z0-9]{16}", price["sku"])


def test_a_price_is_one_line() -> None:
    lines = [line for line in PRICES.read_text().splitlines() if line and not line.startswith("#")]
    assert [line.partition(" = ")[0] for line in lines] == list(prices())


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_no_server_gets_beyond_the_first_tier_of_a_price(use: Use) -> None:
    assert everything(use) <= FIRST_TIER_OF_STORAGE
    assert use.transferred <= FIRST_TIER_OF_TRANSFER


def test_a_formula_names_prices_and_options_that_exist() -> None:
    for name in ("default", "options"):
        for line in tables()[name][1:]:
            assert set(re.findall(r"`(\w+)`", line[1])) <= {*prices(), "noncurrent_days"}


def test_what_is_computed_follows_from_the_prices() -> None:
    assert [line.usd(ONE) for line in DEFAULT[:2]] == [Decimal("0.023"), Decimal("0.023")]
    assert KMS.usd(ONE) == Decimal(1) + 2 * Decimal("0.01") * Decimal("0.000003")
    [metrics] = [line for line in REPLICA if line.of.endswith("metrics")]
    assert metrics.usd(ONE) == Decimal("2.40")


@pytest.mark.parametrize("option", OPTIONS)
def test_the_page_says_of_every_option_what_it_changes(option: str) -> None:
    _, _, rows = PAGE.read_text().partition("| option | what it changes |\n")
    assert f"`{option}" in "".join(row.rpartition(" | ")[0] for row in rows.partition("\n\n")[0].splitlines()), (
        "Name it in the table of options in docs/costs.md"
    )

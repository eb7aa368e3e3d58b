"""Filters and pages of a chain against a slow and plain oracle."""

import math
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.quotes import Chain, ChainRow, Expiration, Feed, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.market.chain_filter import sift
from strikedesk.market.chain_page import ChainPage, frame, written
from strikedesk.market.chain_query import PAGE_ROWS_MAX, STRIKES_EACH_SIDE, ChainQuery
from strikedesk.market.slices import ChainSlice, cut
from tests.builders import NOON
from tests.fakes.data import a_quote, an_expiration, greeks

AAPL = EquitySymbol("AAPL")
TODAY = exchange_date(NOON)
DAYS = [TODAY + timedelta(days=7 * n) for n in range(1, 4)]

STRIKES = st.sampled_from([Decimal(n) / 2 for n in range(2, 60)])
DELTAS = st.one_of(st.none(), st.just(math.nan), st.floats(-1, 1))
INTERESTS = st.one_of(st.none(), st.integers(0, 50))


@st.composite
def contract_rows(draw: st.DrawFn) -> ChainRow:
    """Return a contract with some of its facts missing."""
    right = draw(st.sampled_from(Right))
    contract = OptionSymbol("AAPL", draw(st.sampled_from(DAYS)), right, draw(STRIKES))
    delta, interest = draw(DELTAS), draw(INTERESTS)
    quote = Quote(symbol=contract, at=NOON, feed=Feed.SIMULATED, open_interest=interest)
    return ChainRow(
        contract=contract,
        quote=quote,
        greeks=draw(st.sampled_from([None, greeks(delta, 0.2)])),
    )


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Return a chain in the order a broker tells it, each contract once."""
    rows = {row.contract: row for row in draw(st.lists(contract_rows(), max_size=60))}
    ordered = sorted(rows.values(), key=place)
    spot = a_quote(AAPL, str(draw(STRIKES)))
    return Chain(underlying="AAPL", spot=spot, as_of=NOON, rows=tuple(ordered))


def place(row: ChainRow) -> tuple[date, Decimal, Right]:
    """Return where a contract stands in a chain: by expiration, strike, right (calls first)."""
    return row.contract.expiration, row.contract.strike, row.contract.right


@st.composite
def queries(draw: st.DrawFn) -> ChainQuery:
    """Return any lawful combination of filters."""
    deltas = sorted(draw(st.lists(st.floats(-1, 1), min_size=2, max_size=2)))
    if draw(st.booleans()):
        deltas = sorted(abs(delta) for delta in deltas)
    strikes = sorted(draw(st.lists(STRIKES, min_size=2, max_size=2)))
    keep = draw(st.lists(st.booleans(), min_size=4, max_size=4))
    return ChainQuery(
        underlying=AAPL,
        days_min=0,
        right=draw(st.sampled_from([None, *Right])),
        strike_min=strikes[0] if keep[0] else None,
        strike_max=strikes[1] if keep[1] else None,
        delta_min=deltas[0] if keep[2] else None,
        delta_max=deltas[1] if keep[3] else None,
        strikes_each_side=draw(st.sampled_from([None, 1, 3])),
        open_interest_min=draw(st.sampled_from([None, 0, 20])),
        columns=("symbol", "delta"),
        page_size=draw(st.integers(1, 7)),
    )


class Verdict(NamedTuple):
    """What the oracle says of one contract: the filter that it fails first, or none."""

    row: ChainRow
    fails: str | None


def oracle(query: ChainQuery, chain: Chain) -> list[Verdict]:
    """Judge every contract by itself, in the words of the query's docstring."""
    return [Verdict(row, first_failure(query, chain, row)) for row in chain.rows]


def first_failure(query: ChainQuery, chain: Chain, row: ChainRow) -> str | None:
    if query.right is not None and row.contract.right != query.right:
        return "right"
    if not strike_passes(query, chain, row):
        return "strike"
    if delta_fails := delta_failure(query, row):
        return delta_fails
    if query.open_interest_min is None:
        return None
    if row.quote.open_interest is None:
        return "open_interest_unknown"
    return "open_interest" if row.quote.open_interest < query.open_interest_min else None


def strike_passes(query: ChainQuery, chain: Chain, row: ChainRow) -> bool:
    strike = row.contract.strike
    if query.strike_min is not None and strike < query.strike_min:
        return False
    if query.strike_max is not None and strike > query.strike_max:
        return False
    bounds = (query.strike_min, query.strike_max, query.delta_min, query.delta_max)
    count = query.strikes_each_side
    if count is None:
        count = STRIKES_EACH_SIDE if bounds == (None,) * 4 else 10**6
    spot = chain.spot.mark
    assert spot is not None
    same_day = (each for each in chain.rows if each.contract.expiration == row.contract.expiration)
    strikes = {each.contract.strike for each in same_day}
    below = [each for each in strikes if strike <= each <= spot]
    above = [each for each in strikes if spot < each <= strike]
    return len(below) <= count if strike <= spot else len(above) <= count


def delta_failure(query: ChainQuery, row: ChainRow) -> str | None:
    if query.delta_min is None and query.delta_max is None:
        return None
    delta = row.greeks.delta if row.greeks else None
    if delta is None or math.isnan(delta):
        return "delta_unknown"
    if (query.delta_min or 0) >= 0 and (query.delta_max or 0) >= 0:
        delta = abs(delta)
    too_low = query.delta_min is not None and delta < query.delta_min
    too_high = query.delta_max is not None and delta > query.delta_max
    return "delta" if too_low or too_high else None


def sliced(chain: Chain) -> list[ChainSlice]:
    return list(cut(chain, DAYS).values())


LISTED: list[Expiration] = [an_expiration(day, (), today=TODAY) for day in DAYS]


def paged(query: ChainQuery, chain: Chain) -> list[ChainPage]:
    """Return every page, turning them as a reader does."""
    pages: list[ChainPage] = []
    number: int | None = 1
    while number is not None:
        asked = replace(query, page=number)
        pages.append(written(frame(asked, LISTED, sliced(chain)), {}))
        number = pages[-1].next_page
    return pages


@given(query=queries(), chain=chains())
def test_filters_find_what_a_plain_judgement_of_each_contract_finds(
    query: ChainQuery, chain: Chain
) -> None:
    """A contract left out by a slip of the fast path would never be traded, nor missed."""
    verdicts = oracle(query, chain)
    sifted = sift(query, sliced(chain))

    assert list(sifted.rows) == [verdict.row for verdict in verdicts if verdict.fails is None]
    reasons = [verdict.fails for verdict in verdicts if verdict.fails is not None]
    assert sifted.left_out == {reason: reasons.count(reason) for reason in set(reasons)}


@given(query=queries(), chain=chains())
def test_the_pages_together_are_all_that_was_found_once_and_in_order(
    query: ChainQuery, chain: Chain
) -> None:
    """Promise: a page with totals, never a silently shortened list."""
    pages = paged(query, chain)

    found = [row.contract.compact for row, fails in oracle(query, chain) if fails is None]
    assert [row[0] for page in pages for row in page.rows] == found
    assert {page.total for page in pages} == {len(found)}
    assert {page.total + sum(page.filtered_out.values()) for page in pages} == {len(chain.rows)}
    assert {page.pages for page in pages} == {len(pages)}
    assert [page.returned for page in pages] == [len(page.rows) for page in pages]
    assert max(page.returned for page in pages) <= (query.page_size or PAGE_ROWS_MAX)


@given(chain=chains())
def test_no_cell_is_anything_but_a_json_number_a_string_or_null(chain: Chain) -> None:
    """A NaN in a result is no JSON, and a client that meets one drops the whole answer."""
    query = ChainQuery(
        underlying=AAPL, days_min=0, strike_min=Decimal(0), columns=("strike", "delta", "mid")
    )

    cells = [cell for page in paged(query, chain) for row in page.rows for cell in row]
    assert all(cell is None or math.isfinite(cell) for cell in cells if not isinstance(cell, str))

"""The risk of all that an account holds: Greeks, stress, tails, and what is ahead."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from strikedesk.domain.accounts import Account, Balances
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.margin import MarginHeld
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.untraded import Untraded
from strikedesk.portfolio.ahead import Ending, endings, events_ahead
from strikedesk.portfolio.books import Books, Total, total
from strikedesk.portfolio.exposures import (
    Concentration,
    Exposures,
    UnderlyingRisk,
    by_underlying,
    concentration,
    risk_of,
    summed,
)
from strikedesk.portfolio.holdings import Holding
from strikedesk.portfolio.lived import Fall, largest_fall
from strikedesk.portfolio.market_view import MarketView
from strikedesk.portfolio.past import Moves, Past, beta, listed_past, moves_of, past_of
from strikedesk.portfolio.priced import priced
from strikedesk.portfolio.readings import read_holdings
from strikedesk.portfolio.stress import Stress, stress
from strikedesk.portfolio.value_at_risk import ValueAtRisk, value_at_risk

UNDERLYINGS_A_PAGE: Final = 10
SPY: Final = "SPY"
_A_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What comes of pricing the holdings anew.

    `lacking` says of each holding that the grid leaves out what it lacks, `tails_lacking` the same
    of the tails, by symbol.
    """

    stress: Stress | None
    tails: ValueAtRisk
    moves: Moves
    lacking: Mapping[str, str]
    tails_lacking: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRisk:
    """The risk of an account; `rows` are the underlyings of the page that `span` names.

    Source: positions at most thirty seconds old, prices five seconds, chains five minutes; closes
    and 30-day implied volatilities of finished sessions.
    """

    account: Account
    as_of: datetime
    benchmark: str
    benchmark_closes: int
    balances: Balances
    margin: MarginHeld | None
    own_fall: Fall | None
    positions: int
    untraded: tuple[Untraded, ...]
    value: Total
    rows: tuple[UnderlyingRisk, ...]
    span: PageSpan
    exposures: Exposures
    measured: Measured
    concentration: Concentration | None
    endings: tuple[Ending, ...]
    events: tuple[MarketEvent, ...]


async def portfolio_risk(
    books: Books,
    market: MarketView,
    handle: str,
    *,
    benchmark: EquitySymbol | None = None,
    page: int = 1,
) -> PortfolioRisk:
    """Return the risk of all that an account holds, with one page of its underlyings.

    Without a `benchmark` it is SPY, if that is listed.

    Raises:
        Denied: ACCOUNT_UNKNOWN, PAGE_PAST_END, SYMBOL_NOT_FOUND.
    """
    account = await books.named(handle)
    holdings = await read_holdings(market, await books.held(handle))
    held = by_underlying(holdings)
    span = PageSpan(page=page, size=UNDERLYINGS_A_PAGE, total=len(held))
    pasts = await past_of(market, {*held, SPY})
    name = benchmark.ticker if benchmark else SPY
    if benchmark is not None:
        pasts = {**pasts, name: await listed_past(market, benchmark)}
    measured = await asyncio.to_thread(measure, holdings, pasts)
    rows = [_row(each, held[each], pasts, name, measured) for each in held]
    return PortfolioRisk(
        account=account,
        as_of=market.now(),
        benchmark=name,
        benchmark_closes=len(pasts[name].closes),
        balances=await books.balances(handle),
        margin=await _margin(books, handle),
        own_fall=await _own_fall(books, handle, exchange_date(market.now()) - _A_YEAR),
        positions=len(holdings),
        untraded=await books.untraded(handle),
        value=total(each.position.market_value for each in holdings),
        rows=tuple(rows[span.start : span.stop]),
        span=span,
        exposures=summed(rows),
        measured=measured,
        concentration=concentration(rows),
        endings=endings(holdings),
        events=await events_ahead(market, held),
    )


async def _own_fall(books: Books, handle: str, start: date) -> Fall | None:
    """Return the account's own largest fall; None where its past is not told in full now."""
    try:
        past = await books.lived(handle, start)
    except Unavailable:
        return None
    return None if past is None else largest_fall(past)


async def _margin(books: Books, handle: str) -> MarginHeld | None:
    """Return what the broker asks by underlying; None where it does not tell that now."""
    try:
        return await books.margin_held(handle)
    except (Denied, Unavailable):
        return None


def measure(holdings: Sequence[Holding], pasts: Mapping[str, Past]) -> Measured:
    """Price the holdings in every scenario. Takes a tenth of a second, so not on the event loop."""
    known = priced(holdings)
    short = {each.underlying for each in holdings if not pasts[each.underlying].enough}
    with_past = priced(holdings, short) if short else known
    moves = moves_of({name: pasts[name] for name in with_past.underlyings})
    return Measured(
        stress=stress(known),
        tails=value_at_risk(with_past, moves),
        moves=moves,
        lacking=known.lacking,
        tails_lacking=with_past.lacking,
    )


def _row(
    name: str,
    held: Sequence[Holding],
    pasts: Mapping[str, Past],
    benchmark: str,
    measured: Measured,
) -> UnderlyingRisk:
    whole = all(each.symbol.compact not in measured.lacking for each in held)
    worst = measured.stress.worst_of.get(name) if measured.stress and whole else None
    slope = 1.0 if name == benchmark else beta(pasts[name], pasts[benchmark])
    return risk_of(name, held, beta=slope, worst=worst)

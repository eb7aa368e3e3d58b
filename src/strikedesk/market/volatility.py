"""How volatile an underlying is: what its price did, and what its options say it will do.

Each figure is defined where it is made: `market.historical`, `market.implied`, `market.term`,
`market.liquidity`, and for 30 days and the money `domain.volatility`. Units: volatilities are
annual fractions (0.25 = 25 %). What cannot be made is None and says why. Statistics are floats;
prices stay `Decimal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from strikedesk.domain.events import Dividend, Earnings, MarketEvent
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import Expiration, Feed
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.volatility import HORIZON_DAYS, around_horizon
from strikedesk.market.figures import Figure
from strikedesk.market.historical import HistoricalVolatility, finished_closes, historical
from strikedesk.market.implied import implied_30, percentile, rank, sessions_asked, skew
from strikedesk.market.liquidity import Liquidity, liquidity, near_the_money
from strikedesk.market.regime import Regime, ends_of, regime
from strikedesk.market.room import MarketRoom
from strikedesk.market.slices import ChainSlice
from strikedesk.market.term import Listing, Term, contracts_of, listing, term

LISTINGS_A_PAGE: Final = 12
DIVIDENDS_SHOWN: Final = 4
DAYS_AHEAD: Final = 365

CLOSES_ASKED: Final = timedelta(days=420)  # 273 closes and then some, over any run of holidays.
_UNKNOWN: Final = f"none is known for the next {DAYS_AHEAD} days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What is known to happen; `no_*` says why there is none."""

    earnings: Earnings | None
    dividends: tuple[Dividend, ...]

    @property
    def no_earnings(self) -> str | None:
        """Why no earnings are told."""
        return None if self.earnings else _UNKNOWN

    @property
    def no_dividends(self) -> str | None:
        """Why no dividends are told."""
        return None if self.dividends else _UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityReport:
    """The volatility of an underlying. `terms` are the expirations of the page that `span` names.

    Source: `spot` at `as_of` (the venue's time); implied figures from a chain at most five minutes
    old, straddles from quotes at most five seconds old, historical ones from daily bars.
    """

    underlying: str
    as_of: datetime
    feed: Feed | None
    spot: Decimal | None
    iv30: Figure
    iv_rank: Figure
    iv_percentile: Figure
    historical: HistoricalVolatility
    skew: Figure
    regime: Regime
    calendar: Calendar
    liquidity: Liquidity
    terms: tuple[Term, ...]
    span: PageSpan


async def volatility_report(
    market: MarketRoom, underlying: EquitySymbol, *, page: int = 1
) -> VolatilityReport:
    """Return the report, with one page of the term structure.

    Raises:
        Denied: SYMBOL_NOT_FOUND, PAGE_PAST_END.
    """
    listed = await market.expirations(underlying)
    span = PageSpan(page=page, size=LISTINGS_A_PAGE, total=len(listed))
    spot = (await market.quotes((underlying,))).get(underlying)
    now, mark = market.now(), spot.mark if spot else None
    groups = listed[span.start : span.stop], around_horizon(listed), ends_of(listed)
    pieces = await market.slices(underlying, {each.day for group in groups for each in group})
    shown, near, ends = (listings(each, pieces, mark) for each in groups)
    quotes = await market.quotes(contracts_of(shown))
    iv30 = implied_30(each.point for each in near if each.point)
    history = await market.implied_history(underlying, sessions_asked(now))
    iv_rank = rank(iv30, history)
    closes = await market.daily_bars(underlying, now - CLOSES_ASKED)
    return VolatilityReport(
        underlying=underlying.compact,
        as_of=now,
        feed=spot.feed if spot else None,
        spot=mark,
        iv30=iv30,
        iv_rank=iv_rank,
        iv_percentile=percentile(iv30, history),
        historical=historical(closes, now),
        skew=_skew(near),
        regime=regime(
            finished_closes(closes, now), iv_rank, (each.point for each in ends if each.point)
        ),
        calendar=_calendar(await market.events(underlying, DAYS_AHEAD)),
        liquidity=liquidity_of(near, mark),
        terms=tuple(term(each, quotes, mark, now) for each in shown),
        span=span,
    )


def listings(
    listed: Sequence[Expiration], pieces: Sequence[ChainSlice], spot: Decimal | None
) -> tuple[Listing, ...]:
    """Return what the slices say of each listing."""
    by_day = {piece.day: piece for piece in pieces}
    return tuple(listing(each, by_day.get(each.day), spot) for each in listed)


def _skew(near: Sequence[Listing]) -> Figure:
    """Return the skew of the expiration nearest to 30 days that has one."""
    nearest = sorted(near, key=lambda each: abs(each.listed.days - HORIZON_DAYS))
    for each in nearest:
        if (found := skew(each.rows)) is not None:
            return Figure(value=found, basis=f"{each.listed.days} days")
    return Figure(value=None, why="no expiration near 30 days has a 25-delta put and call")


def liquidity_of(near: Sequence[Listing], spot: Decimal | None) -> Liquidity:
    """Return how easily the contracts near the money of some listings are traded."""
    rows = [] if spot is None else [row for each in near for row in near_the_money(each.rows, spot)]
    return liquidity(rows)


def _calendar(events: Sequence[MarketEvent]) -> Calendar:
    earnings = (event for event in events if isinstance(event, Earnings))
    dividends = [event for event in events if isinstance(event, Dividend)]
    return Calendar(earnings=next(earnings, None), dividends=tuple(dividends[:DIVIDENDS_SHOWN]))

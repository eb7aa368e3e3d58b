"""What a price did: the days a question means, its bars, and what they sum up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import (
    EXCHANGE_ZONE,
    exchange_date,
    previous_session,
    session_on,
)
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import Bar, Feed
from strikedesk.domain.symbols import Symbol
from strikedesk.market.bars import DAILY, Unit, Width
from strikedesk.market.room import MarketRoom

ROWS_A_PAGE: Final = 64  # A quarter of daily bars, the default range, is one page.

_ONE_DAY: Final = timedelta(days=1)
_DAYS_OF_MINUTES: Final = ((2, 1), (15, 4), (30, 7), (60, 14), (120, 28), (390, 56))
_YEARS_OF_MONTHS: Final = 5
_YEARS_OF_MORE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """A question about a price. `start` and `end` are exchange dates, both included.

    Without `end` it means up to now, without `start` so many days as `width` makes readable.
    """

    symbol: Symbol
    width: Width = DAILY
    start: date | None = None
    end: date | None = None

    def days(self, now: datetime) -> tuple[date, date]:
        """Return the first and the last day that it means at `now`."""
        last = self.end or _last_session_begun(now)
        if self.start is not None:
            return self.start, last
        anchor = previous_session(last + _ONE_DAY).day
        return anchor - (_days_shown(self.width) - 1) * _ONE_DAY, last


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What bars come to. Units: USD per share; `change` a fraction of the first opening."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    change: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHistory:
    """The bars of a question, oldest first, and which of them a page shows.

    `first_day` and `last_day` are the days that were asked; `summary` sums up all bars, None
    without one; `feed` is that of the symbol's quote, None where nobody quotes it.
    """

    query: HistoryQuery
    first_day: date
    last_day: date
    feed: Feed | None
    bars: tuple[Bar, ...]
    span: PageSpan
    summary: Summary | None

    @property
    def page(self) -> tuple[Bar, ...]:
        """The bars of the page."""
        return self.bars[self.span.start : self.span.stop]


async def price_history(market: MarketRoom, query: HistoryQuery, *, page: int = 1) -> PriceHistory:
    """Return the bars that a question means.

    Raises:
        Denied: SYMBOL_NOT_FOUND, DATA_UNAVAILABLE, PAGE_PAST_END; INVALID_ARGUMENT for a range
            that is empty or holds too many bars.
    """
    await market.ready()
    first, last = query.days(market.now())
    bars = await market.bars_of(query.symbol, query.width, _midnight(first), _midnight(last, 1))
    quote = (await market.quotes((query.symbol,))).get(query.symbol)
    return PriceHistory(
        query=query,
        first_day=first,
        last_day=last,
        feed=quote.feed if quote else None,
        bars=bars,
        span=PageSpan(page=page, size=ROWS_A_PAGE, total=len(bars)),
        summary=summary(bars),
    )


def summary(bars: Sequence[Bar]) -> Summary | None:
    """Sum up bars, oldest first."""
    if not bars:
        return None
    opening, close = bars[0].open, bars[-1].close
    return Summary(
        open=opening,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=close,
        change=float((close - opening) / opening) if opening > 0 else None,
    )


def _days_shown(width: Width) -> int:
    """Return how many days of bars a person reads at a glance: some sixty to some hundreds."""
    match width.unit:
        case Unit.MINUTE:
            days = next(days for minutes, days in _DAYS_OF_MINUTES if width.count <= minutes)
            return min(days, width.days_max)
        case Unit.DAY:
            return 90 * width.count
        case Unit.WEEK:
            return min(364 * width.count, 365 * _YEARS_OF_MORE)
        case _:
            years = _YEARS_OF_MONTHS if width.count == 1 else _YEARS_OF_MORE
            return 365 * years + 1


def _last_session_begun(now: datetime) -> date:
    today = exchange_date(now)
    session = session_on(today)
    begun = session is not None and session.opens_at <= now
    return today if begun else previous_session(today).day


def _midnight(day: date, later: int = 0) -> datetime:
    """Return the instant at which a day begins in New York, or one so many days later."""
    midnight = datetime.combine(day + later * _ONE_DAY, time(), tzinfo=EXCHANGE_ZONE)
    return midnight.astimezone(UTC)

"""Futures that stand beside what the exchange trades: they are priced, and nobody can order one.

A future on an index costs what the market asks for the index, delivered when the future ends: its
own rate and the index's yield carry it there, as they do in the market's options.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import exp, log
from typing import Final

from strikedesk.domain.calendar import (
    exchange_date,
    monthly_expirations,
    previous_session,
    session_on,
)
from strikedesk.domain.quotes import Bar, Interval
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange.market import Market

LISTED: Final = 2
_QUARTERS: Final = {3: "H", 6: "M", 9: "U", 12: "Z"}
_AHEAD: Final = timedelta(days=300)  # Three quarters and their days, at least.
_LISTED_FOR: Final = timedelta(days=460)  # Five quarters before it ends.
STANDING: Final = Decimal(40)  # Contracts on each side: nobody takes them.


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureProduct:
    """What futures of one kind have in common. Units: `multiplier` USD a point; `tick` points."""

    code: str
    name: str
    underlying: EquitySymbol
    multiplier: Decimal
    tick: Decimal


E_MINI: Final = FutureProduct(
    code="ES",
    name="E Mini S&P",
    underlying=EquitySymbol("SPX"),
    multiplier=Decimal(50),
    tick=Decimal("0.25"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """A future that settles at the opening of its last day."""

    product: FutureProduct
    day: date

    @property
    def month(self) -> str:
        """The letter of its month."""
        return _QUARTERS[self.day.month]

    @property
    def name(self) -> UntradedName:
        """`/ESZ6`: the year has one digit."""
        return UntradedName(f"/{self.product.code}{self.month}{self.day.year % 10}", "future")

    @property
    def ends_at(self) -> datetime:
        """When it stops trading and settles."""
        session = session_on(self.day) or previous_session(self.day)
        return session.opens_at


def listed(market: Market, at: datetime) -> tuple[Future, ...]:
    """Return the next futures to end, the nearest first; none where the market cannot carry."""
    today = exchange_date(at)
    days = monthly_expirations(today, today + _AHEAD)
    futures = [Future(product=E_MINI, day=day) for day in days if day.month in _QUARTERS]
    alive = [each for each in futures if each.ends_at > at][:LISTED]
    return tuple(each for each in alive if _price(market, each, at) is not None)


def quote(market: Market, future: Future, at: datetime) -> UntradedQuote | None:
    """Return a market of one tick around the price that the index carries; None without one."""
    price, product = _price(market, future, at), future.product
    told_at = quoted_at(market, product, at)
    if price is None or told_at is None:
        return None
    bid = price // product.tick * product.tick
    return UntradedQuote(
        name=future.name,
        at=told_at,
        feed=market.feed,
        bid=bid,
        ask=bid + product.tick,
        bid_size=STANDING,
        ask_size=STANDING,
        last=_on_tick(price, product),
        mark=bid + product.tick / 2,
        previous_close=_on_tick(_price(market, future, close_before(told_at)), product),
    )


def bars(
    market: Market, future: Future, interval: Interval, start: datetime, end: datetime
) -> tuple[Bar, ...]:
    """Return the index's bars that start in `[start, end)`, carried to the future's end.

    Each is carried from when it begins: over a day that is a tick or two. None are older than the
    future is listed, and none where the market cannot carry.
    """
    begin, underlying = max(start, future.ends_at - _LISTED_FOR), future.product.underlying
    found = market.bars(underlying, interval, begin, min(end, future.ends_at))
    if not found:
        return ()
    first, last = (_carry(market, future, bar.at) for bar in (found[0], found[-1]))
    if first is None or last is None:
        return ()
    span = max((found[-1].at - found[0].at).total_seconds(), 1.0)
    grows = log(last / first) / span
    return tuple(
        _carried(bar, first * exp(grows * (bar.at - found[0].at).total_seconds()), future.product)
        for bar in found
    )


def quoted_at(market: Market, product: FutureProduct, at: datetime) -> datetime | None:
    """Return when the level was told that a product's prices stand on; None without one."""
    level = market.quotes({product.underlying}, at).get(product.underlying)
    return None if level is None else level.at


def close_before(told_at: datetime) -> datetime:
    """Return when the session before that of a price closed."""
    return previous_session(exchange_date(told_at)).closes_at


def _price(market: Market, future: Future, at: datetime) -> Decimal | None:
    return market.forward(future.product.underlying, future.ends_at, at)


def _on_tick(price: Decimal | None, product: FutureProduct) -> Decimal | None:
    return None if price is None else round(price / product.tick) * product.tick


def _carry(market: Market, future: Future, at: datetime) -> float | None:
    """Return what the future costs in indices; None where that cannot be told."""
    price = _price(market, future, at)
    level = market.quotes({future.product.underlying}, at).get(future.product.underlying)
    if price is None or level is None or not level.mark:
        return None
    return float(price / level.mark)


def _carried(bar: Bar, times: float, product: FutureProduct) -> Bar:
    factor = Decimal(times)
    prices = (bar.open, bar.high, bar.low, bar.close)
    opened, high, low, closed = (
        round(price * factor / product.tick) * product.tick for price in prices
    )
    return Bar(at=bar.at, open=opened, high=high, low=low, close=closed)

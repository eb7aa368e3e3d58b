"""Futures that stand beside what the exchange trades: they are priced, and nobody can order one.

A future on an index costs what the market asks for the index, delivered when the future ends: its
own rate and the index's yield carry it there, as they do in the market's options.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import (
    exchange_date,
    monthly_expirations,
    previous_session,
    session_on,
)
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange.market import Market

LISTED: Final = 2
_QUARTERS: Final = {3: "H", 6: "M", 9: "U", 12: "Z"}
_AHEAD: Final = timedelta(days=300)  # Three quarters and their days, at least.
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

"""What events mean to the desk: quotes, Greeks and bars.

A quote's instant is the venue's where the feed tells one, else when it was heard: the feed often
writes 0. An instant ahead of our clock is not believed, so that no quote is ever younger than now.
"""

from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import Final

from strikedesk.brokers.tastytrade.dxlink.kinds import Event, Item, Kind
from strikedesk.brokers.tastytrade.dxlink.spelling import streamed
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Bar, Feed, Quote
from strikedesk.domain.symbols import Symbol

SOURCE: Final = "dxfeed"
HALTED: Final = "HALTED"
_TIMES: Final = defaultdict(lambda: ("time",), {Kind.QUOTE: ("bidTime", "askTime")})


@lru_cache(maxsize=65_536)
def quoted(symbol: Symbol) -> tuple[Item, Item, Item]:
    """Return what to ask for to be told quotes: bid and ask, the last trade, the day's summary."""
    name = streamed(symbol)
    return Item(Kind.QUOTE, name), Item(Kind.TRADE, name), Item(Kind.SUMMARY, name)


def quote_of(
    symbol: Symbol, sides: Event | None, trade: Event | None, summary: Event | None, feed: Feed
) -> Quote | None:
    """Return what the newest events tell of a symbol; None where there is no price of it at all."""
    bid = sides and sides.price("bidPrice")
    ask = sides and sides.price("askPrice")
    last = trade and trade.price("price")
    told_by = sides if bid is not None or ask is not None else trade
    if told_by is None or (bid is None and ask is None and last is None):
        return None
    return Quote(
        symbol=symbol,
        at=_told_at(told_by),
        feed=feed,
        bid=bid,
        ask=ask,
        bid_size=sides and sides.count("bidSize"),
        ask_size=sides and sides.count("askSize"),
        last=last,
        previous_close=summary and summary.price("prevDayClosePrice"),
        volume=trade and trade.count("dayVolume"),
        open_interest=summary and summary.count("openInterest"),
    )


def greeks_of(event: Event) -> Greeks:
    """Return the feed's Greeks: theta a day, vega and rho a point, as it says them."""
    return Greeks(
        implied_volatility=event.figure("volatility"),
        delta=event.figure("delta"),
        gamma=event.figure("gamma"),
        theta=event.figure("theta"),
        vega=event.figure("vega"),
        rho=event.figure("rho"),
        source=SOURCE,
        at=_told_at(event),
    )


def bar_of(event: Event) -> Bar | None:
    """Return a candle as a bar; None where it lacks a price or its time."""
    at = event.instant("time")
    opened, high, low, close = (event.price(name) for name in ("open", "high", "low", "close"))
    if at is None or opened is None or high is None or low is None or close is None:
        return None
    return Bar(at=at, open=opened, high=high, low=low, close=close, volume=event.count("volume"))


def _told_at(event: Event) -> datetime:
    told = None
    for name in _TIMES[event.kind]:
        at = event.instant(name)
        if at is not None and at <= event.heard_at and (told is None or told < at):
            told = at
    return told or event.heard_at

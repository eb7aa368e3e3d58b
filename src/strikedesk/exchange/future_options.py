"""Options on futures, beside what the exchange trades as their futures are: nobody can order one.

Those of a quarter end with their future; those of a week, or of a month's last session, at the
close, and deliver the future that is next to end then. They are listed where the index has options
too, at its round strikes, so that what is listed stays until it ends.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import (
    exchange_date,
    next_session,
    previous_session,
    session_on,
    weekly_expirations,
)
from strikedesk.domain.instruments import Step
from strikedesk.domain.quotes import Expiration, Feed, Settlement
from strikedesk.domain.symbols import Right
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange import futures
from strikedesk.exchange.futures import STANDING, Future
from strikedesk.exchange.market import Market, OnForward

AHEAD: Final = timedelta(days=35)  # How long before its end one of a week or a month is listed.
STEPS: Final = (
    Step(size=Decimal("0.05"), below=Decimal(5)),
    Step(size=Decimal("0.1"), below=Decimal(20)),
    Step(size=Decimal("0.25"), below=Decimal(100)),
    Step(size=Decimal("0.5")),
)
_MONTHS: Final = "FGHJKMNQUVXZ"
_ROUND: Final = 50  # Strikes are multiples of it, in points.
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The options on a future that end together. Units: strikes points, ascending."""

    future: Future
    root: str
    day: date
    settlement: Settlement
    strikes: tuple[Decimal, ...]

    @property
    def code(self) -> str:
        """What they are called together: `EW1Z6`, of December 2026."""
        return f"{self.month}{self.day.year % 10}"

    @property
    def month(self) -> str:
        """The root and the letter of the month in which they end."""
        return f"{self.root}{_MONTHS[self.day.month - 1]}"

    @property
    def ends_at(self) -> datetime:
        """When they stop trading and are exercised."""
        session = session_on(self.day) or previous_session(self.day)
        return session.opens_at if self.settlement is Settlement.AM else session.closes_at

    @property
    def head(self) -> str:
        """How the names of all of them begin: the future has five places, the code six."""
        future = self.future.name.compact.removeprefix("/")
        return f"./{future:<5}{self.code:<6}{self.day:%y%m%d}"

    @property
    def options(self) -> Iterator["FutureOption"]:
        """The options, calls first at each strike."""
        for strike in self.strikes:
            for right in (Right.CALL, Right.PUT):
                yield FutureOption(series=self, right=right, strike=strike)


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOption:
    """One option on a future."""

    series: Series
    right: Right
    strike: Decimal

    @property
    def tail(self) -> str:
        """Its right and its strike: `C6300`."""
        return f"{self.right.value}{self.strike.normalize():f}"

    @property
    def name(self) -> UntradedName:
        """`./ESZ6 EW1Z6 261204C6300`."""
        return UntradedName(f"{self.series.head}{self.tail}", "future_option")


def listed(market: Market, at: datetime) -> tuple[Series, ...]:
    """Return what is listed, by the day of its end; nothing where there are no futures."""
    standing = futures.listed(market, at)
    if not standing:
        return ()
    expirations = market.expirations(standing[0].product.underlying, at)
    found = (_series(each, standing, exchange_date(at)) for each in expirations)
    return tuple(each for each in found if each is not None and each.ends_at > at)


def named(
    market: Market, names: Collection[UntradedName], at: datetime
) -> dict[UntradedName, FutureOption]:
    """Return what is listed of some names."""
    texts = [name.compact for name in names]
    some = [s for s in listed(market, at) if any(text.startswith(s.head) for text in texts)]
    found = {option.name: option for series in some for option in series.options}
    return {name: found[name] for name in names if name in found}


def quotes(
    market: Market, options: Collection[FutureOption], at: datetime
) -> dict[UntradedName, UntradedQuote]:
    """Return a market of one step around what each option is worth; none of what has no price."""
    return {
        quote.name: quote
        for series, some in by_series(options).items()
        for quote in _quoted(market, series, some, at)
    }


def by_series(options: Collection[FutureOption]) -> Mapping[Series, Sequence[FutureOption]]:
    """Return options by what they end with."""
    together: defaultdict[Series, list[FutureOption]] = defaultdict(list)
    for option in options:
        together[option.series].append(option)
    return together


def _series(listing: Expiration, standing: Sequence[Future], today: date) -> Series | None:
    """Return the options on a future beside some on the index; None where there are none."""
    found = _delivered(listing, standing, today)
    if found is None:
        return None
    future, root = found
    return Series(
        future=future,
        root=root,
        day=listing.day,
        settlement=listing.settlement,
        strikes=tuple(strike for strike in listing.strikes if strike % _ROUND == 0),
    )


def _delivered(
    listing: Expiration, standing: Sequence[Future], today: date
) -> tuple[Future, str] | None:
    """Return which future is delivered, and under which root; None where nothing is listed."""
    if listing.settlement is Settlement.AM:
        own = next((each for each in standing if each.day == listing.day), None)
        return None if own is None else (own, own.product.code)
    root = _root_on(listing.day)
    if root is None or listing.day - today > AHEAD:
        return None
    return next(each for each in standing if each.day > listing.day), root


def _root_on(day: date) -> str | None:
    """Return the root of what ends on a Friday, or with a month's last session."""
    if next_session(day).day.month != day.month:
        return "EW"
    if day not in weekly_expirations(day, day):
        return None
    friday = day + timedelta(days=_FRIDAY - day.weekday())
    return f"EW{(friday.day - 1) // 7 + 1}"  # A fifth is always in the month's last session.


def _quoted(
    market: Market, series: Series, some: Sequence[FutureOption], at: datetime
) -> Iterator[UntradedQuote]:
    told_at = futures.quoted_at(market, series.future.product, at)
    now = None if told_at is None else worths(market, series, some, at)
    if told_at is None or now is None:
        return
    before = worths(market, series, some, futures.close_before(told_at))
    for place, option in enumerate(some):
        closed = None if before is None else _down(before[place])
        yield _around(option, now[place], closed, told_at, market.feed)


def worths(
    market: Market, series: Series, some: Sequence[FutureOption], at: datetime
) -> tuple[Decimal, ...] | None:
    """Return what options that end together are worth, in points, not rounded; None without one."""
    future = series.future
    options = OnForward(
        underlying=future.product.underlying,
        delivered_at=future.ends_at,
        ends_at=series.ends_at,
        contracts=tuple((option.right, option.strike) for option in some),
    )
    return market.on_forward(options, at)


def _around(
    option: FutureOption, worth: Decimal, closed: Decimal | None, at: datetime, feed: Feed
) -> UntradedQuote:
    """Return one step around a worth; nobody bids for what is worth less than a step."""
    bid = _down(worth)
    ask = bid + _step(bid)
    return UntradedQuote(
        name=option.name,
        at=at,
        feed=feed,
        bid=bid,
        ask=ask,
        bid_size=STANDING if bid else Decimal(0),
        ask_size=STANDING,
        last=bid or None,
        mark=(bid + ask) / 2,
        previous_close=closed,
    )


def _down(worth: Decimal) -> Decimal:
    step = _step(worth)
    return worth // step * step


def _step(price: Decimal) -> Decimal:
    return next(step.size for step in STEPS if step.below is None or price < step.below)

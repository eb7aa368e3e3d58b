"""Quotes and chain rows of the simulated market, made from columns of numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import ChainRow, Feed, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol
from strikedesk.exchange.simulated import noise, pricing
from strikedesk.exchange.simulated.activity import sizes, traded
from strikedesk.exchange.simulated.american import values
from strikedesk.exchange.simulated.daily import Day
from strikedesk.exchange.simulated.moments import Moment, steps_in
from strikedesk.exchange.simulated.night import Night
from strikedesk.exchange.simulated.noise import Ints
from strikedesk.exchange.simulated.pit import Pit
from strikedesk.exchange.simulated.pricing import Book
from strikedesk.exchange.simulated.quoting import Sides, sides
from strikedesk.exchange.simulated.selection import UNKNOWN, Selection
from strikedesk.exchange.simulated.ticks import half_way, usd

MODEL: Final = "model"
_SHARES_PER_LOT: Final = 100
_LOTS: Final = 24
_LOTS_AT_NIGHT: Final = 4
_WIDER_AT_NIGHT: Final = 4
_OF_PRICE_AT_NIGHT: Final = 2_000  # Half a spread is at least this part of the price.


def share_quote(pit: Pit, moment: Moment, *, seed: int) -> Quote:
    """Return the quote of the underlying itself; an index has a level, and no bid or ask."""
    cents, half = int(pit.path[moment.step]), pit.underlying.spread // 2
    level = Quote(
        symbol=EquitySymbol(pit.underlying.ticker),
        at=moment.at,
        feed=Feed.SIMULATED,
        last=usd(cents),
        previous_close=usd(pit.day.previous_close),
    )
    if pit.underlying.is_index:
        return level
    bid_size, ask_size = _lots(_size_stream(seed, moment), pit.underlying.ticker, _LOTS)
    return replace(
        level,
        bid=usd(cents - half),
        ask=usd(cents + half),
        bid_size=bid_size,
        ask_size=ask_size,
        volume=int(traded(np.array([pit.volume]), _passed(moment))[0]),
    )


def night_quote(day: Day, night: Night, cents: int, *, pit: Pit, seed: int) -> Quote:
    """Return the quote of shares in extended hours, in a price of the shares that trade then.

    Until midnight it belongs to the session of `pit`, which has closed; then to `day`, which is to
    come. The volume is that of regular hours.
    """
    known, today = pit.underlying, day if night.is_early else pit.day
    half = max(known.spread // 2 * _WIDER_AT_NIGHT, cents // _OF_PRICE_AT_NIGHT, 1)
    stream = noise.key(seed, "night size", night.closed.day.toordinal(), night.step)
    bid_size, ask_size = _lots(stream, known.ticker, _LOTS_AT_NIGHT)
    return Quote(
        symbol=EquitySymbol(known.ticker),
        at=night.at,
        feed=Feed.SIMULATED,
        bid=usd(cents - half),
        ask=usd(cents + half),
        bid_size=bid_size,
        ask_size=ask_size,
        last=usd(cents),
        previous_close=usd(today.previous_close),
        volume=0 if night.is_early else pit.volume,
    )


def option_quotes(
    pit: Pit, moment: Moment, symbols: Sequence[OptionSymbol], selection: Selection, *, seed: int
) -> Iterator[Quote]:
    """Yield the quotes of contracts, in their order."""
    book = pit.book(moment.step, selection)
    quoted = sides(book, values(book), selection.volume)
    bid_sizes, ask_sizes = sizes(
        selection.interest, selection.address, stream=_size_stream(seed, moment)
    )
    volume = traded(selection.volume, _passed(moment))
    columns: tuple[Ints, ...] = (
        quoted.bid,
        quoted.ask,
        np.where(quoted.bid > 0, bid_sizes, 0),
        ask_sizes,
        _last(quoted, volume, selection),
        selection.previous,
        volume,
        selection.interest,
    )
    numbers: Iterator[tuple[int, ...]] = zip(*(column.tolist() for column in columns), strict=True)
    for symbol, row in zip(symbols, numbers, strict=True):
        bid, ask, bid_size, ask_size, last, previous, done, interest = row
        yield Quote(
            symbol=symbol,
            at=moment.at,
            feed=Feed.SIMULATED,
            bid=usd(bid),
            ask=usd(ask),
            bid_size=bid_size,
            ask_size=ask_size,
            last=None if last == UNKNOWN else usd(last),
            previous_close=None if previous == UNKNOWN else half_way(previous),
            volume=done,
            open_interest=interest,
        )


def chain_rows(
    pit: Pit, moment: Moment, symbols: Sequence[OptionSymbol], selection: Selection, *, seed: int
) -> Iterator[ChainRow]:
    """Yield the same with Greeks."""
    quotes = option_quotes(pit, moment, symbols, selection, seed=seed)
    sensitivities = _greeks(pit.book(moment.step, selection), moment)
    for symbol, quote, greeks in zip(symbols, quotes, sensitivities, strict=True):
        yield ChainRow(contract=symbol, quote=quote, greeks=greeks)


def _greeks(book: Book, moment: Moment) -> Iterator[Greeks]:
    volatility = pricing.volatilities(book)
    found = pricing.greeks(book, volatility)
    columns = (volatility, found.delta, found.gamma, found.theta, found.vega, found.rho)
    numbers: Iterator[tuple[float, ...]] = zip(*(c.tolist() for c in columns), strict=True)
    for implied, delta, gamma, theta, vega, rho in numbers:
        yield Greeks(
            implied_volatility=implied,
            delta=delta,
            gamma=gamma,
            theta=theta,
            vega=vega,
            rho=rho,
            source=MODEL,
            at=moment.at,
        )


def _lots(stream: int, ticker: str, most: int) -> tuple[int, int]:
    """Return the shares bid for and offered."""
    bits = noise.draw(stream, np.array([noise.key(ticker)]))
    bid, ask = noise.below(bits, most), noise.below(bits >> np.uint64(16), most)
    return _SHARES_PER_LOT * (1 + int(bid[0])), _SHARES_PER_LOT * (1 + int(ask[0]))


def _last(quoted: Sides, volume: Ints, selection: Selection) -> Ints:
    """Return the last trade in cents: at the bid or at the ask, where anything was traded."""
    sold = ((selection.address & np.uint64(1)) == 0) & (quoted.bid > 0)
    return np.where(volume > 0, np.where(sold, quoted.bid, quoted.ask), UNKNOWN)


def _passed(moment: Moment) -> float:
    return (moment.step + 1) / steps_in(moment.session)


def _size_stream(seed: int, moment: Moment) -> int:
    return noise.key(seed, "size", moment.session.day.toordinal(), moment.step)

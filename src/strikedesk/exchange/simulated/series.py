"""One symbol through one session, step by step: what bars are made of."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np

from strikedesk.domain.calendar import Session, session_on
from strikedesk.domain.quotes import Bar
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.exchange.simulated.activity import traded
from strikedesk.exchange.simulated.american import values
from strikedesk.exchange.simulated.bars import Series, SeriesOf
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.moments import opening_of, steps_in
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.pit import Pits
from strikedesk.exchange.simulated.quoting import sides
from strikedesk.exchange.simulated.ticks import half_way, usd


class SeriesRoom:
    """Makes series of shares and of contracts.

    Law: shares are told as what they have become by the end of the question: what was before a
    split is divided. A contract that a split has replaced has a series of its own.
    """

    def __init__(self, *, pits: Pits) -> None:
        """Read from these pits."""
        self._pits = pits

    def of(self, underlying: Underlying, symbol: Symbol, end: datetime) -> SeriesOf:
        """Return the maker of one symbol's series, as it is told at `end`."""
        if isinstance(symbol, OptionSymbol):
            return SeriesOf(steps=lambda session: self._contract(underlying, symbol, session))
        return SeriesOf(
            steps=lambda session: self._shares(underlying, session, end),
            whole=lambda session: self._day(underlying, session, end),
        )

    def _shares(self, underlying: Underlying, session: Session, end: datetime) -> Series:
        ratio = self._ratio(underlying, session.day, end)
        twice = 2 * self._pits.paths.path(underlying, session)
        volume = None
        if not underlying.is_index:
            shares = np.array(self._pits.shares_traded(underlying, session.day))
            volume = traded(_times(shares, ratio), _passed(self._standing(underlying, session)))
        return Series(session=session, twice=_divided(twice, ratio), volume=volume)

    def _day(self, underlying: Underlying, session: Session, end: datetime) -> Bar:
        """Return the bar of a whole session."""
        ratio, paths = self._ratio(underlying, session.day, end), self._pits.paths
        day, (low, high) = paths.daily.day(underlying, session), paths.range_of(underlying, session)
        opening, highest, lowest, close = _told((day.open, high, low, day.close), ratio)
        volume = None
        if not underlying.is_index:
            shares = self._pits.shares_traded(underlying, session.day)
            volume = shares * ratio[0] // ratio[1]
        return Bar(
            at=session.opens_at,
            open=opening,
            high=highest,
            low=lowest,
            close=close,
            volume=volume,
        )

    def _ratio(self, underlying: Underlying, day: date, end: datetime) -> tuple[int, int]:
        """Return what so many shares of `day` have become, and how many."""
        split = self._pits.schedule.split(underlying)
        if split is None or day >= split.day:
            return 1, 1
        session = session_on(split.day)
        done = session is not None and session.opens_at < end
        return (split.new, split.old) if done else (1, 1)

    def _standing(self, underlying: Underlying, session: Session) -> Ints:
        steps, halt = np.arange(steps_in(session)), self._pits.paths.halts.of(underlying, session)
        if halt is not None:
            steps[halt.start : halt.stop] = halt.start
        return steps

    def _contract(
        self, underlying: Underlying, symbol: OptionSymbol, session: Session
    ) -> Series | None:
        key = symbol.root, symbol.expiration
        ladder = self._pits.ladder(underlying, opening_of(session), key)
        place = None if ladder is None else ladder.place(symbol)
        if ladder is None or place is None:
            return None
        pit = self._pits.pit(underlying, session)
        contract = self._pits.contract(pit, ladder, place)
        book = pit.book_through(contract)
        quoted = sides(book, values(book), contract.volume)
        return Series(
            session=session,
            twice=quoted.bid + quoted.ask,
            volume=traded(contract.volume, _passed(pit.standing_steps)),
        )


def _told(cents: tuple[int, ...], ratio: tuple[int, int]) -> list[Decimal]:
    if ratio == (1, 1):
        return [usd(each) for each in cents]
    return [half_way(int(_divided(np.array(2 * each), ratio))) for each in cents]


def _divided(twice: Ints, ratio: tuple[int, int]) -> Ints:
    new, old = ratio
    return twice if new == old else (2 * twice * old + new) // (2 * new)


def _times(shares: Ints, ratio: tuple[int, int]) -> Ints:
    new, old = ratio
    return shares * new // old


def _passed(standing: Ints) -> Floats:
    """Return the part of the session that is over at each step, as far as anybody traded."""
    return (standing + 1) / standing.size

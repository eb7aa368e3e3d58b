"""Puts a tape together, row by row."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.exchange.tape.layout import (
    COLUMNS,
    MISSING,
    STRIKE_UNIT,
    BadCellError,
    Source,
    read_count,
    read_day,
    read_instant,
    read_price,
    read_strike,
)
from strikedesk.exchange.tape.tape import Record, TapeSession, Track

SYMBOLS_MAX: Final = 100_000
_REMEMBERED_MAX: Final = 100_000  # Spellings, so that a hostile file cannot fill the memory twice.


class Assembly:
    """The tape as far as it has been read.

    Law: a row that cannot be read raises `BadCellError`, after which the assembly is of no use.
    Spellings are remembered: a tape repeats few of them many times.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.tracks: dict[Symbol, Track] = {}
        self._by_name: dict[tuple[str, ...], Track] = {}
        self._days: dict[str, date] = {}
        self._spans: dict[date, tuple[int, int]] = {}
        self._instants: dict[tuple[str, str], int] = {}
        self._prices: dict[str, int] = {"": MISSING}

    @property
    def sessions(self) -> tuple[TapeSession, ...]:
        """The sessions, ascending."""
        spans = sorted(self._spans.items())
        return tuple(TapeSession(day=day, first=span[0], last=span[1]) for day, span in spans)

    def add(self, cells: Sequence[str]) -> None:
        """Add one row: eleven cells or twelve."""
        session, time, expiry, strike, right, bid, ask, last, volume, interest, name = cells[:11]
        source = cells[11] if len(cells) > len(COLUMNS) else ""
        at = self._instants.get((session, time)) or self._new_instant(session, time)
        names = (expiry, strike, right, name, source)
        track = self._by_name.get(names)
        if track is None:
            track = self._new_track(names)
        record = Record(
            at,
            self._price(bid, "bid"),
            self._price(ask, "ask"),
            self._price(last, "last"),
            read_count(volume, "volume"),
            read_count(interest, "open_interest"),
        )
        if record.ask == 0:
            raise BadCellError("ask", "nobody sells for nothing: leave it empty")
        if isinstance(track.symbol, OptionSymbol) and track.symbol.expiration < self._days[session]:
            raise BadCellError("expiry", "the contract had expired before the session")
        if not track.append(record):
            raise BadCellError("time", "the rows of one symbol must ascend in time")

    def _price(self, text: str, column: str) -> int:
        number = self._prices.get(text)
        if number is None:
            number = read_price(text, column)
            if len(self._prices) < _REMEMBERED_MAX:
                self._prices[text] = number
        return number

    def _new_instant(self, session: str, time: str) -> int:
        day = self._days.get(session)
        if day is None:
            day = self._days[session] = read_day(session, "session")
        at = read_instant(day, time)
        if len(self._instants) < _REMEMBERED_MAX:
            self._instants[session, time] = at
        first, last = self._spans.get(day, (at, at))
        self._spans[day] = (min(first, at), max(last, at))
        return at

    def _new_track(self, names: tuple[str, ...]) -> Track:
        expiry, strike, right, name, source = names
        symbol = _symbol(expiry, strike, right, name)
        track = self.tracks.setdefault(symbol, Track(symbol))
        if len(self.tracks) > SYMBOLS_MAX:
            raise BadCellError("underlying", f"more than {SYMBOLS_MAX} different symbols")
        if source:
            track.source = _source(source)
        self._by_name[names] = track
        return track


def _symbol(expiry: str, strike: str, right: str, name: str) -> Symbol:
    try:
        if not (expiry or strike or right):
            return EquitySymbol(name)
        day = read_day(expiry, "expiry")
        if right not in {"C", "P"}:
            raise BadCellError("right", "a right is C or P")
        return OptionSymbol(name, day, Right(right), Decimal(read_strike(strike)) / STRIKE_UNIT)
    except Denied as error:
        raise BadCellError("underlying", "that is no ticker and no root") from error


def _source(text: str) -> Source:
    try:
        return Source(text)
    except ValueError as error:
        raise BadCellError("source", "a source is empty or `parity`") from error

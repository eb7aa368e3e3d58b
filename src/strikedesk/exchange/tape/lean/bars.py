"""Daily bars of underlyings: the prices that were recorded, and a measure for those derived."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange.tape.layout import unreadable
from strikedesk.exchange.tape.lean.cells import Cells
from strikedesk.exchange.tape.lean.sources import (
    BarsFile,
    members_of,
    read_compact_day,
    read_members,
)

_COLUMNS = 6
_DAY_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBar:
    """One session. Units: prices in ten-thousandths of a dollar, volume in shares."""

    day: date
    high: int
    low: int
    close: int
    volume: int


@dataclass(frozen=True, slots=True)
class DailyBars:
    """The bars of one underlying, ascending."""

    bars: tuple[DailyBar, ...] = ()

    def on(self, day: date) -> DailyBar | None:
        """Return the bar of a session."""
        return next((bar for bar in self.bars if bar.day == day), None)

    def before(self, day: date) -> DailyBar | None:
        """Return the last bar of an earlier session."""
        earlier = [bar for bar in self.bars if bar.day < day]
        return earlier[-1] if earlier else None


def read_bars(files: Iterable[BarsFile]) -> Mapping[EquitySymbol, DailyBars]:
    """Return daily bars by underlying.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    return {file.underlying: _read(file) for file in files}


def _read(file: BarsFile) -> DailyBars:
    bars: list[DailyBar] = []
    for name, lines in read_members(file.path, members_of(file.path)):
        where = f"{file.path.name}/{name}"
        bars += [_bar(Cells(where, n, line, count=_COLUMNS)) for n, line in enumerate(lines, 1)]
    if any(later.day <= bar.day for bar, later in pairwise(bars)):
        raise unreadable(file.path.name, "its days do not ascend")
    return DailyBars(tuple(bars))


def _bar(cells: Cells) -> DailyBar:
    try:
        day = read_compact_day(cells.texts[0][:_DAY_LENGTH])
    except ValueError as error:
        raise cells.wrong(0, "a day is written 20151224") from error
    high, low, close, volume = (cells.scaled(place) for place in (2, 3, 4, 5))
    if high is None or low is None or close is None or volume is None:
        raise cells.wrong(2, "a bar has all its figures")
    return DailyBar(day=day, high=high, low=low, close=close, volume=volume)

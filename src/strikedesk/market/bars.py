"""How wide bars can be, which of a broker's bars they are made of, and how long those stay good.

Law of a width: intraday bars start with the regular opening or a whole number of widths later, and
again with the close for what trades after it; what is before the opening counts back from it. A bar
of several days, weeks or months holds so many sessions, calendar weeks or calendar months, the same
ones whoever asks.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final

from strikedesk.domain.calendar import EXCHANGE_ZONE, exchange_date, session_index, session_on
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Bar, Interval
from strikedesk.domain.reasons import Reason
from strikedesk.market import ttl

BARS_MAX: Final = 10_000
POSSIBLE: Final = "1m to 390m, 1h to 6h, 1d to 60d, 1w to 52w, 1mo to 60mo, 1y to 5y"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta.resolution
_MINUTES: Final = 60
_MONTHS: Final = 12
_DAYS_OF_WEEK: Final = 7
_SPELLED: Final = re.compile(r"([1-9][0-9]{0,2})(mo|[mhdwy])", re.ASCII)
_WIDTH: Final = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: _DAY,
    Interval.WEEK: 7 * _DAY,
}
_TRADING_DAY: Final = timedelta(hours=16)  # With extended hours: the most that a feed can tell.
_HOLIDAYS: Final = timedelta(days=7)  # The longest run of days without a session is shorter.


class Unit(StrEnum):
    """What a width is counted in."""

    MINUTE = "m"
    DAY = "d"
    WEEK = "w"
    MONTH = "mo"


_UNITS: Final = {
    "m": (1, Unit.MINUTE),
    "h": (_MINUTES, Unit.MINUTE),
    "d": (1, Unit.DAY),
    "w": (1, Unit.WEEK),
    "mo": (1, Unit.MONTH),
    "y": (_MONTHS, Unit.MONTH),
}
# A session has 390 minutes. Wider bars than these hold more than is told of two years or five.
_MOST: Final = {Unit.MINUTE: 390, Unit.DAY: 60, Unit.WEEK: 52, Unit.MONTH: 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """How wide a bar is: minutes, sessions, calendar weeks or calendar months."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        """Spell it as it is asked for: whole hours as hours."""
        if self.unit is Unit.MINUTE and self.count % _MINUTES == 0:
            return f"{self.count // _MINUTES}h"
        return f"{self.count}{self.unit}"

    @property
    def intraday(self) -> bool:
        """Whether a session has several of them."""
        return self.unit is Unit.MINUTE

    @property
    def interval(self) -> Interval:
        """The widest of the brokers' own bars that it can be made of."""
        match self.unit:
            case Unit.MINUTE:
                parts = (Interval.HOUR, Interval.FIVE_MINUTES, Interval.MINUTE)
                minutes = timedelta(minutes=self.count)
                return next(part for part in parts if not minutes % _WIDTH[part])
            case Unit.WEEK:
                return Interval.WEEK
            case _:
                return Interval.DAY

    @property
    def own(self) -> bool:
        """Whether brokers give such bars themselves."""
        return str(self) == self.interval.value

    @property
    def days_max(self) -> int:
        """How many days of intraday bars of it can be asked for at once."""
        return BARS_MAX // (_TRADING_DAY // _WIDTH[self.interval]) - 1

    def whole(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """Return a range that holds every bar whole that starts in `[start, end)`."""
        if self.unit is Unit.MONTH:
            last = self._month(end - _INSTANT, 1)
            return _midnight(self._month(start, 0)), _midnight(last)
        if self.intraday:  # None of them reaches over a midnight.
            return _midnight(exchange_date(start)), _midnight(exchange_date(end - _INSTANT) + _DAY)
        # So many sessions take at most twice as many days, and a run of holidays.
        days = self.count * (_DAYS_OF_WEEK if self.unit is Unit.WEEK else 2)
        around = days * _DAY + _HOLIDAYS
        return start - around, end + around

    def summed(self, bars: Iterable[Bar]) -> Iterator[Bar]:
        """Sum up bars of `interval`, oldest first."""
        starts = self._starts if self.intraday else self._period
        for start, group in groupby(bars, key=starts):
            parts = tuple(group)
            yield one_bar(parts, at=start if isinstance(start, datetime) else parts[0].at)

    def _starts(self, bar: Bar) -> datetime:
        """Return where the bar begins that holds this one."""
        session = session_on(exchange_date(bar.at))
        width = timedelta(minutes=self.count)
        if session is None:
            return bar.at - (bar.at - _EPOCH) % width
        anchor = session.closes_at if bar.at >= session.closes_at else session.opens_at
        return bar.at - (bar.at - anchor) % width

    def _period(self, bar: Bar) -> int:
        """Return the number of the bar that holds this day."""
        day = exchange_date(bar.at)
        if self.unit is Unit.MONTH:
            return (day.year * _MONTHS + day.month - 1) // self.count
        if self.unit is Unit.WEEK:
            return (day.toordinal() - 1) // _DAYS_OF_WEEK // self.count  # Ordinal 1 is a Monday.
        return session_index(day) // self.count

    def _month(self, instant: datetime, later: int) -> date:
        """Return the first day of the period of an instant, or of one so many later."""
        day = exchange_date(instant)
        number = ((day.year * _MONTHS + day.month - 1) // self.count + later) * self.count
        return date(number // _MONTHS, number % _MONTHS + 1, 1)


DAILY: Final = Width(count=1, unit=Unit.DAY)


def width(text: str) -> Width:
    """Read a width: `5m`, `90m`, `4h`, `1d`, `1w`, `3mo`.

    Raises:
        Denied: INVALID_ARGUMENT, with those that are possible.
    """
    spelled = _SPELLED.fullmatch(text.strip().lower())
    if spelled is not None:
        count, word = int(spelled[1]), spelled[2]
        times, unit = _UNITS[word]
        found = Width(count=count * times, unit=unit)
        if _is_possible(found):
            return found
    raise Denied(Reason.INVALID_ARGUMENT, argument="interval", choose_from=POSSIBLE)


def one_bar(parts: Sequence[Bar], *, at: datetime) -> Bar:
    """Return neighbours as one bar; a volume that one of them does not know is unknown."""
    volumes = [bar.volume for bar in parts if bar.volume is not None]
    return Bar(
        at=at,
        open=parts[0].open,
        high=max(bar.high for bar in parts),
        low=min(bar.low for bar in parts),
        close=parts[-1].close,
        volume=sum(volumes) if len(volumes) == len(parts) else None,
    )


def _is_possible(asked: Width) -> bool:
    return asked.count <= _MOST[asked.unit]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=EXCHANGE_ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRange:
    """A broker's own bars that start in `[start, end)`, aware UTC.

    `asked` spells the width of the bars that are made of them, where it is another.
    Law: between 1970 and 2100, and at most `BARS_MAX` of them can exist.
    Raises: `Denied(INVALID_ARGUMENT)`.
    """

    interval: Interval
    start: datetime
    end: datetime
    asked: str | None = None

    def __post_init__(self) -> None:
        """Refuse a range that is empty or too long to answer."""
        if not _EPOCH <= self.start < self.end <= _LAST:
            given, before = self.start.isoformat(), min(self.end, _LAST).isoformat()
            raise Denied(Reason.INVALID_ARGUMENT, argument="start", given=given, before=before)
        if self._most > BARS_MAX:
            raise Denied(
                Reason.INVALID_ARGUMENT,
                argument="interval",
                given=self.asked or self.interval.value,
                bars=self._most,
                at_most=BARS_MAX,
            )

    @classmethod
    def covering(cls, wide: Width, start: datetime, end: datetime) -> "BarRange":
        """Return the broker's bars that whole bars starting in `[start, end)` are made of.

        Raises:
            Denied: INVALID_ARGUMENT for a range that is empty or too long to answer.
        """
        asked = cls(interval=wide.interval, start=start, end=end, asked=str(wide))
        first, last = wide.whole(start, end)
        return replace(asked, start=max(first, _EPOCH), end=min(last, _LAST))

    @property
    def widened(self) -> tuple[datetime, datetime]:
        """The range on the grid of its bars (of days, for those of a day or more).

        Two questions a moment apart are then one question to the broker.
        """
        grid = min(_WIDTH[self.interval], _DAY)
        return self.start - (self.start - _EPOCH) % grid, self.end + (_EPOCH - self.end) % grid

    def ttl_s(self, now: datetime) -> float:
        """How long its bars stay good: those that are over do not change."""
        over = self.widened[1] + _WIDTH[self.interval] <= now
        return ttl.FINISHED_BARS_S if over else ttl.GROWING_BARS_S[self.interval]

    def cut(self, bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
        """Return the bars of the range out of those of the widened one."""
        return tuple(bar for bar in bars if self.start <= bar.at < self.end)

    @property
    def _most(self) -> int:
        length, width = self.end - self.start, _WIDTH[self.interval]
        if width >= _DAY:
            return length // width + 1
        return (length // _DAY + 1) * (_TRADING_DAY // width)

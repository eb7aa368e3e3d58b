"""Which bars a question means, and how long an answer stays good."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Bar, Interval
from strikedesk.domain.reasons import Reason
from strikedesk.market import ttl

BARS_MAX: Final = 10_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_WIDTH: Final = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: _DAY,
    Interval.WEEK: 7 * _DAY,
}
_TRADING_DAY: Final = timedelta(hours=16)  # With extended hours: the most that a feed can tell.


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRange:
    """Bars that start in `[start, end)`, aware UTC.

    Law: between 1970 and 2100, and at most `BARS_MAX` of them can exist.
    Raises: `Denied(INVALID_ARGUMENT)`.
    """

    interval: Interval
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse a range that is empty or too long to answer."""
        if not _EPOCH <= self.start < self.end <= _LAST:
            given, before = self.start.isoformat(), min(self.end, _LAST).isoformat()
            raise Denied(Reason.INVALID_ARGUMENT, argument="start", given=given, before=before)
        if self._most > BARS_MAX:
            raise Denied(
                Reason.INVALID_ARGUMENT,
                argument="interval",
                given=self.interval.value,
                bars=self._most,
                at_most=BARS_MAX,
            )

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

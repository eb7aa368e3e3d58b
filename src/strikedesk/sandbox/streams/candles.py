"""Candles: a history, newest first, between a flag that begins it and one that ends it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType
from typing import Final

from anyio import to_thread

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.errors import Denied
from strikedesk.domain.quotes import Bar, Interval
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange import futures
from strikedesk.sandbox.futures import listed, streamed_future
from strikedesk.sandbox.streams.kinds import NO_NUMBER, Cell, Known
from strikedesk.sandbox.streams.prices import index_of
from strikedesk.sandbox.streams.spelling import read_streamed
from strikedesk.sandbox.wire import epoch_ms
from strikedesk.sandbox.world import SandboxWorld

REMOVE: Final = 0x02
BEGIN: Final = 0x04
END: Final = 0x08
SNIP: Final = 0x10

CANDLES_MAX: Final = 8_000
_WRITTEN: Final = re.compile(r"([^{}]{1,40})\{=(\d{0,4})(m|h|d|w|mo)((?:,[a-z]+=[a-z]+){0,4})\}")
_DAYS_A_MONTH: Final = 31
# How far back a history goes at most: what is asked for beyond it is cut off, and said to be.
_REACH: Final[Mapping[Interval, timedelta]] = MappingProxyType(
    {
        Interval.MINUTE: timedelta(days=10),
        Interval.FIVE_MINUTES: timedelta(days=45),
        Interval.HOUR: timedelta(days=200),
        Interval.DAY: timedelta(days=3 * 365),
        Interval.WEEK: timedelta(days=10 * 365),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """A candle's width: `count` of a unit, put together of bars of `interval`."""

    count: int
    unit: str
    interval: Interval

    def begins(self, at: datetime) -> datetime:
        """Return when the candle begins that a bar at `at` belongs to."""
        if self.unit in {"m", "h"}:
            minutes = self.count * (60 if self.unit == "h" else 1)
            opened = at.astimezone(EXCHANGE_ZONE).replace(hour=9, minute=30, second=0)
            since = (at - opened) // timedelta(minutes=minutes)
            return opened.astimezone(UTC) + since * timedelta(minutes=minutes)
        return at.replace(day=1) if self.unit == "mo" else at


@dataclass(frozen=True, slots=True)
class Series:
    """One symbol's candles of one width, or those of a future by its streamed name."""

    of: Symbol | str
    width: Width


def read_series(text: str) -> Series | None:
    """Read a candle's symbol, `SPY{=5m,tho=true}`; None for a width that is not told here."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    of = written[1] if written[1].startswith("/") else read_streamed(written[1])
    width = _width(int(written[2] or 1), written[3])
    return None if of is None or width is None else Series(of, width)


def _width(count: int, unit: str) -> Width | None:
    if count < 1 or (unit in {"d", "w", "mo"} and count > 1):
        return None
    finest = {"h": Interval.HOUR, "d": Interval.DAY, "w": Interval.WEEK, "mo": Interval.DAY}
    minutes = Interval.MINUTE if count % 5 else Interval.FIVE_MINUTES
    return Width(count=count, unit=unit, interval=finest.get(unit, minutes))


@dataclass(frozen=True, slots=True)
class Candles:
    """Reads histories off the venue."""

    world: SandboxWorld

    async def history(self, series: Series, from_ms: int) -> list[Known]:
        """Return the events of a snapshot, in the order in which they are sent."""
        bars, cut = await self._bars(series, from_ms)
        told: list[Known] = [_event(bar) for bar in reversed(bars)]
        if not cut or not told:
            before = _instant(from_ms - 1)  # It takes no candle away that was told.
            told.append(_flagged(_nothing(before), REMOVE))
        told[-1] = _flagged(told[-1], SNIP if cut else END)
        told[0] = _flagged(told[0], BEGIN)
        return told

    async def newest(self, series: Series) -> Known | None:
        """Return the candle of now as it stands."""
        back = _REACH[series.width.interval] / 10
        bars, _ = await self._bars(series, epoch_ms(self.world.now() - back))
        return _event(bars[-1]) if bars else None

    async def _bars(self, series: Series, from_ms: int) -> tuple[Sequence[Bar], bool]:
        """Return the candles from an instant on, and whether there were more than are told."""
        now, width = self.world.now(), series.width
        reach = max(_instant(from_ms), now - _REACH[width.interval])
        bars = await self._told(series.of, width.interval, reach, now)
        if bars is None:
            return (), False
        together = [*_together(bars, width)]
        cut = reach > _instant(from_ms) or len(together) > CANDLES_MAX
        return together[-CANDLES_MAX:], cut

    async def _told(
        self, of: Symbol | str, interval: Interval, start: datetime, end: datetime
    ) -> Sequence[Bar] | None:
        """Return what the venue tells of something; None where there is no such thing."""
        if isinstance(of, str):
            known = {streamed_future(future): future for future in listed(self.world)}
            if of not in known:
                return None
            told = futures.bars, self.world.office.market, known[of], interval, start, end
            return await to_thread.run_sync(*told)
        try:
            return await self.world.broker.bars(of, interval, start, end)
        except Denied:
            return None


def _together(bars: Sequence[Bar], width: Width) -> Iterator[Bar]:
    for begins, group in groupby(bars, key=lambda bar: width.begins(bar.at)):
        parts = [*group]
        yield Bar(
            at=begins,
            open=parts[0].open,
            high=max(bar.high for bar in parts),
            low=min(bar.low for bar in parts),
            close=parts[-1].close,
            volume=sum(bar.volume or 0 for bar in parts),
        )


def _event(bar: Bar) -> Known:
    return _indexed(bar.at) | {
        "count": 1,
        "open": _price(bar.open),
        "high": _price(bar.high),
        "low": _price(bar.low),
        "close": _price(bar.close),
        "volume": bar.volume or 0,
        "vwap": NO_NUMBER,
    }


def _nothing(at: datetime) -> Known:
    return _indexed(at) | {"count": 0}


def _indexed(at: datetime) -> dict[str, Cell]:
    return {"eventFlags": 0, "index": index_of(at), "time": epoch_ms(at), "sequence": 0}


def _flagged(event: Known, flags: int) -> Known:
    had = event["eventFlags"]
    return {**event, "eventFlags": (had if isinstance(had, int) else 0) | flags}


def _price(price: Decimal) -> float:
    return float(price)


def _instant(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(max(ms, 0), _LAST_MS))


_LAST_MS: Final = 4_102_444_800_000

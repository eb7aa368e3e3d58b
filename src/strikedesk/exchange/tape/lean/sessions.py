"""The underlying's rows of a session: recorded closes, and prices derived within it."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final

from strikedesk.domain.calendar import CLOSES, EXCHANGE_ZONE, session_on
from strikedesk.exchange.tape.layout import Source
from strikedesk.exchange.tape.lean.bars import DailyBar, DailyBars
from strikedesk.exchange.tape.lean.cells import price_text
from strikedesk.exchange.tape.lean.report import Odd, Tally
from strikedesk.exchange.tape.lean.sources import SessionFile
from strikedesk.exchange.tape.writer import Row

_JUMP: Final = 1.3  # From one close to the next, either way.


def closing_instant(day: date) -> datetime:
    """Return when a session closes; four o'clock in New York where the calendar has none."""
    session = session_on(day)
    return session.closes_at if session else datetime.combine(day, CLOSES, tzinfo=EXCHANGE_ZONE)


def underlying_rows(
    file: SessionFile, bars: DailyBars, derived: Iterable[tuple[datetime, int]], tally: Tally
) -> Iterator[Row]:
    """Yield the underlying's rows: derived ones before the close, then the close on record.

    Law: where the daily bar is missing, the derived prices go on to their end.
    """
    bar, closes_at = bars.on(file.day), closing_instant(file.day)
    tally.note(Odd.NO_DAILY_BAR, when=bar is None)
    for at, price in derived:
        if bar is None or at < closes_at:
            tally.note(Odd.OUT_OF_RANGE, when=bar is not None and not bar.low <= price <= bar.high)
            yield Row(symbol=file.underlying, at=at, last=price_text(price), source=Source.PARITY)
    if bar is not None:
        _note_jump(file, bar, bars, tally)
        yield Row(
            symbol=file.underlying,
            at=closes_at,
            last=price_text(bar.close),
            volume=str(bar.volume),
        )


def _note_jump(file: SessionFile, bar: DailyBar, bars: DailyBars, tally: Tally) -> None:
    before = bars.before(file.day)
    if before is None or 1 / _JUMP <= bar.close / max(before.close, 1) <= _JUMP:
        return
    tally.note(Odd.JUMP)
    tally.remarks.append(
        f"{file.day}: {file.underlying.ticker} went from {price_text(before.close)} to "
        f"{price_text(bar.close)}. Contracts of before and after are not the same."
    )

"""What a daily chain says about its underlying, held against the daily bars."""

from collections.abc import Iterable, Sequence
from typing import Final

from strikedesk.exchange.tape.layout import PRICE_UNIT
from strikedesk.exchange.tape.lean.bars import DailyBars
from strikedesk.exchange.tape.lean.cells import price_text, scale
from strikedesk.exchange.tape.lean.report import Odd, Tally
from strikedesk.exchange.tape.lean.sources import SessionFile
from strikedesk.exchange.tape.parity import parity_price

_SAME: Final = 0.0001  # Of a price: the same number, but for its rounding.


def note_own_bar(
    file: SessionFile, own: Sequence[int | None], bars: DailyBars, tally: Tally
) -> None:
    """Compare the file's own line for the underlying (high, low, close) with the daily bar."""
    high, low, close = own
    bar = bars.on(file.day)
    if high is None or low is None or close is None:
        return
    tally.note(Odd.OWN_BAR_IMPOSSIBLE, when=not low <= close <= high)
    if bar is None or abs(close - bar.close) <= _SAME * bar.close:
        return
    tally.note(Odd.OWN_BAR_ELSEWHERE)
    tally.remarks.append(
        f"{file.path.name}: its own line says {price_text(close)}; {file.underlying.ticker} closed "
        f"at {price_text(bar.close)} that day{_before(file, bars)}. Not used."
    )


def note_agreement(
    file: SessionFile, pairs: Iterable[tuple[float, float, float]], bars: DailyBars, tally: Tally
) -> None:
    """Ask calls and puts which day's price they are made of."""
    agreed, bar, before = parity_price(pairs), bars.on(file.day), bars.before(file.day)
    if agreed is None or bar is None:
        return
    off = abs(agreed - bar.close / PRICE_UNIT)
    other = before is not None and abs(agreed - before.close / PRICE_UNIT) < off
    tally.note(Odd.OTHER_DAY, when=other)
    tally.remarks.append(
        f"{file.path.name}: its calls and puts agree on {price_text(scale(round(agreed, 2)))}, "
        f"which is nearer the close of {'another' if other else 'its own'} day."
    )


def _before(file: SessionFile, bars: DailyBars) -> str:
    before = bars.before(file.day)
    return "" if before is None else f" and at {price_text(before.close)} on {before.day}"

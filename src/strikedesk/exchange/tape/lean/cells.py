"""Numbers as the layout writes them."""

import re
from functools import lru_cache
from typing import Final

from strikedesk.exchange.tape.layout import unreadable

_SCALE: Final = 10_000
_SCALED: Final = re.compile(r"\d{1,12}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,12})?(?:[eE]-?\d{1,2})?", re.ASCII)


class Cells:
    """The cells of one line, read by place; an error names the file, the line and the place."""

    def __init__(self, file: str, number: int, line: str, *, count: int) -> None:
        """Split a line of exactly `count` cells.

        Raises:
            Misconfigured: TAPE_UNREADABLE.
        """
        self._file, self._number, self.texts = file, number, line.split(",")
        if len(self.texts) != count:
            why = f"{count} columns, not {len(self.texts)}"
            raise unreadable(file, why, line=number)

    def scaled(self, place: int) -> int | None:
        """Return a price in ten-thousandths, or a count; None where the cell is empty."""
        text = self.texts[place]
        if not text:
            return None
        if _SCALED.fullmatch(text) is None:
            raise self.wrong(place, "not a whole number")
        return int(text)

    def number(self, place: int) -> float | None:
        """Return a number; None where the cell is empty."""
        text = self.texts[place]
        if not text:
            return None
        if _DECIMAL.fullmatch(text) is None:
            raise self.wrong(place, "not a number")
        return float(text)

    def wrong(self, place: int, why: str) -> Exception:
        """Return the error for a cell."""
        return unreadable(self._file, why, line=self._number, column=str(place + 1))


@lru_cache(maxsize=65_536)
def price_text(scaled: int) -> str:
    """Return ten-thousandths of a dollar as a tape writes them: two decimals, or four."""
    whole, part = divmod(scaled, _SCALE)
    return f"{whole}.{part // 100:02d}" if part % 100 == 0 else f"{whole}.{part:04d}"


def scale(usd: float) -> int:
    """Return USD in ten-thousandths."""
    return round(usd * _SCALE)

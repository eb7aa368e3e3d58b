"""The columns of a tape, what a cell may hold, and what is said of one that does not."""

import re
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.errors import Fact, Misconfigured
from strikedesk.domain.reasons import Reason

COLUMNS: Final = (
    "session",
    "time",
    "expiry",
    "strike",
    "right",
    "bid",
    "ask",
    "last",
    "volume",
    "open_interest",
    "underlying",
)
SOURCE: Final = "source"  # The twelfth column, which may be left out.
COMMENT: Final = "#"

MISSING: Final = -1  # In a column of numbers, none of which is negative.
PRICE_UNIT: Final = 10_000  # Prices are kept in ten-thousandths of a dollar.
STRIKE_UNIT: Final = 1_000

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"\d{2}:\d{2}:\d{2}", re.ASCII)
_PRICE: Final = re.compile(r"(\d{1,7})(?:\.(\d{1,4}))?", re.ASCII)
_STRIKE: Final = re.compile(r"(\d{1,5})(?:\.(\d{1,3}))?", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,15}", re.ASCII)


class Source(StrEnum):
    """Where the price of a row comes from. Empty: it was recorded."""

    RECORDED = ""
    PARITY = "parity"


class BadCellError(ValueError):
    """A cell that holds something else than its column says; `why` is in our words."""

    def __init__(self, column: str, why: str) -> None:
        """Name the column and the reason."""
        super().__init__(column, why)
        self.column = column
        self.why = why


def unreadable(
    file: str, why: str, *, line: int | None = None, column: str | None = None
) -> Misconfigured:
    """Return the error for a file that cannot be used; nothing has been changed by it."""
    where: dict[str, Fact] = {"file": file, "line": line, "column": column}
    known = {name: fact for name, fact in where.items() if fact is not None}
    return Misconfigured(Reason.TAPE_UNREADABLE, **known, why=why)


def read_day(text: str, column: str) -> date:
    """Read an exchange date."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise BadCellError(column, "there is no such day") from error
    raise BadCellError(column, "a day is written 2015-12-24")


def read_instant(day: date, text: str) -> int:
    """Read a time in New York; return seconds since 1970."""
    try:
        if _TIME.fullmatch(text):
            local = datetime.combine(day, time.fromisoformat(text), tzinfo=EXCHANGE_ZONE)
            return int(local.timestamp())
    except ValueError as error:
        raise BadCellError("time", "there is no such time") from error
    raise BadCellError("time", "a time is written 09:31:00, as clocks in New York show it")


def read_price(text: str, column: str) -> int:
    """Read USD with up to four decimals; return ten-thousandths, or `MISSING` for an empty cell."""
    if not text:
        return MISSING
    found = _PRICE.fullmatch(text)
    if found is None:
        raise BadCellError(column, "a price is digits with up to four decimals, or empty")
    whole, part = found.groups()
    return int(whole) * PRICE_UNIT + int((part or "").ljust(4, "0"))


def read_strike(text: str) -> int:
    """Read a strike in USD with up to three decimals; return thousandths, above 0."""
    found = _STRIKE.fullmatch(text)
    if found is None:
        raise BadCellError("strike", "a strike is digits with up to three decimals")
    whole, part = found.groups()
    thousandths = int(whole) * STRIKE_UNIT + int((part or "").ljust(3, "0"))
    if thousandths == 0:
        raise BadCellError("strike", "a strike is above 0")
    return thousandths


def read_count(text: str, column: str) -> int:
    """Read a whole number, or `MISSING` for an empty cell."""
    if not text:
        return MISSING
    if _COUNT.fullmatch(text) is None:
        raise BadCellError(column, "a count is digits, or empty")
    return int(text)

"""Fields as they come: numbers as text or text as numbers, times in four styles, "NaN"."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, PlainValidator

_NUMBERS: Final = (str, int, float, Decimal)
_LONGEST_NUMBER: Final = 40
_LONGEST_TEXT: Final = 4000
_EXPONENT_MAX: Final = 18
_LONGEST_TIME: Final = 40
_MILLIS: Final = 1000
_YEAR_2200_MS: Final = 7_258_118_400_000
_YES: Final = {"true": True, "false": False}


def number(value: object) -> Decimal | None:
    """Return a finite decimal of usual size, from text or a JSON number; None for the rest."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    text = value if isinstance(value, str) else str(value)
    if len(text) > _LONGEST_NUMBER:
        return None
    try:
        read = Decimal(text)
    except InvalidOperation:
        return None
    return read if read.is_finite() and abs(read.adjusted()) <= _EXPONENT_MAX else None


def numbers(values: Iterable[object]) -> set[Decimal | None]:
    """Return what `number` says of each, remembered: chains tell a strike many times over."""
    most = _LONGEST_NUMBER
    return {
        _remembered(value) if type(value) is str and len(value) <= most else number(value)
        for value in values
    }


@lru_cache(maxsize=16_384)
def _remembered(text: str) -> Decimal | None:
    return number(text)


def whole(value: object) -> int | None:
    """Return a whole number, also of `"1.0"`; None for the rest."""
    read = number(value)
    return int(read) if read is not None and read == read.to_integral_value() else None


def words(value: object) -> str | None:
    """Return text as it was written; a number as its digits, since ids come as either."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def flag(value: object) -> bool | None:
    """Return a truth, also of `"true"`; None for the rest."""
    if isinstance(value, bool):
        return value
    return _YES.get(value.lower()) if isinstance(value, str) else None


def day(value: object) -> date | None:
    """Return a date, also that of a date with a time."""
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """Return an instant in UTC, of ISO text with an offset or of epoch milliseconds above 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        usable = 0 < value < _YEAR_2200_MS
        return datetime.fromtimestamp(value / _MILLIS, tz=UTC) if usable else None
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return None
    try:
        read = datetime.fromisoformat(value)
        return None if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


Number: TypeAlias = Annotated[Decimal | None, PlainValidator(number)]
Whole: TypeAlias = Annotated[int | None, PlainValidator(whole)]
Words: TypeAlias = Annotated[str | None, PlainValidator(words)]
Flag: TypeAlias = Annotated[bool | None, PlainValidator(flag)]
Day: TypeAlias = Annotated[date | None, PlainValidator(day)]
Moment: TypeAlias = Annotated[datetime | None, PlainValidator(moment)]


def dashed(name: str) -> str:
    """Return a field's name as the wire spells it."""
    return name.replace("_", "-")


class Payload(BaseModel):
    """Something that the broker wrote. See the package's law."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=dashed, hide_input_in_errors=True
    )

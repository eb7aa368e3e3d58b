"""What a tool may be given, type by type: strict about meaning, patient about spelling.

A parameter is annotated with one of these. Each reader accepts what clients really send (a number
as text, a list as JSON text or with commas) and refuses the rest in our own words, naming the
argument, what is allowed, and never what was given.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Generic, TypeAlias, TypeVar, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.money import PRICE_MAX
from strikedesk.domain.orders import LEGS_MAX, QUANTITY_MAX, VALUE_MAX, VALUE_MIN, Action, Leg
from strikedesk.domain.pages import PAGE_MAX
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import (
    EquitySymbol,
    OptionSymbol,
    Right,
    Symbol,
    parse_equity,
    parse_option,
    parse_symbol,
)
from strikedesk.server.json_text import read_json
from strikedesk.server.schemas import AT_LEAST_1, TEXT, Schema

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

SYMBOLS_MAX: Final = 50
TEXT_MAX: Final = 200
SYMBOL_TEXT_MAX: Final = 64
LIST_TEXT_MAX: Final = 16_384
MARKET_DAYS: Final = (date(1970, 1, 2), date(2099, 12, 30))
_DIGITS: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)
_NUMBER_MAX: Final = 10**12
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WORDS: Final = {"true": True, "false": False}
_RIGHTS: Final = {word: right for right in Right for word in (right.word, right.value.lower())}


@dataclass(frozen=True, slots=True, eq=False)  # Unions of annotated types hash what is in them.
class Argument(Generic[T]):
    """How one argument is read, and what its JSON schema says. Goes into `Annotated`.

    `read(value, name)` returns the value that the tool gets, or raises `Denied` naming it.
    """

    read: Callable[[object, str], T]
    schema: Schema

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Let pydantic call the reader, and look no further into the type."""
        return core_schema.with_info_plain_validator_function(
            lambda value, info: self.read(value, info.field_name or "argument")
        )

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Json]:
        """Show the lean schema."""
        return dict(self.schema)


def whole(least: int, most: int, *, reason: Reason = Reason.INVALID_ARGUMENT) -> Argument[int]:
    """Return the reader of a whole number: a JSON integer or ASCII digits, nothing else."""
    allowed = f"a whole number from {least} to {most}"

    def read(value: object, name: str) -> int:
        number = _whole(value)
        if number is None or not least <= number <= most:
            raise refused(name, allowed, value, reason)
        return number

    return Argument(read, {"type": "integer", "minimum": least, "maximum": most})


def decimal(
    least: Decimal, most: Decimal, *, reason: Reason = Reason.INVALID_ARGUMENT
) -> Argument[Decimal]:
    """Return the reader of a plain decimal: a JSON number, or digits with at most one point."""
    allowed = f"a plain number from {least:f} to {most:f}"

    def read(value: object, name: str) -> Decimal:
        number = _decimal(value)
        if number is None or not least <= number <= most:
            raise refused(name, allowed, value, reason)
        return number

    return Argument(read, {"type": "number", "minimum": float(least), "maximum": float(most)})


def fraction(least: float, most: float) -> Argument[float]:
    """Return the reader of a statistic (a delta, a volatility), which may be a float.

    A JSON float is taken with every digit that arithmetic left on it (0.6599999999999999).
    """
    exact = decimal(Decimal(str(least)), Decimal(str(most)))

    def read(value: object, name: str) -> float:
        if isinstance(value, float) and least <= value <= most:
            return value
        return float(str(exact.read(value, name)))

    return Argument(read, exact.schema)


def choice(options: type[Choice]) -> Argument[Choice]:
    """Return the reader of one word out of an enum's, in either case."""
    words = {option.value: option for option in options}

    def read(value: object, name: str) -> Choice:
        option = words.get(value.strip().lower()) if isinstance(value, str) else None
        if option is None:
            raise refused(name, f"one of {', '.join(words)}", value)
        return option

    return Argument(read, {"type": "string", "enum": [*words]})


def text(most: int = TEXT_MAX, *, least: int = 1) -> Argument[str]:
    """Return the reader of a short printable line, surrounding spaces dropped."""
    allowed = f"{least} to {most} printable characters on one line"

    def read(value: object, name: str) -> str:
        given = value.strip() if isinstance(value, str) else None
        if given is None or not least <= len(given) <= most or not given.isprintable():
            raise refused(name, allowed, value)
        return given

    return Argument(read, {"type": "string", "minLength": least, "maxLength": most})


def several(
    each: Argument[T], most: int, *, least: int = 1, reason: Reason = Reason.INVALID_ARGUMENT
) -> Argument[tuple[T, ...]]:
    """Return the reader of a list: a JSON array, the text of one, or items with commas between.

    An item named twice counts once, where it stood first.
    """
    allowed = f"a list of {least} to {most}"

    def read(value: object, name: str) -> tuple[T, ...]:
        items = items_of(value)
        if items is None or not least <= len(items) <= most:
            raise refused(name, allowed, value, reason)
        return tuple(dict.fromkeys(each.read(item, name) for item in items))

    schema: Schema = {"type": "array", "items": each.schema, "maxItems": most}
    return Argument(read, schema | ({"minItems": least} if least else {}))


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)
    return None


def _decimal(value: object) -> Decimal | None:
    """Read a number as it was written; an exponent, a sign alone or a name is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = _as_written(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip()) + 0  # There is no negative zero among prices.
    return None


def _as_written(value: float) -> str | None:
    """Spell a JSON number without an exponent; None for NaN and what is beyond all ranges."""
    return f"{Decimal(repr(value)):f}" if -_NUMBER_MAX < value < _NUMBER_MAX else None


def _day(value: object, name: str) -> date:
    given = value.strip() if isinstance(value, str) else ""
    try:
        if _DAY.fullmatch(given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise refused(name, "a date as YYYY-MM-DD", value)


def _market_day(value: object, name: str) -> date:
    day = _day(value, name)
    if not MARKET_DAYS[0] <= day <= MARKET_DAYS[1]:
        raise refused(name, f"a date from {MARKET_DAYS[0]} to {MARKET_DAYS[1]}", value)
    return day


def _right(value: object, name: str) -> Right:
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in _RIGHTS:
        raise refused(name, "call or put", value)
    return _RIGHTS[word]


def _flag(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return value
    word = _WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    if word is None:
        raise refused(name, "true or false", value)
    return word


def _symbol(value: object, name: str) -> Symbol:
    return parse_symbol(_symbol_text(value, name))


def _underlying(value: object, name: str) -> EquitySymbol:
    return parse_equity(_symbol_text(value, name))


def _contract(value: object, name: str) -> OptionSymbol:
    return parse_option(_symbol_text(value, name))


def _symbol_text(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > SYMBOL_TEXT_MAX or not value.isascii():
        raise refused(name, "a symbol", value, Reason.INVALID_SYMBOL)
    return value


def _legs(value: object, name: str) -> tuple[Leg, ...]:
    items = items_of(value, commas=False)
    if items is None or not 1 <= len(items) <= LEGS_MAX:
        raise refused(name, f"1 to {LEGS_MAX} legs", value, Reason.INVALID_LEGS)
    return tuple(_leg(item, f"{name}[{index}]") for index, item in enumerate(items))


def _leg(value: object, name: str) -> Leg:
    given: object = read_json(value, LIST_TEXT_MAX) if isinstance(value, str) else value
    parts = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    if parts.keys() != _LEG_PARTS.keys():
        raise refused(name, "exactly symbol, action and quantity", value, Reason.INVALID_LEGS)
    return Leg(
        symbol=SYMBOL.read(parts["symbol"], f"{name}.symbol"),
        action=_ACTION.read(parts["action"], f"{name}.action"),
        quantity=_QUANTITY.read(parts["quantity"], f"{name}.quantity"),
    )


def items_of(value: object, *, commas: bool = True) -> list[object] | None:
    """Return what a list holds, its JSON text or a text with commas; None for anything else."""
    if isinstance(value, list):
        return cast("list[object]", value)
    if not isinstance(value, str) or len(value) > LIST_TEXT_MAX:
        return None
    if value.lstrip()[:1] in {"[", "{"}:
        parsed = read_json(value, LIST_TEXT_MAX)
        return cast("list[object]", parsed) if isinstance(parsed, list) else None
    return [part.strip() for part in value.split(",")] if commas else None


def refused(
    name: str, allowed: str, value: object, reason: Reason = Reason.INVALID_ARGUMENT
) -> Denied:
    """Return the refusal of an argument, with what is allowed and the kind of what was given."""
    return Denied(reason, argument=name, allowed=allowed, given=_kind(value))


def _kind(value: object) -> str:
    """Say what sort of thing was given; what it said is not repeated."""
    if isinstance(value, list):
        return f"a list of {len(cast('list[object]', value))}"
    return next((word for kind, word in _KINDS if isinstance(value, kind)), "something else")


_KINDS: Final = (
    (bool, "a boolean"),
    (int | float, "a number"),
    (str, "a text"),
    (dict, "an object"),
    (type(None), "nothing"),
)
SYMBOL: Final = Argument(_symbol, {"type": "string"})
DATE: Final = Argument(_day, {"type": "string", "format": "date"})
_COUNT: Final = whole(1, QUANTITY_MAX, reason=Reason.INVALID_QUANTITY)
_QUANTITY: Final = replace(_COUNT, schema=AT_LEAST_1)
_USD: Final = decimal(Decimal(0), PRICE_MAX, reason=Reason.INVALID_PRICE)
PRICE: Final = replace(_USD, schema={"type": "number", "minimum": 0})
_ACTION: Final = choice(Action)
_LEG_PARTS: Final[Schema] = {
    "symbol": SYMBOL.schema,
    "action": _ACTION.schema,
    "quantity": _QUANTITY.schema,
}
_LEG_SCHEMA: Final[Schema] = {
    "type": "object",
    "properties": _LEG_PARTS,
    "required": [*_LEG_PARTS],
    "additionalProperties": False,
}
LEGS: Final = Argument(_legs, {"type": "array", "items": _LEG_SCHEMA, "minItems": 1})
AccountHandle: TypeAlias = Annotated[str, replace(text(64), schema=TEXT)]
Identifier: TypeAlias = Annotated[str, replace(text(64), schema=TEXT)]
OneSymbol: TypeAlias = Annotated[Symbol, SYMBOL]
Underlying: TypeAlias = Annotated[EquitySymbol, Argument(_underlying, {"type": "string"})]
Symbols: TypeAlias = Annotated[tuple[Symbol, ...], several(SYMBOL, SYMBOLS_MAX)]
SomeSymbols: TypeAlias = Annotated[tuple[Symbol, ...], several(SYMBOL, SYMBOLS_MAX, least=0)]
Legs: TypeAlias = Annotated[tuple[Leg, ...], LEGS]
Quantity: TypeAlias = Annotated[int, _QUANTITY]
Price: TypeAlias = Annotated[Decimal, PRICE]
Amount: TypeAlias = Annotated[
    Decimal, replace(decimal(VALUE_MIN, VALUE_MAX), schema={"type": "number"})
]
Day: TypeAlias = Annotated[date, DATE]
MarketDay: TypeAlias = Annotated[date, Argument(_market_day, DATE.schema)]
OptionRight: TypeAlias = Annotated[
    Right, Argument(_right, {"type": "string", "enum": ["call", "put"]})
]
Days: TypeAlias = Annotated[tuple[date, ...], several(DATE, 64, least=0)]
Flag: TypeAlias = Annotated[bool, Argument(_flag, {"type": "boolean"})]
Page: TypeAlias = Annotated[int, replace(whole(1, PAGE_MAX), schema=AT_LEAST_1)]
LegSymbols: TypeAlias = Annotated[
    tuple[Symbol, ...], several(SYMBOL, LEGS_MAX, reason=Reason.INVALID_LEGS)
]
Contract: TypeAlias = Annotated[OptionSymbol, Argument(_contract, {"type": "string"})]
Nonce: TypeAlias = Annotated[str, text(64)]
OneTimeCode: TypeAlias = Annotated[str, text(16)]

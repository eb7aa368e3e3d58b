"""Symbols: every usual spelling in, one spelling out.

Law: `parse_symbol(symbol.compact) == symbol`, and so for `padded` and `words`.
Source: the OCC option symbology (root, YYMMDD, C or P, strike in thousandths of a dollar).
"""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.value_class import key_class, settled

_TICKER: Final = re.compile(r"[A-Z][A-Z0-9]{0,5}(?:[./][A-Z]{1,2})?", re.ASCII)
_OCC: Final = re.compile(r"([A-Z][A-Z0-9]{0,5}) {0,5}(\d{6})([CP])(\d{8})", re.ASCII)
_WORDS: Final = re.compile(
    r"([A-Z][A-Z0-9]{0,5}) +(\d{4}-\d{2}-\d{2}) +"
    r"(?:(\d{1,5}(?:\.\d{1,3})?) *(C|P|CALL|PUT)|(C|P|CALL|PUT) *(\d{1,5}(?:\.\d{1,3})?))",
    re.ASCII,
)
_LONGEST_SPELLING: Final = 40
_MILLI: Final = Decimal("0.001")
_PIVOT_CENTURY: Final = 2000

# Roots that are traded under another underlying's name (exchange listings).
ROOT_UNDERLYINGS: Final = MappingProxyType(
    {"SPXW": "SPX", "RUTW": "RUT", "NDXP": "NDX", "VIXW": "VIX", "BRKB": "BRK.B"}
)


class Right(StrEnum):
    """Call or put."""

    CALL = "C"
    PUT = "P"

    @property
    def word(self) -> str:
        """`call` or `put`."""
        return "call" if self is Right.CALL else "put"


@key_class
class EquitySymbol:
    """A share, an ETF or a cash index, by its ticker; classes are written with a dot (BRK.B)."""

    ticker: str

    def __post_init__(self) -> None:
        """Refuse what is no ticker."""
        if not _TICKER.fullmatch(self.ticker) or "/" in self.ticker:
            raise _no_symbol(self.ticker)

    @property
    def compact(self) -> str:
        """The one spelling that the desk prints."""
        return self.ticker

    @property
    def words(self) -> str:
        """As a person says it."""
        return self.ticker

    @property
    def underlying(self) -> str:
        """Itself."""
        return self.ticker


@key_class
class OptionSymbol:
    """A listed option contract: `root` as the exchange spells it, `strike` in USD per share."""

    root: str
    expiration: date
    right: Right
    strike: Decimal

    def __post_init__(self) -> None:
        """Refuse strikes and roots that no exchange could list."""
        lawful_strike = 0 < self.strike <= Decimal("99999.999") and (
            self.strike == self.strike.quantize(_MILLI)
        )
        if not lawful_strike or not re.fullmatch(r"[A-Z][A-Z0-9]{0,5}", self.root, re.ASCII):
            raise _no_symbol(f"{self.root} {self.strike}")
        settled(self, "strike", _plain(self.strike))

    @property
    def underlying(self) -> str:
        """The ticker whose price the contract follows (SPXW follows SPX, adjusted AAPL1 AAPL)."""
        return _underlying_of(self.root)

    @property
    def compact(self) -> str:
        """`AAPL261218C00200000`: the one spelling that the desk prints."""
        return _compact(self)

    @property
    def padded(self) -> str:
        """The 21-character OCC spelling, root padded with spaces to six."""
        return f"{self.root:<6}{self.compact[len(self.root) :]}"

    @property
    def words(self) -> str:
        """`AAPL 2026-12-18 200 call`, as a person says it."""
        return f"{self.root} {self.expiration.isoformat()} {self.strike:f} {self.right.word}"


Symbol: TypeAlias = EquitySymbol | OptionSymbol


# An order spells its contracts a dozen times on its way, and a date takes long to be formatted.
@lru_cache(maxsize=16_384)
def _compact(contract: OptionSymbol) -> str:
    day, thousandths = f"{contract.expiration:%y%m%d}", int(contract.strike * 1000)
    return f"{contract.root}{day}{contract.right.value}{thousandths:08d}"


@lru_cache(maxsize=4_096)
def _underlying_of(root: str) -> str:
    name = root.rstrip("0123456789")
    return ROOT_UNDERLYINGS.get(root) or ROOT_UNDERLYINGS.get(name, name)


@lru_cache(maxsize=65_536)
def parse_symbol(text: str) -> Symbol:
    """Read a symbol in any usual spelling.

    Raises:
        Denied: INVALID_SYMBOL, with what was given (shortened); INSTRUMENT_NOT_TRADED for a future,
            an option on one, or a coin.
    """
    given = text.strip().upper()
    if len(given) > _LONGEST_SPELLING:
        raise _no_symbol(text)
    if occ := _OCC.fullmatch(given):
        return _from_occ(*occ.groups(), text=text)
    if words := _WORDS.fullmatch(given):
        return _from_words(words, text)
    if _TICKER.fullmatch(given):
        return EquitySymbol(given.replace("/", "."))
    raise _no_instrument(given) or _no_symbol(text)


def parse_option(text: str) -> OptionSymbol:
    """Read an option symbol; a ticker alone is refused."""
    symbol = parse_symbol(text)
    if isinstance(symbol, OptionSymbol):
        return symbol
    raise _no_symbol(text)


def parse_equity(text: str) -> EquitySymbol:
    """Read a ticker; an option symbol is refused."""
    symbol = parse_symbol(text)
    if isinstance(symbol, EquitySymbol):
        return symbol
    raise _no_symbol(text)


def _from_occ(root: str, yymmdd: str, right: str, thousandths: str, *, text: str) -> OptionSymbol:
    try:
        year = _PIVOT_CENTURY + int(yymmdd[:2])
        expiration = date(year, int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError as error:
        raise _no_symbol(text) from error
    return OptionSymbol(root, expiration, Right(right), Decimal(thousandths) * _MILLI)


def _from_words(words: re.Match[str], text: str) -> OptionSymbol:
    root, day, strike_first, right_last, right_first, strike_last = words.groups()
    try:
        expiration = datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007 -- a date has no zone
    except ValueError as error:
        raise _no_symbol(text) from error
    if not _PIVOT_CENTURY <= expiration.year < _PIVOT_CENTURY + 100:
        raise _no_symbol(text)
    right = Right((right_last or right_first)[0])
    return OptionSymbol(root, expiration, right, Decimal(strike_first or strike_last))


def _plain(number: Decimal) -> Decimal:
    """Drop trailing zeros without falling into exponents (200, not 2E+2)."""
    trimmed = number.normalize()
    return trimmed.quantize(Decimal(1)) if trimmed == trimmed.to_integral_value() else trimmed


def _no_instrument(given: str) -> Denied | None:
    from strikedesk.domain.untraded import untraded_kind  # noqa: PLC0415 -- no client waits for it

    kind = untraded_kind(given)
    return None if kind is None else Denied(Reason.INSTRUMENT_NOT_TRADED, symbol=given, kind=kind)


def _no_symbol(text: str) -> Denied:
    shown = "".join(c if c.isascii() and c.isprintable() else "?" for c in text[:_LONGEST_SPELLING])
    return Denied(Reason.INVALID_SYMBOL, symbol=shown)

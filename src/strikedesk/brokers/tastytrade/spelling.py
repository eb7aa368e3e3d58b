"""Symbols as tastytrade spells them: OCC padded to six, classes with a slash."""

from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import OptionSymbol, Symbol, parse_symbol

EQUITY: Final = "Equity"
EQUITY_OPTION: Final = "Equity Option"
INDEX: Final = "Index"

_SHARES: Final = frozenset({EQUITY, INDEX})


def spelled(symbol: Symbol) -> str:
    """Return a symbol as the broker spells it."""
    if isinstance(symbol, OptionSymbol):
        return symbol.padded
    return symbol.ticker.replace(".", "/")


def type_of(symbol: Symbol) -> str:
    """Return the instrument type that the broker calls it."""
    return EQUITY_OPTION if isinstance(symbol, OptionSymbol) else EQUITY


def read_symbol(instrument_type: str | None, text: str | None) -> Symbol | None:
    """Return a share, an index or an option; None for what the desk has no word for (futures)."""
    if text is None or instrument_type not in {*_SHARES, EQUITY_OPTION}:
        return None
    try:
        symbol = parse_symbol(text)
    except Denied:
        return None
    return (
        symbol if isinstance(symbol, OptionSymbol) == (instrument_type == EQUITY_OPTION) else None
    )

"""Symbols as the protocol writes them, and back.

A contract is padded OCC; the streamer's name is a dot, the root, the day, the right and the strike
as short as it can be; share classes have a slash.
"""

from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol, parse_symbol
from strikedesk.sandbox.refusal import Refusal

EQUITY: Final = "Equity"
EQUITY_OPTION: Final = "Equity Option"
INDEX: Final = "Index"

# What stands in a path for a slash that was written %2F: routes are cut at real ones.
SLASH: Final = "\x1f"


def wire_symbol(symbol: Symbol) -> str:
    """Write a symbol."""
    if isinstance(symbol, OptionSymbol):
        return symbol.padded
    return symbol.ticker.replace(".", "/")


def streamer_symbol(symbol: Symbol) -> str:
    """Write a symbol as the streamer does."""
    if not isinstance(symbol, OptionSymbol):
        return wire_symbol(symbol)
    return f".{symbol.root}{symbol.expiration:%y%m%d}{symbol.right.value}{symbol.strike:f}"


def instrument_type(symbol: Symbol) -> str:
    """Name what kind of thing can be traded under a symbol."""
    return EQUITY_OPTION if isinstance(symbol, OptionSymbol) else EQUITY


def read_symbol(text: str) -> Symbol:
    """Read a symbol in the protocol's spelling.

    Raises:
        Refusal: 404, where it is none.
    """
    try:
        return parse_symbol(text.replace(SLASH, "/"))
    except Denied as error:
        raise Refusal.not_found("that symbol") from error


def read_underlying(text: str) -> EquitySymbol:
    """Read a ticker.

    Raises:
        Refusal: 404, where it is none.
    """
    symbol = read_symbol(text)
    if isinstance(symbol, EquitySymbol):
        return symbol
    raise Refusal.not_found("that symbol")

"""Symbols as the feed spells them: classes with a slash, options by a dot and a plain strike."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strikedesk.brokers.tastytrade.dxlink.kinds import Item, Kind
from strikedesk.domain.quotes import Interval
from strikedesk.domain.symbols import OptionSymbol, Symbol

# `tho`: of regular trading hours only, as every bar of the desk is.
_WIDTHS: Final[Mapping[Interval, str]] = MappingProxyType(
    {interval: f"{{={interval.value},tho=true}}" for interval in Interval}
)


def streamed(symbol: Symbol) -> str:
    """Return a symbol as the feed spells it: `.SPXW261218C6000.5`, `BRK/B`."""
    if isinstance(symbol, OptionSymbol):
        told = f".{symbol.root}{symbol.expiration:%y%m%d}{symbol.right.value}"
        return f"{told}{symbol.strike:f}"
    return symbol.ticker.replace(".", "/")


def candles_of(symbol: Symbol, interval: Interval) -> Item:
    """Return what to ask for to be told bars."""
    return Item(Kind.CANDLE, streamed(symbol) + _WIDTHS[interval])

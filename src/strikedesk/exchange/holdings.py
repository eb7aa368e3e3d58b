"""Holdings: what there is of each symbol, + long, and which underlyings it follows."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import lru_cache

from strikedesk.domain.symbols import EquitySymbol, Symbol


def by_underlying(holdings: Mapping[Symbol, int]) -> Mapping[str, Mapping[Symbol, int]]:
    """Return what there is of each underlying; what has come to nothing is left out."""
    groups: dict[str, dict[Symbol, int]] = defaultdict(dict)
    for symbol, count in holdings.items():
        if count:
            groups[symbol.underlying][symbol] = count
    return dict(groups)


def with_underlyings(symbols: Collection[Symbol]) -> set[Symbol]:
    """Return the symbols and the underlyings that they follow."""
    return {*symbols, *map(share_of, {symbol.underlying for symbol in symbols})}


@lru_cache(maxsize=4096)
def share_of(underlying: str) -> EquitySymbol:
    """Return the symbol of an underlying; one that was made before need not be checked again."""
    return EquitySymbol(underlying)

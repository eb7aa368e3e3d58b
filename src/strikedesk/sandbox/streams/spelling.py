"""Symbols as the streamer spells them, read back."""

import re
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import EquitySymbol, Symbol, parse_symbol

# The root ends where six digits and a right begin; an adjusted one has a digit of its own.
_OPTION: Final = re.compile(
    r"\.([A-Z][A-Z0-9]{0,5}?)(\d{6})([CP])(\d{1,5})(?:\.(\d{1,3}))?", re.ASCII
)


def read_streamed(text: str) -> Symbol | None:
    """Return the symbol, or None for what is none that this venue could list."""
    option = _OPTION.fullmatch(text)
    try:
        if option is None:
            symbol = parse_symbol(text)
            return symbol if isinstance(symbol, EquitySymbol) else None
        root, day, right, dollars, part = option.groups()
        return parse_symbol(f"{root}{day}{right}{dollars:0>5}{part or '':0<3}")
    except Denied:
        return None

"""What get_quotes may be given: every symbol, and what the desk quotes and does not trade."""

from typing import Annotated, TypeAlias

from strikedesk.domain.symbols import Symbol
from strikedesk.domain.untraded import UntradedName, untraded_name
from strikedesk.server.arguments import (
    SYMBOL,
    SYMBOL_TEXT_MAX,
    SYMBOLS_MAX,
    Argument,
    several,
)


def _quotable(value: object, name: str) -> Symbol | UntradedName:
    """Read either. No tool that makes an order takes what this returns."""
    if isinstance(value, str) and len(value) <= SYMBOL_TEXT_MAX and value.isascii():
        return untraded_name(value) or SYMBOL.read(value, name)
    return SYMBOL.read(value, name)


Quotables: TypeAlias = Annotated[
    tuple[Symbol | UntradedName, ...], several(Argument(_quotable, SYMBOL.schema), SYMBOLS_MAX)
]

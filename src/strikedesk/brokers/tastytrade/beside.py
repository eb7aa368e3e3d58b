"""What an account holds beside whole shares and options: told as it is, priced by the broker."""

import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_DOWN, Decimal
from typing import Final

from strikedesk.brokers.tastytrade.payloads.accounts import PositionTold
from strikedesk.brokers.tastytrade.spelling import read_symbol
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.untraded import FRACTION_OF_A_SHARE, Untraded

SIDES: Final = {"Long": 1, "Short": -1, "Zero": 0}

_ODD_SYMBOL: Final = re.compile(r"[^A-Z0-9./ _-]+", re.ASCII)
_ODD_KIND: Final = re.compile(r"[^a-z0-9]+", re.ASCII)
_SYMBOL_MAX: Final = 40
_KIND_MAX: Final = 24


def untraded(account_id: str, listed: Iterable[PositionTold]) -> Iterator[Untraded]:
    """Yield what the desk has no position for; what is told as nothing is nothing."""
    for told in listed:
        symbol, quantity = read_symbol(told.instrument_type, told.symbol), _signed(told)
        if symbol is not None:
            quantity = _rest(quantity) if isinstance(symbol, EquitySymbol) else Decimal(0)
        if quantity == 0:
            continue
        yield Untraded(
            account_id=account_id,
            symbol=_name(told) if symbol is None else symbol.compact,
            kind=_kind(told) if symbol is None else FRACTION_OF_A_SHARE,
            quantity=quantity,
            multiplier=told.multiplier,
            average_price=told.average_open_price,
            mark=told.mark_price,
        )


def _signed(told: PositionTold) -> Decimal | None:
    side = SIDES.get(told.quantity_direction or "")
    if side == 0:
        return Decimal(0)
    return None if side is None or told.quantity is None else abs(told.quantity) * side


def _rest(quantity: Decimal | None) -> Decimal:
    """Return what whole shares leave; a quantity that cannot be read is a position's trouble."""
    whole = None if quantity is None else quantity.to_integral_value(rounding=ROUND_DOWN)
    return Decimal(0) if quantity is None or whole is None else quantity - whole


def _name(told: PositionTold) -> str:
    return _ODD_SYMBOL.sub("", told.symbol or "")[:_SYMBOL_MAX] or "?"


def _kind(told: PositionTold) -> str:
    word = _ODD_KIND.sub("_", (told.instrument_type or "").lower()).strip("_")
    return word[:_KIND_MAX] or "unknown"

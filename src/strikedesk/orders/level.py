"""Which option level an order needs, given what is held.

The broker's pre-flight decides for itself: this is what the owner's own grant is measured by.
"""

from collections.abc import Sequence

from strikedesk.domain.accounts import OptionLevel
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.payoff import Holding
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.risk.facts import Risk


def level_needed(order: OrderRequest, held: Sequence[Holding], risk_added: Risk) -> OptionLevel:
    """Return the lowest level at which the options that `order` opens may be held.

    A loss without bound is naked; a short call needs shares or a long behind it; a short put alone
    has cash behind it, which buying power counts.
    """
    opened = [leg for leg in order.legs if leg.is_option and leg.action.opens]
    if not opened:
        return OptionLevel.NONE
    if isinstance(risk_added, str):
        return OptionLevel.NAKED
    levels = [_level_of(leg, order, held) for leg in opened]
    return max(levels, key=lambda level: level.rank)


def _level_of(leg: Leg, order: OrderRequest, held: Sequence[Holding]) -> OptionLevel:
    if leg.action.sign > 0:
        return OptionLevel.LONG
    bought = any(other.is_option and other.action.sign > 0 for other in order.legs)
    if bought:
        return OptionLevel.SPREADS
    call = isinstance(leg.symbol, OptionSymbol) and leg.symbol.right is Right.CALL
    return OptionLevel.COVERED if not call or _shares_cover(order, held) else OptionLevel.SPREADS


def _shares_cover(order: OrderRequest, held: Sequence[Holding]) -> bool:
    """Whether shares stand behind every short call, those held and those opened."""
    added = [Holding(symbol=leg.symbol, quantity=leg.signed_quantity) for leg in order.legs]
    shares, calls = 0, 0
    for each in (*held, *added):
        if not isinstance(each.symbol, OptionSymbol):
            shares += each.quantity
        elif each.symbol.right is Right.CALL:
            calls += min(each.quantity, 0)
    return shares >= -calls * SHARES_PER_CONTRACT

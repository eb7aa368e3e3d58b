"""Weighing an order by value: as whole shares, beside the fraction of one that is held."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from strikedesk.domain import calendar
from strikedesk.domain.by_value import in_whole_shares, pays_the_rest
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import to_cents
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.payoff import Holding
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.orders.surroundings import Surroundings


def weighed(
    order: OrderRequest,
    quotes: Mapping[Symbol, Quote],
    around: Surroundings,
    fractions: Mapping[str, Decimal] | None,
    now: datetime,
) -> tuple[OrderRequest, Surroundings]:
    """Return the order that figures, limits and cover look at, and what it meets there.

    Any other order is looked at as it is. `fractions` are parts of shares that are held, by their
    underlying; None = nobody tells.

    Raises:
        Denied: MARKET_CLOSED outside of regular hours; QUOTE_MISSING without both sides of a quote;
            INVALID_LEGS against a short; CLOSE_EXCEEDS_POSITION, and CHECK_IMPOSSIBLE where nobody
            tells which fraction is held.
    """
    if not order.by_value:
        return order, around
    if not calendar.is_open(now):
        raise Denied(Reason.MARKET_CLOSED, rule="an_order_by_value_needs_an_open_market")
    symbol = order.legs[0].symbol
    quote = quotes.get(symbol)
    counted = in_whole_shares(order, quote)
    if counted is None or quote is None:
        rule = "an_order_by_value_needs_both_sides"
        raise Denied(Reason.QUOTE_MISSING, rule=rule, symbol=symbol.compact)
    if around.quantity(symbol) < 0:
        raise Denied(Reason.INVALID_LEGS, rule="a_short_is_not_traded_by_value")
    if order.sells:
        around = _beside_the_fraction(order, quote, around, fractions)
    return counted, around


def _beside_the_fraction(
    order: OrderRequest,
    quote: Quote,
    around: Surroundings,
    fractions: Mapping[str, Decimal] | None,
) -> Surroundings:
    """Return what a sale meets: one share more where the fraction has what is beside whole ones."""
    if fractions is None:
        raise Denied(Reason.CHECK_IMPOSSIBLE, check="fraction_of_a_share_held")
    symbol = order.legs[0].symbol
    fraction, whole = fractions.get(order.underlying, Decimal(0)), around.quantity(symbol)
    bid, value = quote.bid or Decimal(0), order.value or Decimal(0)
    if value > (whole + fraction) * bid:
        raise Denied(
            Reason.CLOSE_EXCEEDS_POSITION,
            symbol=symbol.compact,
            value=value,
            held=whole + fraction,
            worth=to_cents((whole + fraction) * bid),
        )
    if not pays_the_rest(order, quote, fraction):
        return around
    return replace(around, brought=[*around.brought, Holding(symbol=symbol, quantity=1)])

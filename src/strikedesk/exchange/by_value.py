"""Orders by value: taken where they fill whole and at once, or not at all.

So none of them ever waits: not for the next session, nor behind what a quote displays.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from strikedesk.domain.by_value import shares_for
from strikedesk.domain.money import CENT, to_cents
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.value_class import value_class
from strikedesk.exchange.accounts import NOTHING, PaperAccount
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.fractions import shares_of, whole_taken
from strikedesk.exchange.rules import SHARES_MAX, promised, rejection
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.world import World


@value_class
class Deal:
    """What an amount comes to. Units: `price` USD a share, `shares` and `amount` USD positive.

    `whole` counts the shares whole, as sizes and fees do; `taken` those of the whole ones held that
    a sale takes, or takes apart.
    """

    price: Decimal
    shares: Decimal
    amount: Decimal
    whole: int
    taken: int


def taken_before(world: World, request: OrderRequest, screen: Screen) -> int:
    """Return the shares that others have taken already from the size that an order meets."""
    leg = request.legs[0]
    quote = screen.quotes.get(leg.symbol)
    return 0 if quote is None else world.taken_from(quote, leg.action.sign)


def deal_of(
    account: PaperAccount,
    request: OrderRequest,
    screen: Screen,
    rivals: Sequence[WorkingOrder],
    gone: int,
) -> Deal:
    """Return what an order by value comes to on this screen, all of it.

    `gone` are shares that others have taken already from the size that it meets.

    Raises:
        Rejected: MARKET_CLOSED; NO_QUOTE without both sides; INVALID_ORDER against a short, and for
            less than the least part of a share; QUANTITY_ABOVE_VENUE_LIMIT for more than the quote
            shows; CLOSE_EXCEEDS_POSITION for more than is held and not promised to others.
    """
    leg = request.legs[0]
    if not screen.is_open:
        raise rejection(Reason.MARKET_CLOSED, rule="an_order_by_value_needs_an_open_market")
    quote = screen.quotes.get(leg.symbol)
    if quote is None or not quote.two_sided:
        raise rejection(Reason.NO_QUOTE, symbol=leg.symbol.compact)
    if account.held(leg.symbol) < 0:
        raise rejection(Reason.INVALID_ORDER, rule="a_short_is_not_traded_by_value")
    deal = _dealt(account, request, quote)
    _check_size(leg, quote, deal, gone)
    if leg.action.sign < 0:
        _check_held(account, leg, deal, rivals)
    return deal


def _dealt(account: PaperAccount, request: OrderRequest, quote: Quote) -> Deal:
    leg, value = request.legs[0], request.value or NOTHING
    price = quote.natural(leg.action.sign) or NOTHING
    shares = NOTHING if not price else shares_for(value, price)
    if leg.action.sign < 0 and 0 <= shares_of(account, leg.symbol) * price - value < CENT:
        shares = shares_of(account, leg.symbol)  # To the cent it is all there is: no dust is left.
    if not shares:
        raise rejection(Reason.INVALID_ORDER, rule="it_comes_to_no_part_of_a_share", price=price)
    selling = leg.action.sign < 0
    return Deal(
        price=price,
        shares=shares,
        amount=to_cents(shares * price),
        whole=int(shares.to_integral_value(rounding=ROUND_CEILING)),
        taken=whole_taken(account, leg.symbol, shares) if selling else 0,
    )


def _check_size(leg: Leg, quote: Quote, deal: Deal, gone: int) -> None:
    size = quote.ask_size if leg.action.sign > 0 else quote.bid_size
    most = SHARES_MAX
    if size is not None:
        most = min(most, max(0, size - gone))
    if deal.whole > most:
        raise rejection(
            Reason.QUANTITY_ABOVE_VENUE_LIMIT,
            symbol=leg.symbol.compact,
            asked=deal.whole,
            most=most,
        )


def _check_held(
    account: PaperAccount, leg: Leg, deal: Deal, rivals: Sequence[WorkingOrder]
) -> None:
    held = shares_of(account, leg.symbol)
    taken = sum(promised(order, leg) for order in rivals)
    if deal.shares > held - taken:
        raise rejection(
            Reason.CLOSE_EXCEEDS_POSITION,
            symbol=leg.symbol.compact,
            asked=deal.shares,
            held=held,
            in_working_orders=taken,
        )

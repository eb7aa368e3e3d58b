"""The gate: what a venue refuses for the sake of the market of the moment, or of its own limits.

An order that waits for its trigger is not held to where the market stands now. The collar and the
largest orders are figures of this venue, in the manner of the price reasonability and order size
checks that options exchanges publish.
"""

from decimal import Decimal
from typing import Final

from strikedesk.domain.money import on_tick
from strikedesk.domain.orders import OrderRequest, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.domain.terms import Terms
from strikedesk.exchange.book import Part, net_of
from strikedesk.exchange.market import Market
from strikedesk.exchange.matching import natural_prices
from strikedesk.exchange.rules import SHARES_MAX, rejection
from strikedesk.exchange.screen import Screen

CONTRACTS_MAX: Final = 10_000

# How much worse than the market a limit may be: a part of the market's price, and the least, USD.
_SHARES_BEYOND: Final = (Decimal("0.10"), Decimal("1.00"))
_OPTIONS_BEYOND: Final = (Decimal(1), Decimal("5.00"))


def check(request: OrderRequest, parts: tuple[Part, ...], screen: Screen) -> None:
    """Refuse what cannot wait for the end of a halt, has the wrong stop, or is priced far off.

    Raises:
        Rejected: UNDERLYING_HALTED, STOP_ON_WRONG_SIDE, PRICE_OUTSIDE_COLLAR.
    """
    _check_halt(request, screen)
    _check_stop(request, screen)
    _check_collar(request, parts, screen)


def check_form(request: OrderRequest, market: Market) -> None:
    """Refuse more of a leg than the venue takes at once, and prices off the contract's own tick.

    The net price of several legs is on the cent, whatever the ticks of the legs. A market without
    extended hours takes no order for them.

    Raises:
        Rejected: QUANTITY_ABOVE_VENUE_LIMIT, INVALID_TICK, INVALID_TIME_IN_FORCE.
    """
    if request.time_in_force.extended and not market.has_extended_hours:
        raise rejection(
            Reason.INVALID_TIME_IN_FORCE, rule="this_market_was_recorded_in_regular_hours_only"
        )
    for leg in request.legs:
        most = CONTRACTS_MAX if leg.is_option else SHARES_MAX
        if leg.quantity > most:
            raise rejection(
                Reason.QUANTITY_ABOVE_VENUE_LIMIT,
                symbol=leg.symbol.compact,
                asked=leg.quantity,
                most=most,
            )
    contract = request.legs[0].symbol
    terms = market.terms(contract) if isinstance(contract, OptionSymbol) else None
    if len(request.legs) == 1 and terms is not None:
        _check_tick(request, terms)


def _check_tick(request: OrderRequest, terms: Terms) -> None:
    for price in (request.limit_net, request.stop_trigger):
        if price is not None and not on_tick(price, terms.tick_at(price)):
            raise rejection(Reason.INVALID_TICK, price=abs(price), tick=terms.tick_at(price))


def _check_halt(request: OrderRequest, screen: Screen) -> None:
    """Nobody knows at what price trading resumes: what has no price does not wait for it."""
    waits = not request.order_type.at_market
    if request.underlying in screen.halted and not (
        waits and request.time_in_force is not TimeInForce.IOC
    ):
        raise rejection(Reason.UNDERLYING_HALTED, underlying=request.underlying)


def _check_stop(request: OrderRequest, screen: Screen) -> None:
    trigger, leg = request.stop_trigger, request.legs[0]
    mark = screen.mark(leg.symbol)
    if trigger is None or mark is None:
        return
    if trigger <= mark if leg.action.sign > 0 else trigger >= mark:
        raise rejection(
            Reason.STOP_ON_WRONG_SIDE, symbol=leg.symbol.compact, stop=trigger, market=mark
        )


def _check_collar(request: OrderRequest, parts: tuple[Part, ...], screen: Screen) -> None:
    """A limit far beyond the market is a slip; one that the market may come to is none."""
    if request.limit_net is None or request.stop_trigger is not None:
        return
    naturals = natural_prices(parts, screen.quotes)
    if naturals is None:
        return
    market = net_of(parts, naturals)
    part, least = _OPTIONS_BEYOND if request.has_options else _SHARES_BEYOND
    most = market + max(abs(market) * part, least)
    if request.limit_net > most:
        raise rejection(
            Reason.PRICE_OUTSIDE_COLLAR,
            price=abs(request.limit_net),
            market=abs(market),
            worst=abs(most),
        )

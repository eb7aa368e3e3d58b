"""Rules of acceptance: for what reasons the exchange does not take an order.

Every refusal is a `Rejected` with a code. The sessions: `ioc` orders, and market orders that open
something, are refused while the market is closed; everything else waits for the next session, a
`day` order until its close, an `ext` order until the end of its extended hours.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import previous_session, session_on
from strikedesk.domain.errors import Fact, Rejected
from strikedesk.domain.money import CENT, PRICE_STEP, on_tick
from strikedesk.domain.orders import Leg, OrderRequest, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.domain.trading_hours import span_at
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.ends import trades_until
from strikedesk.exchange.screen import Screen

# The largest order of shares: see `gate`, whose figure it is.
SHARES_MAX: Final = 500_000


def rejection(reason: Reason, **facts: Fact) -> Rejected:
    """Return a refusal; its code is the reason's name in small letters."""
    return Rejected(reason, code=reason.name.lower(), **facts)


def check_symbols(request: OrderRequest, screen: Screen) -> None:
    """Refuse what is not listed, what has ended, and shares of a number.

    Raises:
        Rejected: SYMBOL_NOT_FOUND, CONTRACT_NOT_FOUND, CONTRACT_ENDED, INVALID_ORDER.
    """
    for leg in request.legs:
        symbol = leg.symbol
        option = isinstance(symbol, OptionSymbol)
        ends = _ends(symbol, screen)
        if ends is not None and ends <= screen.at:
            raise rejection(Reason.CONTRACT_ENDED, symbol=symbol.compact)
        if symbol not in screen.quotes or (option and symbol not in screen.terms):
            missing = Reason.CONTRACT_NOT_FOUND if option else Reason.SYMBOL_NOT_FOUND
            raise rejection(missing, symbol=symbol.compact)
        if not option and symbol.underlying in screen.indices:
            raise rejection(Reason.INVALID_ORDER, rule="an_index_has_no_shares")


def check_prices(request: OrderRequest) -> None:
    """Refuse prices off the tick, and paying to sell or being paid to buy.

    Only shares of less than a dollar trade in steps finer than a cent.

    Raises:
        Rejected: INVALID_TICK, INVALID_PRICE.
    """
    for price in (request.limit_net, request.stop_trigger):
        if price is not None:
            tick = CENT if abs(price) >= 1 or request.has_options else PRICE_STEP
            if not on_tick(price, tick):
                raise rejection(Reason.INVALID_TICK, price=abs(price), tick=tick)
    signs = {leg.action.sign for leg in request.legs}
    net = request.limit_net or Decimal(0)
    if signs == {1} and net < 0:
        raise rejection(Reason.INVALID_PRICE, rule="cannot_buy_for_a_credit")
    if signs == {-1} and net > 0:
        raise rejection(Reason.INVALID_PRICE, rule="cannot_sell_for_a_debit")


def closing_legs(
    request: OrderRequest, account: PaperAccount, working: Sequence[WorkingOrder]
) -> tuple[bool, ...]:
    """Return which legs close; a leg that could do both is refused.

    What other working orders are to close already cannot be closed again.

    Raises:
        Rejected: CLOSE_EXCEEDS_POSITION, INVALID_ORDER.
    """
    return tuple(_closes(leg, account, working) for leg in request.legs)


def check_session(request: OrderRequest, screen: Screen, closing: tuple[bool, ...]) -> None:
    """Refuse what cannot wait for a market that is closed, and a last day that has passed.

    Raises:
        Rejected: MARKET_CLOSED, INVALID_TIME_IN_FORCE.
    """
    if not screen.is_open and request.time_in_force is TimeInForce.IOC:
        raise rejection(Reason.MARKET_CLOSED, rule="ioc_needs_an_open_market")
    if not screen.is_open and request.order_type.at_market and not all(closing):
        raise rejection(Reason.MARKET_CLOSED, rule="opening_market_order_needs_an_open_market")
    # Contracts have not ended: see `check_symbols`. All other orders stand until an end to come.
    if request.gtd_date is not None and _close_of(request.gtd_date) <= screen.at:
        raise rejection(Reason.INVALID_TIME_IN_FORCE, rule="gtd_date_has_passed")


def check_adjusted(request: OrderRequest, screen: Screen, closing: tuple[bool, ...]) -> None:
    """Refuse to open contracts that a split has adjusted: margin knows those of 100 shares only.

    Raises:
        Rejected: INVALID_ORDER.
    """
    for leg, closes in zip(request.legs, closing, strict=True):
        terms = screen.terms.get(leg.symbol)
        if terms is not None and terms.adjusted and not closes:
            raise rejection(
                Reason.INVALID_ORDER,
                rule="an_adjusted_contract_can_only_be_closed",
                symbol=leg.symbol.compact,
            )


def expires_at(request: OrderRequest, screen: Screen) -> datetime | None:
    """Return when the order ends by itself: never later than its first contract; None = never."""
    ends = [_ends(leg.symbol, screen) for leg in request.legs]
    known = [instant for instant in [*ends, _stands_until(request, screen.at)] if instant]
    return min(known, default=None)


def _ends(symbol: Symbol, screen: Screen) -> datetime | None:
    """Return when a contract stops trading; None for shares, and where its terms are unknown."""
    terms = screen.terms.get(symbol)
    if terms is None or not isinstance(symbol, OptionSymbol):
        return None
    return trades_until(symbol, terms)


def _stands_until(request: OrderRequest, at: datetime) -> datetime | None:
    force = request.time_in_force
    match force:
        case TimeInForce.DAY | TimeInForce.IOC | TimeInForce.EXT | TimeInForce.EXT_OVERNIGHT:
            return span_at(force, at).ends_at
        case TimeInForce.GTC | TimeInForce.GTC_EXT | TimeInForce.GTC_EXT_OVERNIGHT:
            return None
        case TimeInForce.GTD:
            return None if request.gtd_date is None else _close_of(request.gtd_date)


def _close_of(day: date) -> datetime:
    """Return the last close up to the end of `day`."""
    return (session_on(day) or previous_session(day)).closes_at


def _closes(leg: Leg, account: PaperAccount, working: Sequence[WorkingOrder]) -> bool:
    held = account.held(leg.symbol)
    against = held * leg.action.sign < 0
    if leg.action.sign < 0 and held <= 0 and leg.symbol in account.pieces:
        raise rejection(Reason.INVALID_ORDER, rule="a_part_of_a_share_is_sold_by_value")
    if leg.action.opens is True or (leg.action.opens is None and not against):
        if against:
            raise rejection(
                Reason.INVALID_ORDER,
                rule="opening_against_a_position",
                symbol=leg.symbol.compact,
                held=held,
            )
        return False
    taken = sum(promised(order, leg) for order in working)
    available = abs(held) - taken if against else 0
    if leg.quantity > available:
        raise rejection(
            Reason.CLOSE_EXCEEDS_POSITION,
            symbol=leg.symbol.compact,
            asked=leg.quantity,
            held=held,
            in_working_orders=taken,
        )
    return True


def promised(order: WorkingOrder, leg: Leg) -> int:
    """Return what a working order still closes of the leg's symbol, on the same side."""
    return sum(
        part.ratio * order.remaining
        for part in order.parts
        if part.closes and part.symbol == leg.symbol and part.sign == leg.action.sign
    )

"""Rules that an order is held to before the wire, each by its name.

What the broker would turn into something else (a close into an opening) or refuse only at the venue
is refused here.
"""

from collections.abc import Collection

from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied
from strikedesk.domain.instruments import Instrument
from strikedesk.domain.orders import OrderRequest, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol


def check_shape(order: OrderRequest, *, adjusted: Collection[str] = ()) -> None:
    """Refuse what the broker's own rules refuse. `adjusted` are roots known to be so.

    Raises:
        Denied: with the rule's name.
    """
    _check_legs(order, adjusted)
    _check_time(order)
    _check_side(order)


def check_replacement(order: OrderRequest, old: BrokerOrder) -> None:
    """Refuse a replacement that the broker would make another order of: it inherits the legs.

    What it makes of one that has filled in part nobody tells, so that is cancelled and placed anew.

    Raises:
        Denied: INVALID_ORDER, with the rule's name.
    """
    if order.by_value:
        raise Denied(Reason.INVALID_ORDER, rule="an_order_by_value_is_not_replaced")
    if old.filled_units:
        raise Denied(Reason.INVALID_ORDER, rule="what_filled_in_part_is_not_replaced")
    if set(order.legs) != set(old.order.legs) or order.order_type is not old.order.order_type:
        raise Denied(Reason.INVALID_ORDER, rule="a_replacement_keeps_legs_quantities_and_type")


def check_night(shares: Instrument) -> None:
    """Refuse an overnight order for shares that do not trade overnight.

    Raises:
        Denied: INVALID_TIME_IN_FORCE; CHECK_IMPOSSIBLE where the broker does not say.
    """
    if shares.overnight is None:
        raise Denied(Reason.CHECK_IMPOSSIBLE, check="whether_the_shares_trade_overnight")
    if not shares.overnight:
        raise Denied(
            Reason.INVALID_TIME_IN_FORCE,
            rule="these_shares_do_not_trade_overnight",
            symbol=shares.symbol,
        )


def check_fractions(shares: Instrument) -> None:
    """Refuse an order by value for shares of which no parts are traded.

    Raises:
        Denied: INVALID_ORDER; CHECK_IMPOSSIBLE where the broker does not say.
    """
    if shares.fractions is None:
        raise Denied(Reason.CHECK_IMPOSSIBLE, check="whether_parts_of_the_shares_are_traded")
    if not shares.fractions:
        raise Denied(
            Reason.INVALID_ORDER,
            rule="these_shares_are_not_traded_by_value",
            symbol=shares.symbol,
        )


def _check_legs(order: OrderRequest, adjusted: Collection[str]) -> None:
    if order.has_options and order.shares:
        raise Denied(Reason.INVALID_LEGS, rule="shares_go_alone")
    if order.order_type is OrderType.MARKET and len(order.legs) > 1:
        raise Denied(Reason.INVALID_LEGS, rule="market_orders_have_one_leg")
    for leg in order.legs:
        if leg.action.opens is None:
            raise Denied(Reason.INVALID_LEGS, rule="every_leg_opens_or_closes")
        root = leg.symbol.root if isinstance(leg.symbol, OptionSymbol) else ""
        # Roots of contracts that a split or a merger has adjusted end with a digit.
        if leg.action.opens and (root in adjusted or root[-1:].isdigit()):
            raise Denied(
                Reason.INVALID_LEGS,
                rule="an_adjusted_contract_can_only_be_closed",
                symbol=leg.symbol.compact,
            )


def _check_time(order: OrderRequest) -> None:
    stands = order.time_in_force in {TimeInForce.GTC, TimeInForce.GTD}
    opens = any(leg.action.opens for leg in order.legs)
    if order.order_type is OrderType.MARKET and stands:
        raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="market_orders_do_not_stand")
    if order.order_type is OrderType.STOP and stands and opens:
        raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="a_standing_stop_only_closes")


def _check_side(order: OrderRequest) -> None:
    """Refuse paying to sell and being paid to buy, where all legs go one way."""
    signs = {leg.action.sign for leg in order.legs}
    net = order.limit_net
    if net is not None and signs == {1} and net < 0:
        raise Denied(Reason.INVALID_PRICE, rule="cannot_buy_for_a_credit")
    if net is not None and signs == {-1} and net > 0:
        raise Denied(Reason.INVALID_PRICE, rule="cannot_sell_for_a_debit")

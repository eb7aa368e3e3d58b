"""Why an order is refused, in the protocol's codes where it has one, else in the venue's own."""

from typing import Final

from strikedesk.domain.errors import DeskError
from strikedesk.domain.reasons import Reason
from strikedesk.sandbox.refusal import Fault

_BY_RULE: Final = {
    "cannot_buy_for_a_credit": Fault("cant_buy_for_credit", "You cannot buy for a credit."),
    "cannot_sell_for_a_debit": Fault("cant_sell_for_debit", "You cannot sell for a debit."),
    "market_order_is_day_or_ioc": Fault(
        "gtc_market_orders_not_supported", "GTC/GTD Market orders are not supported."
    ),
    "extended_hours_are_for_one_leg_of_shares": Fault(
        "invalid_time_in_force", "Extended hours are for orders of one equity leg."
    ),
    "extended_hours_take_limit_orders": Fault(
        "invalid_time_in_force", "Extended hours are for Limit orders."
    ),
    "orders_of_a_group_keep_to_regular_hours": Fault(
        "invalid_time_in_force", "The orders of a complex order keep to regular hours."
    ),
    "sides_wait_for_a_price": Fault(
        "invalid_oco_order_type_combo", "The orders of an OCO are a Limit and a Stop."
    ),
}
_BY_REASON: Final = {
    Reason.INSUFFICIENT_BUYING_POWER: "margin_check_failed",
}
_PLAIN: Final = frozenset({"code"})


def fault_of(error: DeskError) -> Fault:
    """Return what a client is told of a refusal: a code, and words with the figures."""
    known = _BY_RULE.get(str(error.facts.get("rule")))
    if known is not None:
        return known
    code = _BY_REASON.get(error.reason, error.reason.name.lower())
    figures = ", ".join(f"{k}={v}" for k, v in error.facts.items() if k not in _PLAIN)
    words = in_words(code)
    return Fault(code, f"{words} ({figures})." if figures else f"{words}.")


def reject_reason(code: str | None) -> str | None:
    """Return the text that a rejected order carries."""
    if code is None:
        return None
    return in_words(code)


def in_words(code: str) -> str:
    """Return a code as a person reads it."""
    return code.replace("_", " ").capitalize()

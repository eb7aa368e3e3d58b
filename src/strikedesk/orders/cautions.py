"""Cautions: rules of a preview that need the market's hours or prices, and what it warns of."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain import calendar
from strikedesk.domain.broking import Capabilities
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.money import CENT
from strikedesk.domain.orders import OrderRequest, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.trading_hours import in_words, span_at
from strikedesk.orders.appraise import Appraisal
from strikedesk.orders.figures import Figures

_WIDE_FRACTION: Final = Decimal("0.25")
_WIDE_USD_MIN: Final = Decimal("0.25")


def check_supported(order: OrderRequest, broker: Capabilities) -> None:
    """Refuse what the broker cannot do, before anything is asked of it.

    Raises:
        Denied: NOT_SUPPORTED.
    """
    missing = {
        "order_type": order.order_type not in broker.order_types,
        "time_in_force": order.time_in_force not in broker.times_in_force,
        "legs": len(order.legs) > broker.legs_max,
        "shares_with_options": bool(order.has_options and order.shares)
        and not broker.shares_with_options,
    }
    if lacking := ", ".join(name for name, lacks in missing.items() if lacks):
        raise Denied(Reason.NOT_SUPPORTED, broker=broker.name, cannot=lacking)


def check_group(kind: GroupKind, broker: Capabilities) -> None:
    """Refuse a group that the broker does not hold together itself: nobody else would.

    Raises:
        Denied: NOT_SUPPORTED.
    """
    if kind not in broker.groups:
        raise Denied(
            Reason.NOT_SUPPORTED, broker=broker.name, cannot=f"groups of kind {kind.value}"
        )


def check_last_day(order: OrderRequest, venue_now: datetime) -> None:
    """Refuse a last day whose last session has closed already.

    Raises:
        Denied: INVALID_TIME_IN_FORCE.
    """
    if order.gtd_date is None:
        return
    today = calendar.exchange_date(venue_now)
    if order.gtd_date < today or _last_close(order.gtd_date) <= venue_now:
        raise Denied(
            Reason.INVALID_TIME_IN_FORCE, gtd_date=order.gtd_date.isoformat(), today=str(today)
        )


def check_session(order: OrderRequest, figures: Figures) -> None:
    """Refuse an order for this instant while nothing trades.

    Raises:
        Denied: MARKET_CLOSED.
    """
    if order.time_in_force is TimeInForce.IOC and not figures.market_open:
        raise Denied(Reason.MARKET_CLOSED, rule="ioc_needs_an_open_market")


def check_stop(order: OrderRequest, figures: Figures) -> None:
    """Refuse a stop on the wrong side: it would trade at once, and nobody stops out of nothing.

    Raises:
        Denied: INVALID_PRICE.
    """
    quote = figures.legs[0].quote
    if order.stop_trigger is None or quote is None or quote.mark is None:
        return
    sign = order.legs[0].action.sign
    if (order.stop_trigger - quote.mark) * sign <= 0:
        raise Denied(
            Reason.INVALID_PRICE,
            rule="stop_is_reached_already",
            stop_trigger=order.stop_trigger,
            market=quote.mark,
            expected="above the market" if sign > 0 else "below the market",
        )


def check_marketable(order: OrderRequest, figures: Figures, *, waits: bool) -> None:
    """Refuse a marketable limit that would not trade at once, on the quotes of now.

    Raises:
        Denied: INVALID_ORDER where it waits for another order, MARKET_CLOSED, INVALID_PRICE.
    """
    if order.order_type is not OrderType.MARKETABLE_LIMIT or order.limit_net is None:
        return
    if waits:
        raise Denied(Reason.INVALID_ORDER, rule="a_marketable_limit_waits_for_no_other_order")
    if not figures.trades_now:
        raise Denied(Reason.MARKET_CLOSED, rule="a_marketable_limit_needs_an_open_market")
    market = figures.natural_net
    if market is None or order.limit_net < market:
        raise Denied(
            Reason.INVALID_PRICE,
            rule="a_marketable_limit_reaches_the_market",
            limit_net=order.limit_net,
            market_net=market,
            instead="a price at the market_net or beyond, or order_type limit",
        )


def warnings_of(order: OrderRequest, appraisal: Appraisal, venue_now: datetime) -> tuple[str, ...]:
    """Return what a person would want to be told before agreeing, in our words."""
    figures = appraisal.figures
    told = (
        _of_hours(order, figures, venue_now),
        _of_extended_hours(order),
        _of_what_is_filled(order, appraisal.filled_before),
        _of_no_limit(order),
        _of_cover(figures),
        _of_a_passive_limit(order, figures),
        _of_a_wide_market(figures),
        _of_several_expirations(figures),
        _of_the_last_day(order.gtd_date),
    )
    return tuple(warning for warning in told if warning is not None)


def warnings_of_group(
    group: OrderGroup, appraisal: Appraisal, venue_now: datetime
) -> tuple[str, ...]:
    """Return what a person would want to be told of a group, each order by its place."""
    told = list(warnings_of(group.orders[0], appraisal, venue_now))
    for place, order in enumerate(group.orders[1:], start=2):
        own = (_of_no_limit(order), _of_the_last_day(order.gtd_date), _of_a_day(group, order))
        told += [f"Order {place}: {warning}" for warning in own if warning is not None]
    return tuple(told)


def group_warning(kind: GroupKind, place: int) -> str:
    """Return what else ends when one order of a group is cancelled, as venues have it."""
    if kind is GroupKind.OCO or place > 1:
        beside = "" if kind is GroupKind.OTO else " The other side of it ends with it."
        behind = " Order 1 of the group works on, if it still does." if kind.has_trigger else ""
        return f"This order is one of a group ({kind.value}).{beside}{behind}"
    return f"This order leads a group ({kind.value}): all that waits for it ends with it."


def protection_warning(order: OrderRequest) -> str | None:
    """Return what cancelling `order` leaves without protection, if it may close anything."""
    if order.only_opens:
        return None
    return f"This order closes {order.underlying} positions: without it nothing protects them."


def _of_hours(order: OrderRequest, figures: Figures, venue_now: datetime) -> str | None:
    if figures.market_open:
        return None
    if figures.trades_now is None:
        return "It is overnight: whether these shares trade then is not known here."
    if figures.trades_now:
        return "Regular hours are over or to come: the order may trade now, in extended hours."
    begins = span_at(order.time_in_force, venue_now).begins_at
    return f"The market is closed; the order waits until {begins:%Y-%m-%dT%H:%MZ}."


def _of_extended_hours(order: OrderRequest) -> str | None:
    hours = in_words(order.time_in_force)
    if hours is None:
        return None
    return f"It may trade outside regular hours ({hours}), when few trade and quotes are wide."


def _of_what_is_filled(order: OrderRequest, filled: int) -> str | None:
    if not filled:
        return None
    return (
        f"{filled} of {order.units} units are filled already; the figures are those of "
        f"the other {order.units - filled}."
    )


def _of_no_limit(order: OrderRequest) -> str | None:
    if order.limit_net is not None:
        return None
    if order.by_value:
        return "There is no limit: the amount may come to fewer shares, or take more, than now."
    return "There is no limit: it can fill at a worse price than the figures reckon with."


def _of_cover(figures: Figures) -> str | None:
    if figures.max_loss != "unlimited" or figures.risk_added in {None, "unlimited"}:
        return None
    return "By itself its loss has no bound; what is held covers it: risk_added counts both."


def _of_a_passive_limit(order: OrderRequest, figures: Figures) -> str | None:
    if order.limit_net is None or figures.natural_net is None or figures.mid_net is None:
        return None
    half_spread = figures.natural_net - figures.mid_net
    if order.limit_net >= figures.mid_net - max(half_spread, CENT):
        return None
    return "The limit is away from the market: it may never fill."


def _of_a_wide_market(figures: Figures) -> str | None:
    if figures.natural_net is None or figures.mid_net is None:
        return None
    half_spread = figures.natural_net - figures.mid_net
    if half_spread <= max(_WIDE_USD_MIN, _WIDE_FRACTION * abs(figures.mid_net)):
        return None
    return f"The market is wide: the mid is {half_spread} a share better than what trades at once."


def _of_several_expirations(figures: Figures) -> str | None:
    if figures.max_profit is not None or figures.max_loss is None:
        return None
    return "Several expirations: profit and break-evens depend on later volatility."


def _of_a_day(group: OrderGroup, order: OrderRequest) -> str | None:
    if group.trigger is None or order.time_in_force is not TimeInForce.DAY:
        return None
    return "It is good for the day on which order 1 fills, and ends at that day's close."


def _of_the_last_day(day: date | None) -> str | None:
    if day is None or calendar.session_on(day) is not None:
        return None
    return f"Nothing trades on {day}: the order ends at the close of the session before."


def _last_close(day: date) -> datetime:
    return (calendar.session_on(day) or calendar.previous_session(day)).closes_at

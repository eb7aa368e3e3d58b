"""What a dry run proves. One that proves nothing lets nothing through."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from strikedesk.brokers.tastytrade.amounts import cash, cost
from strikedesk.brokers.tastytrade.faults import FORBIDDEN, away, complaint_of
from strikedesk.brokers.tastytrade.orders.decoding import request_of
from strikedesk.brokers.tastytrade.orders.outcomes import is_refusal, reason_of
from strikedesk.brokers.tastytrade.payloads.envelopes import Told
from strikedesk.brokers.tastytrade.payloads.orders import MessageTold, OrderTold, PlacedTold
from strikedesk.brokers.tastytrade.wire import Answer
from strikedesk.domain.broking import Preflight
from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason

T = TypeVar("T")

PLACED: Final = TypeAdapter(Told[PlacedTold])
NOTHING: Final = Preflight(
    fees=None, buying_power_before=None, buying_power_after=None, margin_change=None
)
_CHECK: Final = "broker_preflight"
# A warning that the order would not be what was asked for.
_FLIPS: Final = frozenset({"closing_with_no_position"})


def refused(refusal: Denied | Rejected) -> Preflight:
    """Return what a rule of ours refuses, with what it rests on."""
    return replace(NOTHING, refusals=(refusal.reason.name.lower(),), because=refusal.facts)


def preflight_of(answer: Answer, orders: Sequence[OrderRequest]) -> Preflight:
    """Return what a dry run of these orders says.

    Raises:
        Denied: CHECK_IMPOSSIBLE for an answer that is about something else, or about nothing;
            BROKER_SCOPE_MISSING.
        Unavailable: no answer of the broker's own.
    """
    if not answer.fine:
        return _refusal(answer)
    told = proven(PLACED, answer.body)
    if told.buying_power_effect is None or not _is_about(told, orders):
        raise Denied(Reason.CHECK_IMPOSSIBLE, check=_CHECK)
    return _figures(told, alone=len(orders) == 1)


def proven(of: TypeAdapter[Told[T]], body: bytes) -> T:
    """Return what a body says.

    Raises:
        Denied: CHECK_IMPOSSIBLE where it says nothing that can be read.
    """
    try:
        return of.validate_json(body).data
    except ValidationError:
        raise Denied(Reason.CHECK_IMPOSSIBLE, check=_CHECK) from None


def _refusal(answer: Answer) -> Preflight:
    if not is_refusal(answer):
        raise away(answer)
    code = complaint_of(answer.body).code
    if answer.status == FORBIDDEN:
        raise Denied(Reason.BROKER_SCOPE_MISSING, code=code)
    return refused(Denied(reason_of(code), code=code))


def _figures(told: PlacedTold, *, alone: bool) -> Preflight:
    """Return the figures. Of a group the broker tells one order's fees, which is no sum."""
    power, fees = told.buying_power_effect, told.fee_calculation
    if power is None:
        return NOTHING
    return Preflight(
        fees=cost(fees.total_fees, fees.total_fees_effect) if fees and alone else None,
        buying_power_before=cash(power.current_buying_power, power.current_buying_power_effect),
        buying_power_after=cash(power.new_buying_power, power.new_buying_power_effect),
        margin_change=cost(
            power.change_in_margin_requirement, power.change_in_margin_requirement_effect
        ),
        refusals=tuple(_refusals(told)),
        warnings=tuple(each.message for each in told.warnings if each.message),
    )


def _refusals(told: PlacedTold) -> Iterable[str]:
    flips: list[MessageTold] = [each for each in told.warnings if each.code in _FLIPS]
    for each in (*told.errors, *flips):
        yield reason_of(each.code).name.lower()


def _is_about(told: PlacedTold, orders: Sequence[OrderRequest]) -> bool:
    """Whether the answer is about just these orders, with these actions and prices."""
    group = told.complex_order
    echoed = [told.order] if group is None else [group.trigger_order, *group.orders]
    found = [each for each in echoed if each is not None]
    return len(found) == len(orders) and all(
        _same(each, order) for each, order in zip(found, orders, strict=True)
    )


def _same(told: OrderTold, order: OrderRequest) -> bool:
    read = request_of(told, order.account_id)
    return read is not None and read.digest == order.digest

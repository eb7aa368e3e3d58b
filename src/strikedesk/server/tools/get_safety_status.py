"""get_safety_status: may orders leave now, and if not, what to do about it."""

from collections.abc import Mapping
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.usage import Used
from strikedesk.orders.stop import SafetyState
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, INTEGER, LIST, OBJECT, TEXT, maybe, whole_schema
from strikedesk.server.shaping import Value, record
from strikedesk.server.speech import as_data

FIELDS: Final = {
    "orders_may_leave": BOOLEAN,
    "environment": maybe(TEXT),
    "broker": TEXT,
    "simulated": maybe(BOOLEAN),
    "caller": TEXT,
    "caller_may_trade": BOOLEAN,
    "read_only": BOOLEAN,
    "consent": TEXT,
    "approvals_pending": maybe(INTEGER),
    "limits": OBJECT,
    "used": maybe(OBJECT),
    "halt": maybe(OBJECT),
    "breaker": maybe(OBJECT),
    "unsettled": LIST,
    "problem": maybe(OBJECT),
    "next_step": TEXT,
}
RETURNS: Final = whole_schema(**FIELDS)


async def get_safety_status(call: Call) -> Annotated[CallToolResult, RETURNS]:
    """Tell whether orders may leave now: environment, halt, limits, unsettled orders, problems.

    Answers even when the desk cannot be opened, and says what its owner has to do. Call it first,
    and whenever something was refused.
    """
    try:
        return record(await _open_status(call))
    except DeskError as error:
        return record(_closed_status(call, error))


async def _open_status(call: Call) -> dict[str, Value]:
    desk = await desk_of(call)
    state = await desk.safety.state()
    known = _known(call)
    status = known | {
        "environment": desk.capabilities.environment,
        "broker": desk.capabilities.name,
        "simulated": desk.capabilities.simulated,
        "halt": _halt(state),
        "breaker": {"failures_in_row": state.row.failures, "halts_at": state.row.halts_at},
        "approvals_pending": len(state.pending),
        "consent": desk.settings.consent.policy(desk.capabilities.environment),
        "used": _used(state.used),
        "unsettled": [_unsettled(row) for row in state.unsettled],
        "next_step": _next_step(state, known),
    }
    allowed = state.halt is None and status["caller_may_trade"] and not status["read_only"]
    return status | {"orders_may_leave": bool(allowed)}


def _closed_status(call: Call, error: DeskError) -> dict[str, Value]:
    return _known(call) | {"problem": as_data(error), "next_step": error.reason.next_step}


def _known(call: Call) -> dict[str, Value]:
    """Return what is known without a desk, everything else unknown, in the order of the schema."""
    door = call.request_context.lifespan_context
    settings, caller = door.settings, door.caller()
    unknown: dict[str, Value] = dict.fromkeys(FIELDS)
    return unknown | {
        "orders_may_leave": False,
        "broker": settings.broker_name,
        "caller": caller.name,
        "caller_may_trade": caller.may_trade,
        "read_only": settings.read_only,
        "consent": settings.consent.policy(settings.environment),
        "limits": settings.limits.model_dump(),
        "unsettled": (),
    }


def _halt(state: SafetyState) -> dict[str, Value] | None:
    if state.halt is None:
        return None
    halt = state.halt
    return {
        "since": halt.since,
        "by": halt.actor,
        "held_by": halt.held_by,
        "untrusted_why": halt.why,
    }


def _used(used: Used) -> dict[str, Value]:
    """Return what counts against the `*_day_max` and `orders_*_max` among the limits."""
    return {
        "orders_today": used.orders_today,
        "orders_this_minute": used.orders_this_minute,
        "loss_usd_today": used.loss_usd_today,
        "notional_usd_today": used.notional_usd_today,
    }


def _unsettled(row: OrderRecord) -> dict[str, Value]:
    return {
        "order_id": row.order_id,
        "client_order_id": row.client_order_id,
        "account": row.account_handle,
        "state": row.state,
    }


def _next_step(state: SafetyState, known: Mapping[str, Value]) -> str:
    if state.halt is not None:
        return f"Trading is halted; only the owner can resume: {state.halt.way_out}."
    if state.unsettled:
        return "Do not send these orders again; see get_order for what became of them."
    if state.pending:
        return "Orders wait for the owner: `strikedesk approvals`. Do not preview them again."
    if known["read_only"]:
        return "This server is read-only; only the owner can start one that trades."
    if not known["caller_may_trade"]:
        return "This caller's token may only read; the owner makes one with scope trade."
    return "Nothing to do."

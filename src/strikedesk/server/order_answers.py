"""How previews and orders are told: prices positive with their effect, figures beside checks."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from strikedesk.domain.approvals import Voice
from strikedesk.domain.by_value import shares_for
from strikedesk.domain.ledger import OrderEvent, OrderRecord
from strikedesk.domain.money import price_and_effect, to_cents
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.orders.approvals import Pending
from strikedesk.orders.figures import Bound, Figures, LegQuote
from strikedesk.orders.preview import Preview
from strikedesk.risk.verdict import Check, Outcome
from strikedesk.server.schemas import LIST, OBJECT, TEXT, maybe, record_schema, with_optional
from strikedesk.server.shaping import Value

# Where only the owner's own act sends an order there is no nonce, and `approval` says what to do.
PREVIEW: Final = with_optional(
    record_schema(
        preview_id=TEXT,
        expires_at=TEXT,
        environment=TEXT,
        order=OBJECT,
        figures=maybe(OBJECT),
        checks=OBJECT,
        checks_not_run=OBJECT,
        warnings=LIST,
    ),
    nonce=TEXT,
    approval=OBJECT,
    group=OBJECT,
)
CONFIRMED: Final = with_optional(
    record_schema(order_id=TEXT, client_order_id=TEXT, state=TEXT, environment=TEXT, order=OBJECT),
    approval=maybe(OBJECT),
    group=OBJECT,
)
_WAIT_FOR_CODE: Final = (
    "Nothing was sent. Ask the person for the code that their `strikedesk approvals` shows, then "
    "confirm again with the same nonce and that code."
)
_WAIT_FOR_OWNER: Final = (
    "Nothing was sent. Tell the person that this order waits under its name in their `strikedesk "
    "approvals`: only they can approve it, which sends it. Then see get_order, never preview again."
)
COLUMNS: Final = (
    "order_id",
    "kind",
    "state",
    "legs",
    "price",
    "price_effect",
    "time_in_force",
    "filled_of",
    "average_price",
    "group",
    "updated_at",
)


def preview_answer(preview: Preview) -> dict[str, Value]:
    """Return a preview as its caller gets it; the nonce appears here and nowhere else."""
    record = preview.record
    checks, skipped = _checks(preview.checks)
    way: dict[str, Value] = {"nonce": preview.nonce}
    if preview.pending is not None:
        way = {"order_id": record.order_id, "approval": approval_answer(preview.pending)}
    return {
        "preview_id": record.preview_id,
        **way,
        "expires_at": preview.expires_at,
        "environment": record.environment,
        "does": record.kind,
        "account": record.account_handle,
        "order": order_words(record.order),
        **_group_previewed(preview),
        "replaces_or_cancels": record.target_order_id,
        "figures": None if preview.figures is None else _figures(preview, preview.figures),
        "checks": checks,
        "checks_not_run": skipped,
        "warnings": list(preview.warnings),
        "untrusted_warnings": list(preview.untrusted_warnings),
    }


def approval_answer(pending: Pending) -> dict[str, Value]:
    """Return what a caller may know of an approval: never a code or a word that gives it."""
    approval = pending.approval
    return {
        "policy": approval.policy,
        "name": pending.name,
        "expires_at": approval.expires_at,
        "client_answer": approval.unheard,
        "next_step": _WAIT_FOR_CODE if approval.admits(Voice.CODE) else _WAIT_FOR_OWNER,
    }


def order_answer(record: OrderRecord, together: Sequence[OrderRecord] = ()) -> dict[str, Value]:
    """Return an order as it stands, with how the others of its group stand."""
    return {
        "order_id": record.order_id,
        "client_order_id": record.client_order_id,
        "state": record.state,
        "environment": record.environment,
        "account": record.account_handle,
        "does": record.kind,
        "order": order_words(record.order),
        **_group(record, together),
        "filled": record.filled_units,
        "of": record.order.units,
        "average": _net(record.average_net),
        **_shares(record),
        "fees": record.fees,
        "broker_order_id": record.broker_order_id,
        "acts_on": record.target_order_id,
        "replaced_by": record.replaced_by,
        "reason": record.reason,
        "updated_at": record.updated_at,
    }


def order_row(record: OrderRecord) -> list[str | Decimal | None]:
    """Return an order as a row under `COLUMNS`."""
    order = record.order
    price, effect = _pair(order.limit_net)
    average, _ = _pair(record.average_net)
    return [
        record.order_id,
        record.kind.value,
        record.state.value,
        _legs_in_short(order),
        price,
        effect,
        order.time_in_force.value,
        f"{record.filled_units}/{order.units}",
        average,
        record.group_id and f"{record.group_kind} {record.group_place} of {record.group_id}",
        record.updated_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    ]


def event_answer(event: OrderEvent) -> dict[str, Value]:
    """Return a line of the audit trail: what happened, when, by whose hand."""
    return {"at": event.at, "kind": event.kind, "by": event.actor, "path": event.path}


def order_words(order: OrderRequest) -> dict[str, Value]:
    """Return an order in the words of the tools that make one."""
    price, effect = _pair(order.limit_net)
    return {
        "legs": [
            {"symbol": leg.symbol.compact, "action": leg.action, "quantity": leg.quantity}
            for leg in order.legs
        ],
        **({} if order.value is None else {"value": order.value}),
        "in_words": _legs_in_words(order),
        "order_type": order.order_type,
        "price": price,
        "price_effect": effect,
        "stop_trigger": order.stop_trigger,
        "time_in_force": order.time_in_force,
        "gtd_date": order.gtd_date,
    }


def _group_previewed(preview: Preview) -> dict[str, Value]:
    """Return what a preview shows of the other orders of a group; nothing of an order alone."""
    first = preview.record
    if first.group_id is None:
        return {}
    beside: list[Value] = [
        {"place": row.group_place, "order": order_words(row.order), "figures": _own(figures)}
        for row, figures in preview.beside
    ]
    return {"group": {"kind": first.group_kind, "group_id": first.group_id, "beside": beside}}


def _own(figures: Figures) -> dict[str, Value]:
    return {
        "mid": _net(figures.mid_net),
        "natural": _net(figures.natural_net),
        "cash_effect": figures.cash_effect,
        "risk_added": _bound(figures.risk_added),
        "quote_age_s": figures.quote_age_s,
    }


def _group(record: OrderRecord, together: Sequence[OrderRecord]) -> dict[str, Value]:
    if record.group_id is None:
        return {}
    beside: list[Value] = [
        {
            "place": row.group_place,
            "order_id": row.order_id,
            "client_order_id": row.client_order_id,
            "state": row.state,
            "in_words": _sentence(row.order),
            "filled": row.filled_units,
            "of": row.order.units,
            "reason": row.reason,
        }
        for row in together
        if row.order_id != record.order_id
    ]
    kind, place = record.group_kind, record.group_place
    return {"group": {"kind": kind, "group_id": record.group_id, "place": place, "beside": beside}}


def _shares(record: OrderRecord) -> dict[str, Value]:
    """Return about how many shares an amount has come to: it is filled to the step below."""
    value, average = record.order.value, record.average_net
    if value is None or not average:
        return {}
    return {"shares_about": shares_for(value, abs(average))}


def _sentence(order: OrderRequest) -> str:
    """Return an order in a line: legs, type and prices."""
    price, effect = _pair(order.limit_net)
    at = "" if price is None else f" {price.normalize():f} {effect}"
    stop = "" if order.stop_trigger is None else f" at {order.stop_trigger.normalize():f},"
    return f"{_legs_in_words(order)}: {order.order_type.value.replace('_', ' ')}{stop}{at}"


def _figures(preview: Preview, figures: Figures) -> Mapping[str, Value]:
    asked = preview.preflight
    return {
        "mid": _net(figures.mid_net),
        "natural": _net(figures.natural_net),
        "cash_effect": figures.cash_effect,
        "max_loss": _bound(figures.max_loss),
        "max_profit": _bound(figures.max_profit),
        "break_evens": list(figures.break_evens),
        "risk_added": _bound(figures.risk_added),
        "fees": asked.fees if asked else None,
        "buying_power_before": _cents(asked.buying_power_before) if asked else None,
        "buying_power_after": _cents(asked.buying_power_after) if asked else None,
        "margin_change": _cents(asked.margin_change) if asked else None,
        "quote_age_s": figures.quote_age_s,
        "market_open": figures.market_open,
        "quotes": [_leg_quote(leg) for leg in figures.legs],
    }


def _leg_quote(leg: LegQuote) -> dict[str, Value]:
    quote = leg.quote
    return {
        "symbol": leg.leg.symbol.compact,
        "bid": quote.bid if quote else None,
        "ask": quote.ask if quote else None,
        "feed": quote.feed if quote else None,
    }


def _checks(checks: Sequence[Check]) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return what was looked at, with how it ended where it did not simply pass, and what was not.

    Both by the names of the checks.
    """
    made: dict[str, Value] = {}
    skipped: dict[str, Value] = {}
    for check in checks:
        if check.outcome is Outcome.NOT_RUN:
            skipped[check.name] = check.facts
        elif check.outcome is Outcome.PASSED:
            made[check.name] = check.facts
        else:
            made[check.name] = {"outcome": check.outcome, **check.facts}
    return made, skipped


def _pair(net: Decimal | None) -> tuple[Decimal | None, str | None]:
    if net is None:
        return None, None
    price, effect = price_and_effect(net)
    return price, effect.value


def _net(net: Decimal | None) -> dict[str, Value] | None:
    price, effect = _pair(net)
    return None if price is None else {"price": price, "effect": effect}


def _bound(amount: Bound) -> Decimal | str | None:
    return amount if amount is None or isinstance(amount, str) else to_cents(amount)


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else to_cents(amount)


def _legs_in_short(order: OrderRequest) -> str:
    if order.value is not None:
        leg = order.legs[0]
        return f"{order.value * leg.action.sign:+.2f} USD of {leg.symbol.compact}"
    return " ".join(f"{leg.signed_quantity:+d} {leg.symbol.compact}" for leg in order.legs)


def _legs_in_words(order: OrderRequest) -> str:
    if order.value is not None:
        leg = order.legs[0]
        return f"{_verb(leg)} {leg.symbol.words} for {order.value:.2f} USD"
    return "; ".join(_leg_sentence(leg) for leg in order.legs)


def _verb(leg: Leg) -> str:
    return leg.action.value.replace("_", " ")


def _leg_sentence(leg: Leg) -> str:
    return f"{_verb(leg)} {leg.quantity} {leg.symbol.words}"

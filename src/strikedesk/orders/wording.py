"""What a person is shown before an order leaves: written here, the same bytes on every path.

Law: a pure function of what the ledger keeps. Every word is ours, every value is one that was
parsed, and what a broker named (an account) comes as plain ASCII or as question marks: nothing in
it can begin a line or turn one around.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.by_value import shares_for
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Json, OrderRecord, PreviewRecord, TicketKind
from strikedesk.domain.money import CENT, price_and_effect, to_cents
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.trading_hours import in_words
from strikedesk.orders.binding import binding_of
from strikedesk.orders.showing import amount_in, shown_beside

_STRANGE: Final = re.compile(r"[^A-Za-z0-9 ._-]", re.ASCII)
_NAME_MAX: Final = 40
_NAME_GROUP: Final = 4
_DOES: Final = {
    TicketKind.PLACE: "PLACE this order",
    TicketKind.REPLACE: "REPLACE a working order by this one",
    TicketKind.CANCEL: "CANCEL this working order",
}
_TOGETHER: Final = {
    GroupKind.OCO: "one of them cancels the other",
    GroupKind.OTO: "order 2 begins once order 1 has filled",
    GroupKind.OTOCO: "orders 2 and 3 begin once order 1 has filled, one of them cancels the other",
}


def short_name(record: OrderRecord, others: Sequence[OrderRecord] = ()) -> str:
    """Return the name of an order, or a group, in a few letters: the head of the hash over it."""
    head = binding_of(record, others)[: 3 * _NAME_GROUP].upper()
    return "-".join(head[i : i + _NAME_GROUP] for i in range(0, len(head), _NAME_GROUP))


def digest_of(text: str) -> str:
    """Return the SHA-256 of what was shown, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def words_of(preview: PreviewRecord, expires_at: datetime) -> str:
    """Return what the owner is asked about this preview."""
    return f"{order_in_words(preview)}\nExpires: {expires_at:%Y-%m-%d %H:%M:%S} UTC"


def order_in_words(preview: PreviewRecord) -> str:
    """Return what confirming this preview does, or did."""
    record = preview.record
    lines = [
        f"{record.environment.value.upper()}: {_does(preview)}",
        f"Name: {short_name(record, preview.others)}",
        f"Broker: {_name(record.broker)}",
        f"Account: {_name(record.account_handle)} (number ends in {_name(record.account_id[-4:])})",
        *_target(record),
        *(_group(preview) if record.group_id is not None else _order(record.order)),
        *([] if record.kind is TicketKind.CANCEL else _about(record.order, preview.shown)),
        *([] if record.kind is TicketKind.CANCEL else _figures(preview.shown)),
    ]
    return "\n".join(lines)


def _does(preview: PreviewRecord) -> str:
    record = preview.record
    if record.group_kind is None:
        return _DOES[record.kind]
    kind = record.group_kind
    return f"PLACE {len(preview.others) + 1} orders as one group ({kind.value}): {_TOGETHER[kind]}"


def _group(preview: PreviewRecord) -> list[str]:
    """Every order of a group under its place, each with what it does to cash by itself."""
    shown = [preview.shown, *shown_beside(preview.shown)]
    rows = (preview.record, *preview.others)
    lines: list[str] = []
    for place, (row, figures) in enumerate(zip(rows, shown, strict=True), start=1):
        lines.append(f"Order {place} of {len(rows)}:")
        lines += [f"  {line}" for line in _order(row.order)]
        lines.append(f"  Cash effect: {_usd(figures, 'cash_effect')}")
    return lines


def _target(record: OrderRecord) -> list[str]:
    if record.target_order_id is None:
        return []
    return [f"Acts on order: {_name(record.target_order_id)}"]


def _order(order: OrderRequest) -> list[str]:
    """Legs in the order of the canonical form, so that a row read back reads the same."""
    legs = sorted(order.legs, key=lambda leg: (leg.symbol.compact, leg.action.value))
    if order.value is not None:
        return [_for_value(legs[0], order.value), f"Good: {_time(order)}"]
    return [
        *(f"Leg {number}: {_leg(leg)}" for number, leg in enumerate(legs, start=1)),
        f"Price: {_price(order)}",
        f"Units: {order.units}",
        f"Good: {_time(order)}",
    ]


def _for_value(leg: Leg, value: Decimal) -> str:
    action = leg.action.value.replace("_", " ").upper()
    name = f"{leg.symbol.words} [{leg.symbol.compact}]"
    return f"{action} {name} for {to_cents(value):f} USD at the market, without a limit"


def _about(order: OrderRequest, shown: Mapping[str, Json]) -> list[str]:
    """Return how many shares an amount comes to, at the price that the preview showed."""
    net = amount_in(shown, "natural_net")
    if order.value is None or not isinstance(net, Decimal) or not net:
        return []
    price = abs(net)
    return [f"About: {shares_for(order.value, price):f} shares at {_amount(price)} USD"]


def _leg(leg: Leg) -> str:
    action = leg.action.value.replace("_", " ").upper()
    of = ("contract" if leg.is_option else "share") + ("" if leg.quantity == 1 else "s")
    return f"{action} {leg.quantity} {of} {leg.symbol.words} [{leg.symbol.compact}]"


def _price(order: OrderRequest) -> str:
    kind = order.order_type.value.replace("_", " ")
    stop = "" if order.stop_trigger is None else f", stop at {_amount(order.stop_trigger)}"
    if order.limit_net is None:
        return f"{kind}{stop}, without a limit"
    price, effect = price_and_effect(order.limit_net)
    return f"{kind}{stop}, {_amount(price)} {effect.value} net per share of one unit"


def _time(order: OrderRequest) -> str:
    until = "" if order.gtd_date is None else f" until {order.gtd_date.isoformat()}"
    hours = in_words(order.time_in_force)
    beyond = "" if hours is None else f", MAY TRADE OUTSIDE REGULAR HOURS: {hours}"
    return f"{order.time_in_force.value}{until}{beyond}"


def _figures(shown: Mapping[str, Json]) -> list[str]:
    age = amount_in(shown, "quote_age_s")
    told = f"{age:.1f} s old" if isinstance(age, Decimal) else "of unknown age"
    before, after = (_usd(shown, f"buying_power_{when}") for when in ("before", "after"))
    own = [
        f"Cash effect: {_usd(shown, 'cash_effect')}",
        f"Max loss: {_usd(shown, 'max_loss')}",
    ]
    return [
        *([] if shown_beside(shown) else own),
        f"Risk added to what is held: {_usd(shown, 'risk_added')}",
        f"Fees: {_usd(shown, 'fees')}",
        f"Buying power: {before} before, {after} after",
        f"Quotes: {told} at the preview",
    ]


def _usd(shown: Mapping[str, Json], name: str) -> str:
    amount = amount_in(shown, name)
    if amount == "unlimited":
        return "undefined"
    return "unknown" if amount is None else f"{to_cents(amount):f} USD"


def _amount(price: Decimal) -> str:
    """Return a price to the cent, or finer where it is."""
    short = price.quantize(CENT)
    return f"{short:f}" if short == price else f"{price.normalize():f}"


def _name(text: str) -> str:
    return _STRANGE.sub("?", text[:_NAME_MAX])

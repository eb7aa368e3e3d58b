"""Reading an order from a request, strictly: what cannot be read is refused by its field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.sandbox.notes import ComplexKind
from strikedesk.sandbox.orders.faults import fault_of
from strikedesk.sandbox.ratio import COMPARATORS, Ratio
from strikedesk.sandbox.refusal import Fault, Refusal
from strikedesk.sandbox.spelling import EQUITY, EQUITY_OPTION, instrument_type

Document = Mapping[str, object]

_NOTIONAL: Final = "Notional Market"
ORDER_TYPES: Final = {
    "Limit": OrderType.LIMIT,
    "Marketable Limit": OrderType.MARKETABLE_LIMIT,
    "Market": OrderType.MARKET,
    "Stop": OrderType.STOP,
    "Stop Limit": OrderType.STOP_LIMIT,
    _NOTIONAL: OrderType.NOTIONAL_MARKET,
}
TIMES_IN_FORCE: Final = {
    "Day": TimeInForce.DAY,
    "GTC": TimeInForce.GTC,
    "GTD": TimeInForce.GTD,
    "IOC": TimeInForce.IOC,
    "Ext": TimeInForce.EXT,
    "GTC Ext": TimeInForce.GTC_EXT,
    "Ext Overnight": TimeInForce.EXT_OVERNIGHT,
    "GTC Ext Overnight": TimeInForce.GTC_EXT_OVERNIGHT,
}
ACTIONS: Final = {
    "Buy to Open": Action.BUY_TO_OPEN,
    "Sell to Open": Action.SELL_TO_OPEN,
    "Buy to Close": Action.BUY_TO_CLOSE,
    "Sell to Close": Action.SELL_TO_CLOSE,
}
_SIGNS: Final = {"Debit": 1, "Credit": -1, "None": 0}
# Of an amount that goes against its leg: a purchase brings no credit, a sale costs nothing.
_WRONG_WAY: Final = {
    -1: Fault("cant_buy_for_credit", "You cannot buy for a credit."),
    1: Fault("cant_sell_for_debit", "You cannot sell for a debit."),
}
_DEPRECATED: Final = "BLAST"
_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order as a client wrote it. `legs` None = those of the order that it is to replace.

    Those of an order by value are written without quantities.
    """

    order_type: str
    time_in_force: str
    price: Decimal | None
    price_effect: str | None
    stop_trigger: Decimal | None
    gtc_date: date | None
    legs: tuple[Leg, ...] | None
    strict: bool
    external_identifier: str | None
    source: str | None
    value: Decimal | None = None
    value_effect: str | None = None

    @property
    def limit_net(self) -> Decimal | None:
        """The price as the venue has it: + paid, - received.

        Raises:
            Refusal: 422, where the price has no direction.
        """
        if self.price is None:
            return None
        sign = _SIGNS.get(self.price_effect or "None", 0)
        if self.price and not sign:
            raise Refusal.of_order([_missing_effect("price")])
        return self.price * sign

    def request(self, account_id: str, legs: Sequence[Leg] | None = None) -> OrderRequest:
        """Return the order as the venue takes it.

        Raises:
            Refusal: 422, with the rule that its form breaks.
        """
        own = tuple(legs if legs is not None else self.legs or ())
        self._check_value(own)
        try:
            return OrderRequest(
                account_id=account_id,
                legs=own,
                order_type=ORDER_TYPES[self.order_type],
                limit_net=self.limit_net,
                stop_trigger=self.stop_trigger,
                time_in_force=TIMES_IN_FORCE[self.time_in_force],
                gtd_date=self.gtc_date,
                value=self.value,
            )
        except Denied as denied:
            raise Refusal.of_order([fault_of(denied)]) from None

    def _check_value(self, legs: Sequence[Leg]) -> None:
        """Refuse an amount without its direction, and one that goes against the leg's."""
        if self.value is None or not legs:
            return
        sign = _SIGNS.get(self.value_effect or "None", 0)
        if not sign:
            raise Refusal.of_order([_missing_effect("value")])
        if sign != legs[0].action.sign:
            raise Refusal.of_order([_WRONG_WAY[sign]])


def read_document(body: bytes) -> Document:
    """Read a JSON object.

    Raises:
        Refusal: 400.
    """
    try:
        document: object = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refusal.of_parameter("The body", "is a JSON object")
    return cast("Document", document)


def read_order(document: Document) -> Wanted:
    """Read a new order.

    Raises:
        Refusal: 400 for what cannot be read, 422 for what this venue does not trade.
    """
    order_type = _choice(document, "order-type", ORDER_TYPES)
    time_in_force = _choice(document, "time-in-force", TIMES_IN_FORCE)
    if document.get("rules"):
        raise Refusal.of_order([_not_here("Order rules")])
    return Wanted(
        order_type=order_type,
        time_in_force=time_in_force,
        price=_number(document, "price"),
        price_effect=_optional_choice(document, "price-effect", _SIGNS),
        stop_trigger=_number(document, "stop-trigger"),
        gtc_date=_day(document, "gtc-date"),
        legs=_legs(document, by_value=order_type == _NOTIONAL),
        strict=_strict(document),
        external_identifier=_text(document, "external-identifier"),
        source=_text(document, "source"),
        value=_number(document, "value"),
        value_effect=_optional_choice(document, "value-effect", _SIGNS),
    )


def read_change(document: Document, standing: Wanted) -> Wanted:
    """Read a change of an order: what it does not name stays as it is.

    Raises:
        Refusal: 400, 422.
    """
    named: dict[str, object] = {
        "order-type": standing.order_type,
        "time-in-force": standing.time_in_force,
        "price": standing.price,
        "price-effect": standing.price_effect,
        "stop-trigger": standing.stop_trigger,
        "gtc-date": standing.gtc_date and standing.gtc_date.isoformat(),
        "value": standing.value,
        "value-effect": standing.value_effect,
        "legs": [],
    }
    changed = read_order({**named, **{k: v for k, v in document.items() if v is not None}})
    return replace(changed, legs=changed.legs or None)


def orders_of(document: Document) -> list[Document]:
    """Return the orders of a complex one, but for its trigger.

    Raises:
        Refusal: 400.
    """
    given = document.get("orders")
    if not isinstance(given, list) or not all(
        isinstance(each, dict) for each in cast("list[object]", given)
    ):
        raise Refusal.of_parameter("orders", "is a list of orders")
    return cast("list[Document]", given)


def trigger_of(document: Document) -> Document | None:
    """Return the trigger of a complex order, if it has one.

    Raises:
        Refusal: 400.
    """
    given = document.get("trigger-order")
    if given is not None and not isinstance(given, dict):
        raise Refusal.of_parameter("trigger-order", "is an order")
    return cast("Document | None", given)


def kind_of(document: Document) -> ComplexKind:
    """Return what kind of complex order is wanted.

    Raises:
        Refusal: 400, 422.
    """
    kind = _choice(document, "type", {*ComplexKind.__members__, _DEPRECATED})
    if kind == _DEPRECATED:
        raise Refusal.of_order([_not_here(f"{kind} orders")])
    return ComplexKind[kind]


def read_ratio(document: Document, standing: Ratio | None = None) -> Ratio:
    """Read what a pair waits for; what is not named stays as in `standing`.

    Raises:
        Refusal: 400.
    """
    named = {**({} if standing is None else standing.told()), **document}
    threshold = _number(named, "ratio-price-threshold")
    if not threshold:
        raise Refusal.of_parameter("ratio-price-threshold", "is a number above 0")
    on_notional = named.get("ratio-price-is-threshold-based-on-notional", False)
    if not isinstance(on_notional, bool):
        raise Refusal.of_parameter("ratio-price-is-threshold-based-on-notional", "is true or false")
    return Ratio(
        comparator=_choice(named, "ratio-price-comparator", COMPARATORS),
        threshold=threshold,
        on_notional=on_notional,
    )


def _legs(document: Document, *, by_value: bool) -> tuple[Leg, ...]:
    given = document.get("legs")
    if not isinstance(given, list):
        raise Refusal.of_parameter("legs", "is a list of legs")
    legs = cast("list[object]", given)
    return tuple(
        _leg(cast("Document", leg), by_value=by_value) for leg in legs if isinstance(leg, dict)
    )


def _leg(document: Document, *, by_value: bool) -> Leg:
    kind = _choice(document, "instrument-type", {EQUITY, EQUITY_OPTION})
    symbol = _symbol(document)
    if instrument_type(symbol) != kind:
        raise Refusal.of_parameter("instrument-type", "is the type of the leg's symbol")
    action = ACTIONS[_choice(document, "action", ACTIONS)]
    quantity = _quantity(document, by_value=by_value)
    try:
        return Leg(symbol=symbol, action=action, quantity=quantity)
    except Denied as denied:
        raise Refusal.of_order([fault_of(denied)]) from None


def _quantity(document: Document, *, by_value: bool) -> int:
    """Return how many of a leg; of an order by value there is one amount, and no quantity."""
    quantity = _number(document, "quantity")
    if by_value and quantity is None:
        return 1
    if by_value:
        raise Refusal.of_order([Fault("invalid_quantity", "A notional leg has no quantity.")])
    if quantity is None or quantity != quantity.to_integral_value():
        raise Refusal.of_order([Fault("invalid_quantity", "A quantity is a whole number.")])
    return int(quantity)


def _symbol(document: Document) -> Symbol:
    text = _text(document, "symbol") or ""
    try:
        return parse_symbol(text)
    except Denied as denied:
        raise Refusal.of_order([fault_of(denied)]) from None


def _strict(document: Document) -> bool:
    instructions = document.get("advanced-instructions")
    if not isinstance(instructions, dict):
        return False
    given = cast("Document", instructions)
    return given.get("strict-position-effect-validation") is True


def _choice(document: Document, name: str, choices: Mapping[str, object] | set[str]) -> str:
    given = document.get(name)
    if not isinstance(given, str) or given not in choices:
        raise Refusal.of_parameter(name, f"is one of {', '.join(sorted(choices))}")
    return given


def _optional_choice(document: Document, name: str, choices: Mapping[str, object]) -> str | None:
    return None if document.get(name) is None else _choice(document, name, choices)


def _text(document: Document, name: str) -> str | None:
    given = document.get(name)
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > _TEXT_MAX:
        raise Refusal.of_parameter(name, f"is a text of at most {_TEXT_MAX} characters")
    return given


def _number(document: Document, name: str) -> Decimal | None:
    """Read a number that is not negative, given as one or as a text."""
    given = document.get(name)
    if given is None:
        return None
    try:
        number = Decimal(given) if isinstance(given, int | str | Decimal) else None
    except InvalidOperation:
        number = None
    if number is None or isinstance(given, bool) or not number.is_finite() or number < 0:
        raise Refusal.of_parameter(name, "is a number, 0 or more")
    return number


def _day(document: Document, name: str) -> date | None:
    given = document.get(name)
    try:
        return None if given is None else date.fromisoformat(str(given))
    except ValueError:
        raise Refusal.of_parameter(name, "is a date, as 2026-05-01") from None


def _not_here(what: str) -> Fault:
    return Fault("not_supported", f"{what} are not traded on this simulated venue.")


def _missing_effect(of: str) -> Fault:
    return Fault(f"{of}_effect_required", f"Say Debit or Credit in {of}-effect.")


def _no_number(_: str) -> None:
    raise ValueError

"""What the order tools are given: the words of an order, and the orders of a group.

Their words are told by preview_order; where another tool is given none of them it refuses with all.
"""

from dataclasses import replace
from typing import Annotated, Final, TypeAlias, TypeVar, cast

from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.orders.draft import Terms
from strikedesk.server.arguments import (
    DATE,
    LEGS,
    LIST_TEXT_MAX,
    PRICE,
    Argument,
    choice,
    items_of,
    refused,
)
from strikedesk.server.json_text import read_json
from strikedesk.server.schemas import TEXT, Schema

T = TypeVar("T")

GROUP_MIN: Final = 2
GROUP_MAX: Final = 3


def _orders(value: object, name: str) -> tuple[Terms, ...]:
    items = items_of(value, commas=False)
    if items is None or not GROUP_MIN <= len(items) <= GROUP_MAX:
        raise refused(name, f"{GROUP_MIN} to {GROUP_MAX} orders", value)
    return tuple(_terms(item, f"{name}[{index}]") for index, item in enumerate(items))


def _terms(value: object, name: str) -> Terms:
    given: object = read_json(value, LIST_TEXT_MAX) if isinstance(value, str) else value
    parts = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    _check_counted(parts)
    if "legs" not in parts or not parts.keys() <= _TERMS.keys():
        raise refused(name, f"legs, and any of {', '.join([*_TERMS][1:])}", value)
    return Terms(
        legs=LEGS.read(parts["legs"], f"{name}.legs"),
        order_type=_told(_ORDER_TYPE, parts, name, "order_type") or OrderType.LIMIT,
        price=_told(PRICE, parts, name, "price"),
        price_effect=_told(_EFFECT, parts, name, "price_effect"),
        stop_trigger=_told(PRICE, parts, name, "stop_trigger"),
        time_in_force=_told(_FORCE, parts, name, "time_in_force") or TimeInForce.DAY,
        gtd_date=_told(DATE, parts, name, "gtd_date"),
    )


def _check_counted(parts: dict[str, object]) -> None:
    """Refuse an amount by its own rule: another reason would be mended into an argument of none."""
    if "value" in parts or parts.get("order_type") == OrderType.NOTIONAL_MARKET.value:
        rule = "an_order_by_value_is_of_no_group"
        raise Denied(Reason.INVALID_ORDER, rule=rule, instead="preview_order, for it alone")


def _told(argument: Argument[T], parts: dict[str, object], name: str, part: str) -> T | None:
    given = parts.get(part)
    return None if given is None else argument.read(given, f"{name}.{part}")


_ORDER_TYPE: Final = choice(OrderType)
_EFFECT: Final = choice(PriceEffect)
_FORCE: Final = choice(TimeInForce)
_TERMS: Final[dict[str, Schema]] = {
    "legs": LEGS.schema,
    "order_type": _ORDER_TYPE.schema,
    "price": PRICE.schema,
    "price_effect": _EFFECT.schema,
    "stop_trigger": PRICE.schema,
    "time_in_force": _FORCE.schema,
    "gtd_date": DATE.schema,
}
# The words and ranges of each are told by preview_order.
_TERMS_SCHEMA: Final[Schema] = {
    "type": "object",
    "properties": {name: {"type": schema["type"]} for name, schema in _TERMS.items()},
    "required": ["legs"],
    "additionalProperties": False,
}

OrdersOfGroup: TypeAlias = Annotated[
    tuple[Terms, ...],
    Argument(
        _orders, {"type": "array", "items": _TERMS_SCHEMA, "minItems": 2, "maxItems": GROUP_MAX}
    ),
]
KindOfGroup: TypeAlias = Annotated[GroupKind, choice(GroupKind)]
TypeOfOrder: TypeAlias = Annotated[OrderType, _ORDER_TYPE]
Effect: TypeAlias = Annotated[PriceEffect, _EFFECT]
EffectWord: TypeAlias = Annotated[PriceEffect, replace(_EFFECT, schema=TEXT)]
Force: TypeAlias = Annotated[TimeInForce, _FORCE]
ForceWord: TypeAlias = Annotated[TimeInForce, replace(_FORCE, schema=TEXT)]

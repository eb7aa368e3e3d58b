"""Nested option chains as tastytrade tells them: thousands of strikes, so they stay plain dicts."""

from typing import Annotated, Final, TypeAlias

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from strikedesk.brokers.tastytrade.payloads.fields import Day, Number, Payload, Whole, Words

# What is looked at of a strike; the rest of it never becomes an object.
_STRIKE: Final = core_schema.typed_dict_schema(
    {
        name: core_schema.typed_dict_field(core_schema.any_schema(), required=False)
        for name in ("strike-price", "call", "put")
    },
    extra_behavior="ignore",
)
StrikeTold: TypeAlias = Annotated[
    dict[str, object], GetPydanticSchema(lambda _kind, _next: _STRIKE)
]


class TickTold(Payload):
    """A step of prices, below a threshold; the last has none."""

    threshold: Number = None
    value: Number = None


class DeliverableTold(Payload):
    """What one contract delivers."""

    symbol: Words = None
    instrument_type: Words = None
    deliverable_type: Words = None
    amount: Number = None
    percent: Number = None


class ExpirationTold(Payload):
    """One expiration of one root."""

    expiration_date: Day = None
    expiration_type: Words = None
    days_to_expiration: Whole = None
    settlement_type: Words = None
    strikes: tuple[StrikeTold, ...] = ()


class ChainTold(Payload):
    """The chain of one root; an underlying has several (SPX and SPXW, adjusted ones)."""

    underlying_symbol: Words = None
    root_symbol: Words = None
    option_chain_type: Words = None
    shares_per_contract: Whole = None
    tick_sizes: tuple[TickTold, ...] = ()
    deliverables: tuple[DeliverableTold, ...] = ()
    expirations: tuple[ExpirationTold, ...] = ()

"""Instruments as tastytrade tells them, one at a time: the kinds share most of their fields."""

from strikedesk.brokers.tastytrade.payloads.chains import TickTold
from strikedesk.brokers.tastytrade.payloads.fields import (
    Flag,
    Moment,
    Number,
    Payload,
    Words,
)


class InstrumentTold(Payload):
    """A share, an option, a future, an option on one or a coin; a kind lacks what others have."""

    description: Words = None
    underlying_symbol: Words = None
    is_etf: Flag = None
    is_index: Flag = None
    is_closing_only: Flag = None
    is_fractional_quantity_eligible: Flag = None
    overnight_trading_permitted: Flag = None
    halted_at: Moment = None
    stops_trading_at: Moment = None
    exercise_style: Words = None
    settlement_type: Words = None
    shares_per_contract: Number = None
    notional_multiplier: Number = None
    notional_value: Number = None
    display_factor: Number = None
    tick_size: Number = None
    tick_sizes: tuple[TickTold, ...] = ()
    option_tick_sizes: tuple[TickTold, ...] = ()
    lendability: Words = None
    borrow_rate: Number = None

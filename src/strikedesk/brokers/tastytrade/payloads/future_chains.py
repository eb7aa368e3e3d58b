"""Nested chains of options on futures as tastytrade tells them."""

from strikedesk.brokers.tastytrade.payloads.chains import TickTold
from strikedesk.brokers.tastytrade.payloads.fields import Day, Moment, Number, Payload, Words


class FutureStrikeTold(Payload):
    """One strike; some lack the names that a stream wants, and nobody here reads those."""

    strike_price: Number = None
    call: Words = None
    put: Words = None


class FutureExpirationTold(Payload):
    """One expiration of the options on one future."""

    underlying_symbol: Words = None
    option_root_symbol: Words = None
    expiration_date: Day = None
    settlement_type: Words = None
    notional_value: Number = None
    display_factor: Number = None
    strike_factor: Number = None
    stops_trading_at: Moment = None
    tick_sizes: tuple[TickTold, ...] = ()
    strikes: tuple[FutureStrikeTold, ...] = ()


class FutureRootTold(Payload):
    """The expirations of one product of futures."""

    exercise_style: Words = None
    expirations: tuple[FutureExpirationTold, ...] = ()


class FutureChainTold(Payload):
    """The chain of a product; its futures are told beside, and read one by one elsewhere."""

    option_chains: tuple[FutureRootTold, ...] = ()

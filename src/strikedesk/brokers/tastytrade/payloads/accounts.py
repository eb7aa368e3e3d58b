"""Accounts, their state and their books as tastytrade tells them."""

from strikedesk.brokers.tastytrade.payloads.fields import (
    Day,
    Flag,
    Moment,
    Number,
    Payload,
    Whole,
    Words,
)


class AccountTold(Payload):
    """An account."""

    account_number: Words = None
    account_type_name: Words = None
    nickname: Words = None
    opened_at: Moment = None
    is_closed: Flag = None
    is_firm_error: Flag = None
    is_firm_proprietary: Flag = None
    is_futures_approved: Flag = None
    day_trader_status: Flag = None
    margin_or_cash: Words = None
    suitable_options_level: Words = None


class CustomerTold(Payload):
    """The linked user. Of all that the broker tells of a person this is what is taken in."""

    is_professional: Flag = None
    has_delayed_quotes: Flag = None


class OwnedTold(Payload):
    """An account, and what the linked user may do in it."""

    account: AccountTold
    authority_level: Words = None


class SizesTold(Payload):
    """How much one order of an account may ask for: shares, and contracts."""

    equity_order_size: Whole = None
    equity_option_order_size: Whole = None


class WorthTold(Payload):
    """What an account was worth in an interval, at its end; `time` is in a style of its own."""

    total_close: Number = None
    time: Words = None


class TransactionTold(Payload):
    """One line of an account's book; amounts are magnitudes, each with its effect."""

    id: Words = None
    account_number: Words = None
    transaction_type: Words = None
    transaction_sub_type: Words = None
    description: Words = None
    action: Words = None
    instrument_type: Words = None
    symbol: Words = None
    underlying_symbol: Words = None
    quantity: Number = None
    price: Number = None
    value: Number = None
    value_effect: Words = None
    net_value: Number = None
    net_value_effect: Words = None
    regulatory_fees: Number = None
    regulatory_fees_effect: Words = None
    clearing_fees: Number = None
    clearing_fees_effect: Words = None
    commission: Number = None
    commission_effect: Words = None
    proprietary_index_option_fees: Number = None
    proprietary_index_option_fees_effect: Words = None
    other_charge: Number = None
    other_charge_effect: Words = None
    is_estimated_fee: Flag = None
    order_id: Words = None
    exec_id: Words = None
    leg_count: Whole = None
    currency: Words = None
    transaction_date: Day = None
    executed_at: Moment = None
    created_at: Moment = None


class MarginRatesTold(Payload):
    """What is asked for holding an underlying: fractions of its value; the floor in USD."""

    underlying_symbol: Words = None
    long_equity_initial: Number = None
    long_equity_maintenance: Number = None
    short_equity_initial: Number = None
    short_equity_maintenance: Number = None
    naked_option_standard: Number = None
    naked_option_minimum: Number = None
    naked_option_floor: Number = None


class RateTold(Payload):
    """The yearly rate that margin is reckoned with, a fraction."""

    risk_free_rate: Number = None


class MarginGroupTold(Payload):
    """What is asked for one underlying; magnitudes, each with its effect."""

    underlying_symbol: Words = None
    code: Words = None
    margin_requirement: Number = None
    margin_requirement_effect: Words = None
    maintenance_requirement: Number = None
    maintenance_requirement_effect: Words = None


class MarginTold(Payload):
    """What is asked for all that an account holds. A group may be an empty object."""

    margin_requirement: Number = None
    margin_requirement_effect: Words = None
    maintenance_requirement: Number = None
    maintenance_requirement_effect: Words = None
    groups: tuple[MarginGroupTold, ...] = ()
    last_state_timestamp: Moment = None


class StatusTold(Payload):
    """What an account may do at the moment."""

    is_closed: Flag = None
    is_frozen: Flag = None
    is_closing_only: Flag = None
    is_risk_reducing_only: Flag = None
    is_in_margin_call: Flag = None
    options_level: Words = None
    short_calls_enabled: Flag = None


class BalanceTold(Payload):
    """What an account is worth, in one currency; magnitudes."""

    currency: Words = None
    cash_balance: Number = None
    net_liquidating_value: Number = None
    equity_buying_power: Number = None
    derivative_buying_power: Number = None
    maintenance_requirement: Number = None
    maintenance_excess: Number = None
    maintenance_call_value: Number = None
    reg_t_call_value: Number = None
    long_equity_value: Number = None
    long_derivative_value: Number = None
    short_equity_value: Number = None
    short_derivative_value: Number = None
    updated_at: Moment = None


class SnapshotTold(BalanceTold):
    """What an account was worth at a time of a day: `BOD`, `EOD` or `Intraday`."""

    snapshot_date: Day = None
    time_of_day: Words = None


class PositionTold(Payload):
    """Something held. Its sign is `quantity_direction`; `cost_effect` is that of closing it."""

    symbol: Words = None
    underlying_symbol: Words = None
    instrument_type: Words = None
    quantity: Number = None
    quantity_direction: Words = None
    multiplier: Number = None
    average_open_price: Number = None
    close_price: Number = None
    mark_price: Number = None
    created_at: Moment = None
    updated_at: Moment = None

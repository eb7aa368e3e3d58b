"""Quotes and metrics as tastytrade tells them."""

from strikedesk.brokers.tastytrade.payloads.fields import (
    Day,
    Flag,
    Moment,
    Number,
    Payload,
    Whole,
    Words,
)


class QuoteTold(Payload):
    """A snapshot of one symbol's market. Sizes and volume may be fractions.

    Its marks, ranges, dates and halts nobody reads, and a hundred of these come at once.
    """

    symbol: Words = None
    instrument_type: Words = None
    updated_at: Moment = None
    bid: Number = None
    bid_size: Number = None
    ask: Number = None
    ask_size: Number = None
    last: Number = None
    prev_close: Number = None
    volume: Number = None
    open_interest: Number = None


class QuoteBesideTold(QuoteTold):
    """The same of a future, an option on one or a coin, whose mark is told on."""

    mark: Number = None


class ExpirationVolatilityTold(Payload):
    """Implied volatility of one expiration, a fraction."""

    expiration_date: Day = None
    option_chain_type: Words = None
    settlement_type: Words = None
    implied_volatility: Number = None


class EarningsTold(Payload):
    """The next report, or the last."""

    visible: Flag = None
    expected_report_date: Day = None
    estimated: Flag = None
    time_of_day: Words = None
    quarter_end_date: Day = None
    actual_eps: Number = None
    consensus_estimate: Number = None
    updated_at: Moment = None


class MetricsTold(Payload):
    """Figures of one underlying.

    Units: `implied_volatility_index*`, ranks, percentile and those per expiration are fractions;
    `implied_volatility_30_day`, `historical_volatility_*` and `iv_hv_30_day_difference` percents.
    """

    symbol: Words = None
    updated_at: Moment = None
    implied_volatility_index: Number = None
    implied_volatility_index_5_day_change: Number = None
    implied_volatility_index_rank: Number = None
    tos_implied_volatility_index_rank: Number = None
    tw_implied_volatility_index_rank: Number = None
    implied_volatility_percentile: Number = None
    implied_volatility_30_day: Number = None
    historical_volatility_30_day: Number = None
    historical_volatility_60_day: Number = None
    historical_volatility_90_day: Number = None
    iv_hv_30_day_difference: Number = None
    liquidity_rating: Whole = None
    liquidity_value: Number = None
    option_expiration_implied_volatilities: tuple[ExpirationVolatilityTold, ...] = ()
    beta: Number = None
    corr_spy_3month: Number = None
    dividend_rate_per_share: Number = None
    annual_dividend_per_share: Number = None
    dividend_yield: Number = None
    dividend_ex_date: Day = None
    dividend_next_date: Day = None
    dividend_pay_date: Day = None
    dividend_updated_at: Moment = None
    earnings: EarningsTold | None = None
    lendability: Words = None
    borrow_rate: Number = None
    market_cap: Number = None
    price_earnings_ratio: Number = None
    earnings_per_share: Number = None
    sector: Words = None
    industry: Words = None


class SessionTold(Payload):
    """One session of a market."""

    session_date: Day = None
    open_at: Moment = None
    close_at: Moment = None


class HolidaysTold(Payload):
    """The days on which the market is closed, and those on which it closes early."""

    market_holidays: tuple[Day, ...] = ()
    market_half_days: tuple[Day, ...] = ()

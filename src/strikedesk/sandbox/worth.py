"""What balances of now and snapshots of past days tell alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from strikedesk.domain.ledger import Json
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.exchange.accounts import NOTHING
from strikedesk.sandbox.wire import decimal, signed

USD: Final = "USD"
_VALUES: Final = ("long-equity", "short-equity", "long-derivative", "short-derivative")
# What this venue has none of: futures, coins, bonds, and calls that only a broker's staff make.
_ABSENT: Final = (
    "long-futures-value",
    "short-futures-value",
    "long-futures-derivative-value",
    "short-futures-derivative-value",
    "long-margineable-value",
    "short-margineable-value",
    "day-trading-buying-power",
    "futures-margin-requirement",
    "available-trading-funds",
    "reg-t-call-value",
    "day-trading-call-value",
    "day-equity-call-value",
    "long-cryptocurrency-value",
    "short-cryptocurrency-value",
    "cryptocurrency-margin-requirement",
    "equity-offering-margin-requirement",
    "long-bond-value",
    "bond-margin-requirement",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What an account comes to at an instant. Units: USD; `values` of shorts are negative."""

    cash: Decimal
    in_all: Decimal
    option_power: Decimal
    stock_power: Decimal
    required: Decimal
    excess: Decimal
    accrued: Decimal
    values: Mapping[Symbol, Decimal]


def told_worth(number: str, worth: Worth) -> dict[str, Json]:
    """Return the fields through `used-derivative-buying-power`."""
    power = max(worth.option_power, NOTHING)
    settled = max(min(worth.cash, power), NOTHING)
    return {
        "account-number": number,
        "currency": USD,
        "cash-balance": decimal(worth.cash),
        **_values(worth.values),
        **dict.fromkeys(_ABSENT, decimal(0)),
        "margin-equity": decimal(worth.in_all),
        "equity-buying-power": decimal(max(worth.stock_power, NOTHING)),
        "derivative-buying-power": decimal(power),
        "maintenance-requirement": decimal(worth.required),
        "maintenance-call-value": decimal(-min(worth.excess, NOTHING)),
        "net-liquidating-value": decimal(worth.in_all),
        "cash-available-to-withdraw": decimal(settled),
        "day-trade-excess": decimal(max(worth.excess, NOTHING)),
        **signed("pending-cash", worth.accrued),
        "unsettled-cryptocurrency-fiat-amount": decimal(0),
        "unsettled-cryptocurrency-fiat-effect": "None",
        "closed-loop-available-balance": decimal(settled),
        "used-derivative-buying-power": decimal(max(worth.in_all - power, NOTHING)),
    }


def _values(values: Mapping[Symbol, Decimal]) -> dict[str, Json]:
    """Return what is held by kind and direction, as magnitudes."""
    sums: dict[str, Decimal] = dict.fromkeys(_VALUES, NOTHING)
    for symbol, value in values.items():
        kind = "derivative" if isinstance(symbol, OptionSymbol) else "equity"
        sums[f"{'short' if value < 0 else 'long'}-{kind}"] += abs(value)
    return {f"{name}-value": decimal(amount) for name, amount in sums.items()}

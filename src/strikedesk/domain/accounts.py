"""Accounts, balances, positions and transactions, as any broker tells them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from strikedesk.domain.account_kinds import AccountKind, Environment, OptionLevel
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.value_class import value_class


@value_class
class Account:
    """An account. Tools know it by `handle`; `account_id` is the broker's own number.

    `repr` shows the masked number only, so that logs cannot tell it. Of `option_level`, `frozen`
    (takes no order) and `closing_only` (takes no order that opens), None = the broker did not say.
    """

    account_id: str = field(repr=False)
    handle: str
    nickname: str
    kind: AccountKind
    environment: Environment
    simulated: bool
    can_trade: bool = True
    option_level: OptionLevel | None = None
    frozen: bool | None = None
    closing_only: bool | None = None

    def __post_init__(self) -> None:
        """Let the number of a real account be known for what no output may hold."""
        if not self.simulated:
            Secret(self.account_id)

    @property
    def masked(self) -> str:
        """The number with all but its last four characters hidden."""
        return f"…{self.account_id[-4:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """What an account is worth. Units: USD; `None` = the broker did not say.

    `day_profit` is what prices, trades and dividends of this trading day brought since the close
    before it, before fees; it begins anew when the next session opens. `dividends_accrued` have
    gone ex and are not paid yet (negative where they are owed): they are part of `net_liquidation`
    and no part of `cash`; `dividends_paid` is the sum of those that were.
    `maintenance_excess` is what it has beyond what it must keep, negative where it lacks some;
    `in_margin_call` = the broker has asked for the difference and it is not there yet.
    """

    account_id: str = field(repr=False)
    as_of: datetime
    net_liquidation: Decimal | None = None
    cash: Decimal | None = None
    option_buying_power: Decimal | None = None
    stock_buying_power: Decimal | None = None
    maintenance_margin: Decimal | None = None
    maintenance_excess: Decimal | None = None
    in_margin_call: bool | None = None
    long_value: Decimal | None = None
    short_value: Decimal | None = None
    open_profit: Decimal | None = None
    realized_profit: Decimal | None = None
    day_profit: Decimal | None = None
    dividends_paid: Decimal | None = None
    dividends_accrued: Decimal | None = None
    fees_paid: Decimal | None = None


@value_class
class Position:
    """Something held.

    Units: `quantity` signed (+ long) in contracts or shares; prices USD per share;
    `market_value`, `open_profit` and `day_profit` in USD, signed; `None` where nothing quotes it.
    `day_profit` counts since the last close, what came or went today since its price, before fees.
    """

    account_id: str = field(repr=False)
    symbol: Symbol
    quantity: int
    multiplier: int
    average_price: Decimal
    opened_at: datetime | None = None
    mark: Decimal | None = None
    marked_at: datetime | None = None
    day_profit: Decimal | None = None

    @property
    def cost_basis(self) -> Decimal:
        """USD paid (+) or received (-) for what is held."""
        return self.average_price * self.quantity * self.multiplier

    @property
    def market_value(self) -> Decimal | None:
        """USD that the position is worth now, negative when short."""
        return None if self.mark is None else self.mark * self.quantity * self.multiplier

    @property
    def open_profit(self) -> Decimal | None:
        """USD gained (+) or lost (-) since it was opened, before fees."""
        value = self.market_value
        return None if value is None else value - self.cost_basis


def held_of(positions: Iterable[Position], symbol: Symbol) -> Position:
    """Return what is held of a symbol.

    Raises:
        Denied: POSITION_UNKNOWN, with a few of those that are held.
    """
    held = {position.symbol: position for position in positions}
    if symbol not in held:
        raise Denied(Reason.POSITION_UNKNOWN, symbol=symbol.compact, held=_few([*held]))
    return held[symbol]


def _few(symbols: Sequence[Symbol]) -> str:
    shown = ", ".join(symbol.compact for symbol in symbols[:5])
    return f"{shown} …" if len(symbols) > 5 else shown or "nothing"  # noqa: PLR2004 -- a short line


@dataclass(frozen=True, slots=True, kw_only=True)
class NetWorth:
    """What an account was worth at an instant, all that it owes taken off. Units: USD."""

    at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingBalances:
    """What an account was worth when the session of `day` closed; otherwise as `Balances`."""

    account_id: str = field(repr=False)
    day: date
    net_liquidation: Decimal | None = None
    cash: Decimal | None = None
    option_buying_power: Decimal | None = None
    stock_buying_power: Decimal | None = None
    maintenance_margin: Decimal | None = None
    maintenance_excess: Decimal | None = None
    long_value: Decimal | None = None
    short_value: Decimal | None = None
    dividends_accrued: Decimal | None = None


class TransactionKind(StrEnum):
    """Why cash or a position changed."""

    DEPOSIT = "deposit"
    TRADE = "trade"
    FEE = "fee"
    EXPIRATION = "expiration"
    ASSIGNMENT = "assignment"
    EXERCISE = "exercise"
    DIVIDEND = "dividend"
    SPLIT = "split"
    INTEREST = "interest"
    OTHER = "other"


@value_class
class Transaction:
    """One line of an account's book.

    Units: `cash_effect` USD, positive = in, fees inside it; `realized` USD of profit (+) or loss
    (-) that the line made final, before fees: summed over a day's lines it is that day's;
    `quantity` whole ones, and `fraction` what beside them came (+) or went (-) of a share: None
    where nothing did.
    """

    transaction_id: str
    account_id: str = field(repr=False)
    at: datetime
    kind: TransactionKind
    description: str
    cash_effect: Decimal
    symbol: Symbol | None = None
    quantity: int | None = None
    price: Decimal | None = None
    fees: Decimal | None = None
    order_id: str | None = None
    realized: Decimal | None = None
    fraction: Decimal | None = None

    @property
    def moved(self) -> int | Decimal | None:
        """Contracts or shares that came (+) or went (-), parts of one with them."""
        if self.fraction is None:
            return self.quantity
        return (self.quantity or 0) + self.fraction

    @property
    def day(self) -> date:
        """The UTC date of the line."""
        return self.at.date()

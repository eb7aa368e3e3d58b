"""A paper account: cash, what is held at what cost, fees and realised profit.

Law: cash + cost of what is held + fees paid - realised profit - deposits = 0, exactly, always.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from strikedesk.domain.account_kinds import HIGHEST_LEVEL, AccountKind, OptionLevel
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import OptionSymbol, Symbol

# Cost is split finer than a cent, so that a partial close leaves the average where it was.
COST_STEP: Final = Decimal("0.000001")
NOTHING: Final = Decimal(0)


def multiplier_of(symbol: Symbol) -> int:
    """Return the shares behind one unit of a symbol: 100 for a contract, 1 for a share."""
    return SHARES_PER_CONTRACT if isinstance(symbol, OptionSymbol) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What is held of one symbol. Units: `quantity` + long; `cost` USD, + paid, - received."""

    quantity: int
    cost: Decimal
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAccount:
    """An account as the exchange keeps it. Units: USD; a change makes a new value.

    `option_level` None = the highest of its kind. `intraday` = margin is looked at with every order
    and not at the close alone. `called` is what it lacked at the close that began a margin call.
    """

    account_id: str = field(repr=False)
    handle: str
    nickname: str
    kind: AccountKind
    cash: Decimal = NOTHING
    deposits: Decimal = NOTHING
    realized: Decimal = NOTHING
    fees: Decimal = NOTHING
    stakes: Mapping[Symbol, Stake] = field(default_factory=dict[Symbol, Stake])
    option_level: OptionLevel | None = None
    intraday: bool = False
    called: Decimal | None = None

    @property
    def level(self) -> OptionLevel:
        """What options it may open."""
        return self.option_level or HIGHEST_LEVEL[self.kind]

    @property
    def imbalance(self) -> Decimal:
        """What the law says is zero, USD."""
        cost = sum((stake.cost for stake in self.stakes.values()), NOTHING)
        return self.cash + cost + self.fees - self.realized - self.deposits

    def held(self, symbol: Symbol) -> int:
        """Return the signed quantity held, 0 when there is none."""
        stake = self.stakes.get(symbol)
        return 0 if stake is None else stake.quantity

    def deposited(self, amount: Decimal) -> "PaperAccount":
        """Return the account after `amount` USD came in."""
        return replace(self, cash=self.cash + amount, deposits=self.deposits + amount)

    def charged(self, fees: Decimal) -> "PaperAccount":
        """Return the account after paying `fees`."""
        return replace(self, cash=self.cash - fees, fees=self.fees + fees)

    def traded(
        self, symbol: Symbol, signed_quantity: int, price: Decimal, at: datetime
    ) -> "PaperAccount":
        """Return the account after buying (+) or selling (-) at `price`, before fees.

        What goes against the stake closes it and realises profit; what is left over opens anew.
        """
        unit = price * multiplier_of(symbol)
        before = self.stakes.get(symbol, Stake(quantity=0, cost=NOTHING, opened_at=at))
        closing = _closing_part(before.quantity, signed_quantity)
        released = _released(before, closing)
        after = Stake(
            quantity=before.quantity + signed_quantity,
            cost=before.cost - released + unit * (signed_quantity - closing),
            opened_at=at if closing == -before.quantity else before.opened_at,
        )
        stakes = {**self.stakes, symbol: after}
        if not after.quantity:
            del stakes[symbol]
        return replace(
            self,
            cash=self.cash - unit * signed_quantity,
            realized=self.realized - unit * closing - released,
            stakes=stakes,
        )


def average_price(symbol: Symbol, stake: Stake) -> Decimal:
    """Return the USD per share paid or received on average, positive."""
    price = stake.cost / (stake.quantity * multiplier_of(symbol))
    rounded = price.quantize(COST_STEP, rounding=ROUND_HALF_EVEN)
    return price if price == rounded else rounded


def _closing_part(held: int, signed_quantity: int) -> int:
    """Return the part of a trade that goes against what is held, with the trade's sign."""
    if held * signed_quantity >= 0:
        return 0
    size = min(abs(held), abs(signed_quantity))
    return size if signed_quantity > 0 else -size


def _released(before: Stake, closing: int) -> Decimal:
    """Return the cost that leaves with the closed part; all of it with the last."""
    if closing == -before.quantity:
        return before.cost
    share = before.cost * -closing / before.quantity
    return share.quantize(COST_STEP, rounding=ROUND_HALF_EVEN)

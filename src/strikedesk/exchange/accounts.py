"""A paper account: cash, what is held at what cost, fees, realised profit and dividends.

Law: cash + cost of what is held + fees paid - realised profit - dividends paid - deposits = 0,
exactly, always; parts of shares are held too. A dividend counts once it is paid; between its ex-day
and then it is a receivable, which is part of what the account is worth and no part of its cash.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Final

from strikedesk.domain.account_kinds import HIGHEST_LEVEL, AccountKind, OptionLevel
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.domain.value_class import value_class
from strikedesk.exchange.days import trading_day
from strikedesk.exchange.holdings import by_underlying, with_underlyings

# Cost is split finer than a cent, so that a partial close leaves the average where it was.
COST_STEP: Final = Decimal("0.000001")
NOTHING: Final = Decimal(0)


def multiplier_of(symbol: Symbol) -> int:
    """Return the shares behind one unit of a symbol: 100 for a contract, 1 for a share."""
    return SHARES_PER_CONTRACT if isinstance(symbol, OptionSymbol) else 1


@value_class
class Stake:
    """What is held of one symbol. Units: `quantity` + long; `cost` USD, + paid, - received."""

    quantity: int
    cost: Decimal
    opened_at: datetime


@value_class
class Piece:
    """A part of a share that is held, beside whole ones: see `fractions`.

    Units: `quantity` in shares, above 0 and below 1; `cost` USD paid.
    """

    quantity: Decimal
    cost: Decimal
    opened_at: datetime


@value_class
class Receivable:
    """A dividend that has gone ex and is not paid yet.

    Units: `amount` USD in all, negative where a short owes it; `shares` held when `day` opened.
    """

    underlying: str
    shares: int | Decimal
    per_share: Decimal
    amount: Decimal
    day: date
    pay_day: date


@value_class
class Move:
    """What came (+) or went (-) of one symbol on a day, and the USD paid (+) for it.

    What is traded by value comes and goes in parts of shares.
    """

    quantity: int | Decimal = 0
    amount: Decimal = NOTHING


NO_MOVE: Final = Move()


@value_class
class Today:
    """What happened since the session of `day` opened; `dividends` USD went ex that morning."""

    day: date
    moves: Mapping[Symbol, Move] = field(default_factory=dict[Symbol, Move])
    dividends: Decimal = NOTHING

    def with_move(self, symbol: Symbol, quantity: int | Decimal, amount: Decimal) -> "Today":
        """Return the day with one more move."""
        before = self.moves.get(symbol, NO_MOVE)
        after = Move(quantity=before.quantity + quantity, amount=before.amount + amount)
        moves = {**self.moves, symbol: after}
        return Today(day=self.day, moves=moves, dividends=self.dividends)

    def exchanged(
        self, stakes: Mapping[Symbol, Stake], changes: Mapping[Symbol, "Exchanged"]
    ) -> "Today":
        """Return the day counted in what a split made of the holdings."""
        moves: dict[Symbol, Move] = {}
        for symbol, move in self.moves.items():
            change = changes.get(symbol)
            if change is None:
                moves[symbol] = move
            else:
                counted = move.quantity * change.quantity / Decimal(stakes[symbol].quantity)
                moves[change.into] = replace(move, quantity=int(counted))
        return replace(self, moves=moves)


@value_class
class Exchanged:
    """What one holding becomes in a split.

    Units: `quantity` of `into`, with the holding's sign; `left` the part of a share that no whole
    one can be made of, and `cash` the USD paid for it.
    """

    into: Symbol
    quantity: int
    left: Decimal = NOTHING
    cash: Decimal = NOTHING


@value_class
class PaperAccount:
    """An account as the exchange keeps it. Units: USD; a change makes a new value.

    What every look at it asks of its stakes is worked out once.

    `option_level` None = the highest of its kind. `intraday` = margin is looked at with every order
    and not at the close alone. `called` is what it lacked at the close that began a margin call.
    `pieces` are parts of shares, held beside `stakes`: paid in full, so that nothing is lent on one
    and none is asked for.
    """

    account_id: str = field(repr=False)
    handle: str
    nickname: str
    kind: AccountKind
    cash: Decimal = NOTHING
    deposits: Decimal = NOTHING
    realized: Decimal = NOTHING
    fees: Decimal = NOTHING
    dividends: Decimal = NOTHING
    stakes: Mapping[Symbol, Stake] = field(default_factory=dict[Symbol, Stake])
    receivables: tuple[Receivable, ...] = ()
    today: Today | None = None
    option_level: OptionLevel | None = None
    intraday: bool = False
    called: Decimal | None = None
    pieces: Mapping[Symbol, Piece] = field(default_factory=dict[Symbol, Piece])

    @cached_property
    def level(self) -> OptionLevel:
        """What options it may open."""
        return self.option_level or HIGHEST_LEVEL[self.kind]

    @cached_property
    def quantities(self) -> Mapping[Symbol, int]:
        """What is held by symbol, + long."""
        return {symbol: stake.quantity for symbol, stake in self.stakes.items()}

    @cached_property
    def by_underlying(self) -> Mapping[str, Mapping[Symbol, int]]:
        """What is held by symbol, for each underlying."""
        return by_underlying(self.quantities)

    @cached_property
    def priced(self) -> AbstractSet[Symbol]:
        """What has to be quoted for it: what is held, and the underlyings that it follows."""
        return with_underlyings({*self.stakes, *self.pieces})

    @property
    def imbalance(self) -> Decimal:
        """What the law says is zero, USD."""
        held = (*self.stakes.values(), *self.pieces.values())
        cost = sum((each.cost for each in held), NOTHING)
        earned = self.realized + self.dividends
        return self.cash + cost + self.fees - earned - self.deposits

    @property
    def accrued(self) -> Decimal:
        """Dividends that have gone ex and are not paid yet, USD; negative where more are owed."""
        return sum((receivable.amount for receivable in self.receivables), NOTHING)

    def held(self, symbol: Symbol) -> int:
        """Return the signed quantity held, 0 when there is none; of shares the whole ones."""
        stake = self.stakes.get(symbol)
        return 0 if stake is None else stake.quantity

    def part(self, symbol: Symbol) -> Decimal:
        """Return the part of a share that is held beside whole ones, 0 when there is none."""
        piece = self.pieces.get(symbol)
        return NOTHING if piece is None else piece.quantity

    def deposited(self, amount: Decimal) -> "PaperAccount":
        """Return the account after `amount` USD came in."""
        return replace(self, cash=self.cash + amount, deposits=self.deposits + amount)

    def traded(
        self,
        symbol: Symbol,
        signed_quantity: int,
        price: Decimal,
        at: datetime,
        *,
        fees: Decimal = NOTHING,
    ) -> "PaperAccount":
        """Return the account after buying (+) or selling (-) at `price`, and paying `fees`."""
        amount = price * multiplier_of(symbol) * signed_quantity
        return self.moved(symbol, signed_quantity, amount, at, fees=fees)

    def moved(
        self,
        symbol: Symbol,
        signed_quantity: int,
        amount: Decimal,
        at: datetime,
        *,
        fees: Decimal = NOTHING,
    ) -> "PaperAccount":
        """Return the account after `amount` USD was paid (+) for what came (+), and `fees`.

        What goes against the stake closes it and realises profit; what is left over opens anew.
        """
        before = self.stakes.get(symbol) or Stake(quantity=0, cost=NOTHING, opened_at=at)
        closing = _closing_part(before.quantity, signed_quantity)
        for_closing = _part(amount, closing, signed_quantity)
        released = _released(before, closing)
        after = Stake(
            quantity=before.quantity + signed_quantity,
            cost=before.cost - released + amount - for_closing,
            opened_at=at if closing == -before.quantity else before.opened_at,
        )
        stakes = {**self.stakes, symbol: after}
        if not after.quantity:
            del stakes[symbol]
        return replace(
            self,
            cash=self.cash - amount - fees,
            fees=self.fees + fees,
            realized=self.realized - for_closing - released,
            stakes=stakes,
            today=self.day_of(at).with_move(symbol, signed_quantity, amount),
        )

    def exchanged(self, changes: Mapping[Symbol, Exchanged]) -> "PaperAccount":
        """Return the account after a split, all its holdings at once; costs stay as they are.

        Cash for the part of a share that is left over realises profit against its part of the cost.
        """
        stakes: dict[Symbol, Stake] = {}
        cash = released = NOTHING
        for symbol, stake in self.stakes.items():
            change = changes.get(symbol, Exchanged(into=symbol, quantity=stake.quantity))
            left = _left_cost(stake, change)
            cash, released = cash + change.cash, released + left
            if change.quantity:
                stakes[change.into] = replace(
                    stake, quantity=change.quantity, cost=stake.cost - left
                )
        return replace(
            self,
            cash=self.cash + cash,
            realized=self.realized + cash - released,
            stakes=stakes,
            today=None if self.today is None else self.today.exchanged(self.stakes, changes),
        )

    def went_ex(self, receivable: Receivable, at: datetime) -> "PaperAccount":
        """Return the account that is owed a dividend from `at` on, or owes it."""
        today = self.day_of(at)
        return replace(
            self,
            receivables=(*self.receivables, receivable),
            today=replace(today, dividends=today.dividends + receivable.amount),
        )

    def paid(self, receivable: Receivable) -> "PaperAccount":
        """Return the account after a dividend was paid."""
        rest = list(self.receivables)
        rest.remove(receivable)
        return replace(
            self,
            cash=self.cash + receivable.amount,
            dividends=self.dividends + receivable.amount,
            receivables=tuple(rest),
        )

    def since_open(self, at: datetime) -> Today | None:
        """Return what happened on the trading day of `at`, or None where nothing did."""
        today = self.today
        return today if today is not None and today.day == trading_day(at).day else None

    def day_of(self, at: datetime) -> Today:
        """Return the trading day of `at` as it stands, a new one where nothing happened yet."""
        return self.since_open(at) or Today(day=trading_day(at).day)


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


def _part(amount: Decimal, closing: int, signed_quantity: int) -> Decimal:
    """Return the part of an amount that is for what closes."""
    if closing in {0, signed_quantity}:
        return amount if closing else NOTHING
    share = amount * closing / signed_quantity
    return share.quantize(COST_STEP, rounding=ROUND_HALF_EVEN)


def _left_cost(stake: Stake, change: Exchanged) -> Decimal:
    """Return the cost of the part of a share that a split leaves over."""
    if not change.left or not change.quantity:
        return NOTHING if change.quantity else stake.cost
    share = stake.cost * change.left / (change.quantity + change.left)
    return share.quantize(COST_STEP, rounding=ROUND_HALF_EVEN)

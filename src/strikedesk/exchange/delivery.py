"""How a contract leaves an account: worthless, settled in cash, or into shares at its strike.

A cash account that lacks the cash to take delivery, or the shares to give, has its long option
sold out at its intrinsic value instead, as brokers do.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from strikedesk.domain.accounts import AccountKind, Transaction, TransactionKind
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.money import CENT, SHARES_PER_CONTRACT
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.domain.terms import Terms
from strikedesk.exchange.accounts import COST_STEP, NOTHING, PaperAccount
from strikedesk.exchange.fees import Product, load_schedule
from strikedesk.exchange.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A held contract at its end, or before it where `early`.

    Units: `quantity` + long; `settled_at` USD per share of the underlying.
    """

    account_id: str
    contract: OptionSymbol
    terms: Terms
    quantity: int
    settled_at: Decimal
    early: bool = False

    @property
    def intrinsic(self) -> Decimal:
        """What it is worth now, never below nothing, as its premium counts: a hundredth of it.

        An adjusted contract delivers its own number of shares for a hundred times the strike.
        """
        strike = self.contract.strike
        value = self.settled_at * self.terms.shares / SHARES_PER_CONTRACT
        inside = value - strike if self.contract.right is Right.CALL else strike - value
        return max(inside, NOTHING)

    @property
    def shares(self) -> int:
        """Shares that change hands when it is delivered, + into the account."""
        return self._sign * self.terms.shares

    @property
    def price_of_shares(self) -> Decimal:
        """What is paid for them, USD, negative where it is received."""
        return self._sign * self.contract.strike * SHARES_PER_CONTRACT

    @property
    def kind(self) -> TransactionKind:
        """Whether the account exercises it or is assigned."""
        return TransactionKind.EXERCISE if self.quantity > 0 else TransactionKind.ASSIGNMENT

    @property
    def _sign(self) -> int:
        return self.quantity if self.contract.right is Right.CALL else -self.quantity


def leave(world: World, ending: Ending, at: datetime) -> None:
    """Take a contract out of its account, by its worth and its terms."""
    fees = fees_of(world, ending, at)
    if ending.intrinsic < CENT:
        _remove(world, ending, at, kind=TransactionKind.EXPIRATION)
    elif ending.terms.in_cash:
        _remove(world, ending, at, kind=ending.kind, price=ending.intrinsic, fees=fees)
    elif can_deliver(world.accounts[ending.account_id], ending, fees):
        _remove(world, ending, at, kind=ending.kind)
        _deliver(world, ending, at, fees)
    else:
        _remove(world, ending, at, kind=TransactionKind.EXPIRATION, price=ending.intrinsic)


def can_deliver(account: PaperAccount, ending: Ending, fees: Decimal) -> bool:
    """Whether the account has what it must give: only a long option of a cash account can lack it.

    A short option, and any option of a margin account, is delivered come what may.
    """
    if account.kind is AccountKind.MARGIN or ending.quantity < 0:
        return True
    if ending.shares < 0:
        return account.held(EquitySymbol(ending.contract.underlying)) >= -ending.shares
    return account.cash >= ending.price_of_shares + fees


def fees_of(world: World, ending: Ending, at: datetime) -> Decimal:
    """Return what exercise, assignment or cash settlement costs, USD."""
    product = Product.INDEX_OPTION if ending.terms.in_cash else Product.EQUITY_OPTION
    schedule = load_schedule(world.frame.schedule)
    return schedule.delivery(product, ending.contract.underlying, exchange_date(at))


def _remove(
    world: World,
    ending: Ending,
    at: datetime,
    *,
    kind: TransactionKind,
    price: Decimal = NOTHING,
    fees: Decimal = NOTHING,
) -> None:
    """Close the contract at `price`, with a line that says why."""
    _book(
        world,
        ending,
        at,
        kind=kind,
        description=_story(ending, price, kind),
        symbol=ending.contract,
        quantity=-ending.quantity,
        amount=-price * ending.quantity * SHARES_PER_CONTRACT,
        price=price,
        fees=fees,
    )


def _deliver(world: World, ending: Ending, at: datetime, fees: Decimal) -> None:
    """Move shares at the strike; the contract itself has left at nothing."""
    shares = EquitySymbol(ending.contract.underlying)
    verb = "Received" if ending.shares > 0 else "Delivered"
    price = ending.price_of_shares / ending.shares
    rounded = price.quantize(COST_STEP, rounding=ROUND_HALF_EVEN)
    _book(
        world,
        ending,
        at,
        kind=ending.kind,
        description=f"{verb} {abs(ending.shares)} {shares.words} for {ending.contract.words}",
        symbol=shares,
        quantity=ending.shares,
        amount=ending.price_of_shares,
        price=price if price == rounded else rounded,
        fees=fees,
    )


def _book(
    world: World,
    ending: Ending,
    at: datetime,
    *,
    kind: TransactionKind,
    description: str,
    symbol: Symbol,
    quantity: int,
    amount: Decimal,
    price: Decimal,
    fees: Decimal,
) -> None:
    """Move something in or out of the account, and write the line that tells it."""
    before = world.accounts[ending.account_id]
    after = before.moved(symbol, quantity, amount, at, fees=fees)
    world.put_account(after)
    world.write(
        Transaction(
            transaction_id=world.next_id(),
            account_id=ending.account_id,
            at=at,
            kind=kind,
            description=description,
            cash_effect=-amount - fees,
            symbol=symbol,
            quantity=quantity,
            price=price,
            fees=fees,
            realized=after.realized - before.realized,
        )
    )


def _story(ending: Ending, price: Decimal, kind: TransactionKind) -> str:
    words, settled = ending.contract.words, f"settled at {ending.settled_at:f}"
    if ending.early:
        settled = f"before it expires, {ending.contract.underlying} at {ending.settled_at:f}"
    if kind is TransactionKind.EXERCISE:
        return f"Exercised {ending.quantity} {words}, {settled}"
    if kind is TransactionKind.ASSIGNMENT:
        return f"Assigned on {-ending.quantity} {words}, {settled}"
    if price:
        return f"Sold out {ending.quantity} {words} at expiration: delivery was not possible"
    return f"{abs(ending.quantity)} {words} expired worthless, {settled}"

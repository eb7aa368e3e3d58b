"""Expiration: what is in the money by a cent is exercised or assigned, the rest is gone.

Options on shares deliver shares at the strike; options on an index settle in cash. A cash account
that lacks the cash to take delivery, or the shares to give, has its long option sold out at its
intrinsic value instead, as brokers do. A contract whose settlement price is not known waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from strikedesk.domain.accounts import AccountKind, Transaction, TransactionKind
from strikedesk.domain.calendar import exchange_date, expiration_instant
from strikedesk.domain.money import CENT, SHARES_PER_CONTRACT
from strikedesk.domain.quotes import Settlement
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.exchange.accounts import NOTHING, PaperAccount
from strikedesk.exchange.fees import Product, load_schedule
from strikedesk.exchange.market import Market
from strikedesk.exchange.screen import indices_of
from strikedesk.exchange.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A held contract at its end. Units: `quantity` + long; prices USD per share."""

    account_id: str
    contract: OptionSymbol
    quantity: int
    settled_at: Decimal
    in_cash: bool

    @property
    def intrinsic(self) -> Decimal:
        """What it is worth now, never below nothing."""
        call = self.contract.right is Right.CALL
        strike = self.contract.strike
        inside = self.settled_at - strike if call else strike - self.settled_at
        return max(inside, NOTHING)

    @property
    def shares(self) -> int:
        """Shares that change hands when it is delivered, + into the account."""
        sign = 1 if self.contract.right is Right.CALL else -1
        return sign * self.quantity * SHARES_PER_CONTRACT


def ends_at(contract: OptionSymbol) -> datetime:
    """Return when a contract is settled: at the close of its expiration day.

    Source: clearing runs after the close; contracts whose price is taken in the morning stop
    trading before it, so nothing is lost by settling all of them together.
    """
    return _close_on(contract.expiration)


@lru_cache(maxsize=4096)
def _close_on(day: date) -> datetime:
    return expiration_instant(day, Settlement.PM)


def settle(world: World, market: Market, at: datetime) -> None:
    """Settle every contract that has ended by `at` and whose settlement price is known."""
    due = [ending for account in world.accounts.values() for ending in _due(account, market, at)]
    if not due:
        return
    # What is assigned comes first: it may bring the shares or the cash that an exercise needs.
    for ending in sorted(due, key=lambda e: (e.account_id, e.quantity > 0, e.contract)):
        _settle(world, ending, at)


def _due(account: PaperAccount, market: Market, at: datetime) -> Iterator[Ending]:
    for symbol, stake in account.stakes.items():
        if not isinstance(symbol, OptionSymbol) or ends_at(symbol) > at:
            continue
        price = market.settlement(symbol)
        if price is not None:
            yield Ending(
                account_id=account.account_id,
                contract=symbol,
                quantity=stake.quantity,
                settled_at=price,
                in_cash=symbol.underlying in indices_of(market, at),
            )


def _settle(world: World, ending: Ending, at: datetime) -> None:
    account = world.accounts[ending.account_id]
    if ending.intrinsic < CENT:
        _remove(world, ending, at, kind=TransactionKind.EXPIRATION)
        return
    kind = TransactionKind.EXERCISE if ending.quantity > 0 else TransactionKind.ASSIGNMENT
    if ending.in_cash:
        fees = _fees(world, ending, at)
        _remove(world, ending, at, kind=kind, price=ending.intrinsic, fees=fees)
    elif _can_deliver(account, ending, _fees(world, ending, at)):
        _remove(world, ending, at, kind=kind)
        _deliver(world, ending, at, kind=kind)
    else:
        _remove(world, ending, at, kind=TransactionKind.EXPIRATION, price=ending.intrinsic)


def _can_deliver(account: PaperAccount, ending: Ending, fees: Decimal) -> bool:
    """Only a long option of a cash account is not delivered come what may."""
    if account.kind is AccountKind.MARGIN or ending.quantity < 0:
        return True
    if ending.shares < 0:
        return account.held(EquitySymbol(ending.contract.underlying)) >= -ending.shares
    return account.cash >= ending.contract.strike * ending.shares + fees


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
    account = world.accounts[ending.account_id]
    after = account.traded(ending.contract, -ending.quantity, price, at)
    world.put_account(after.charged(fees))
    world.write(
        Transaction(
            transaction_id=world.next_id(),
            account_id=ending.account_id,
            at=at,
            kind=kind,
            description=_story(ending, price, kind),
            cash_effect=price * ending.quantity * SHARES_PER_CONTRACT - fees,
            symbol=ending.contract,
            quantity=-ending.quantity,
            price=price,
            fees=fees,
        )
    )


def _deliver(world: World, ending: Ending, at: datetime, *, kind: TransactionKind) -> None:
    """Move shares at the strike; the contract itself has left at nothing."""
    shares, strike = EquitySymbol(ending.contract.underlying), ending.contract.strike
    fees = _fees(world, ending, at)
    account = world.accounts[ending.account_id].traded(shares, ending.shares, strike, at)
    world.put_account(account.charged(fees))
    verb = "Received" if ending.shares > 0 else "Delivered"
    world.write(
        Transaction(
            transaction_id=world.next_id(),
            account_id=ending.account_id,
            at=at,
            kind=kind,
            description=f"{verb} {abs(ending.shares)} {shares.words} for {ending.contract.words}",
            cash_effect=-strike * ending.shares - fees,
            symbol=shares,
            quantity=ending.shares,
            price=strike,
            fees=fees,
        )
    )


def _story(ending: Ending, price: Decimal, kind: TransactionKind) -> str:
    words, settled = ending.contract.words, f"settled at {ending.settled_at:f}"
    if kind is TransactionKind.EXERCISE:
        return f"Exercised {ending.quantity} {words}, {settled}"
    if kind is TransactionKind.ASSIGNMENT:
        return f"Assigned on {-ending.quantity} {words}, {settled}"
    if price:
        return f"Sold out {ending.quantity} {words} at expiration: delivery was not possible"
    return f"{abs(ending.quantity)} {words} expired worthless, {settled}"


def _fees(world: World, ending: Ending, at: datetime) -> Decimal:
    product = Product.INDEX_OPTION if ending.in_cash else Product.EQUITY_OPTION
    schedule = load_schedule(world.frame.schedule)
    return schedule.delivery(product, ending.contract.underlying, exchange_date(at))

"""Splits: the same value in other pieces, for shares and for the contracts on them.

A whole-number split makes more contracts of a divided strike. Any other one, a reverse split among
them, keeps count and strike and changes what a contract delivers: it becomes an adjusted one, with
a digit behind its root, which delivers its own number of shares for a hundred times the strike.
The part of a share that no whole one can be made of is paid in cash at the last close, at cost
where nothing told one; of what a contract delivers it is dropped. A part of a share that was held
before, as by value it can be, is multiplied: what it comes to in whole shares joins them. All
working orders on the underlying are cancelled, those for good too: their prices are of another
share.
The market quotes what a split makes from the opening on, promises its terms, and tells previous
closes in shares of the day.
Source: OCC Information Memos on contract adjustments, By-Laws Article VI, Section 11A.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from strikedesk.domain.accounts import Transaction, TransactionKind
from strikedesk.domain.events import Split
from strikedesk.domain.money import to_cents
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.terms import Terms
from strikedesk.exchange.accounts import (
    NOTHING,
    Exchanged,
    PaperAccount,
    Stake,
    average_price,
)
from strikedesk.exchange.days import Morning
from strikedesk.exchange.ends import settles_at
from strikedesk.exchange.fractions import divided
from strikedesk.exchange.linked import finish
from strikedesk.exchange.market import Market
from strikedesk.exchange.world import World

_STRIKE_STEP: Final = Decimal("0.001")
_DIGITS: Final = "0123456789"
_CODE: Final = "split"


def adjusted(contract: OptionSymbol, split: Split) -> OptionSymbol:
    """Return the contract that one contract becomes: of a divided strike, or of the next root."""
    if not split.new % split.old:
        strike = contract.strike * split.old / split.new
        strike = strike.quantize(_STRIKE_STEP, rounding=ROUND_HALF_EVEN)
        return replace(contract, strike=max(strike, _STRIKE_STEP))
    name = contract.root.rstrip(_DIGITS)
    number = int(contract.root[len(name) :] or 0) + 1
    return replace(contract, root=f"{name}{number}")


def adjusted_terms(terms: Terms, split: Split) -> Terms:
    """Return the terms that a contract has after a split, whole shares only."""
    if not split.new % split.old:
        return terms
    return replace(terms, shares=max(terms.shares * split.new // split.old, 1))


def divide(world: World, market: Market, splits: Iterable[Split], morning: Morning) -> None:
    """Let the splits of a morning happen to every order and every holding."""
    for split in splits:
        for order in world.orders:
            # The first of a group takes the rest along.
            if order.request.underlying == split.underlying and order.order_id in world.orders:
                finish(world, order, OrderState.CANCELLED, morning.opens_at, code=_CODE)
        price = _price_after(market, split, morning)
        for account_id in sorted(world.accounts):
            account = world.accounts[account_id]
            changes = _changes(account, market, split, morning, price)
            if changes:
                _exchange(world, account, changes, split, morning.opens_at)
            if EquitySymbol(split.underlying) in account.pieces:
                _divide_piece(world, account_id, split, morning.opens_at)


def _changes(
    account: PaperAccount, market: Market, split: Split, morning: Morning, price: Decimal | None
) -> dict[Symbol, Exchanged]:
    """Return what becomes of each holding; contracts that have ended already stay what they were.

    They only wait for the price at which they settled, which is one of before the split.
    """
    changes: dict[Symbol, Exchanged] = {}
    for symbol, stake in account.stakes.items():
        if symbol.underlying != split.underlying:
            continue
        if not isinstance(symbol, OptionSymbol):
            changes[symbol] = _of_shares(symbol, stake, split, price)
        elif not _has_ended(symbol, market, morning):
            times = 1 if split.new % split.old else split.new // split.old
            into = adjusted(symbol, split)
            changes[symbol] = Exchanged(into=into, quantity=stake.quantity * times)
    return changes


def _of_shares(
    symbol: EquitySymbol, stake: Stake, split: Split, price: Decimal | None
) -> Exchanged:
    exact = Decimal(stake.quantity * split.new) / split.old
    whole = int(exact)
    left = exact - whole
    if price is None:
        price = average_price(symbol, stake) * split.old / split.new
    return Exchanged(into=symbol, quantity=whole, left=left, cash=to_cents(left * price))


def _price_after(market: Market, split: Split, morning: Morning) -> Decimal | None:
    """Return the last close in shares of after the split."""
    symbol = EquitySymbol(split.underlying)
    quote = market.quotes([symbol], morning.last.closes_at).get(symbol)
    mark = None if quote is None else quote.mark
    return None if mark is None else mark * split.old / split.new


def _has_ended(contract: OptionSymbol, market: Market, morning: Morning) -> bool:
    terms = market.terms(contract)
    return terms is not None and settles_at(contract, terms) < morning.opens_at


def _exchange(
    world: World,
    before: PaperAccount,
    changes: Mapping[Symbol, Exchanged],
    split: Split,
    at: datetime,
) -> None:
    """Change an account, with lines that take out the old holdings and bring in the new ones."""
    after, name = before.exchanged(changes), f"Split {split.new} for {split.old}"
    world.put_account(after)
    for symbol, change in changes.items():
        held = before.stakes[symbol].quantity
        old, new = f"{held} {symbol.words}", f"{change.quantity} {change.into.words}"
        words = f"{name}: {old} became {new}"
        if change.into == symbol:
            _write(world, before, at, words, symbol=symbol, quantity=change.quantity - held)
        else:
            _write(world, before, at, words, symbol=symbol, quantity=-held)
            words = f"{name}: {new} for {old}"
            _write(world, before, at, words, symbol=change.into, quantity=change.quantity)
        if change.left:
            words = f"{name}: cash for {abs(change.left):.6f} of a share"
            realized = after.realized - before.realized
            _write(world, before, at, words, symbol=symbol, cash=change.cash, realized=realized)


def _divide_piece(world: World, account_id: str, split: Split, at: datetime) -> None:
    """Change the part of a share that an account holds, with the line that tells it."""
    symbol, before = EquitySymbol(split.underlying), world.accounts[account_id]
    after = divided(before, symbol, split.new, split.old, at)
    world.put_account(after)
    whole = after.held(symbol) - before.held(symbol)
    old, new = before.part(symbol), after.part(symbol)
    _write(
        world,
        before,
        at,
        f"Split {split.new} for {split.old}: {old:f} {symbol.words} became {whole + new:f}",
        symbol=symbol,
        quantity=whole,
        realized=after.realized - before.realized,
        fraction=new - old,
    )


def _write(
    world: World,
    account: PaperAccount,
    at: datetime,
    words: str,
    *,
    symbol: Symbol,
    quantity: int | None = None,
    cash: Decimal = NOTHING,
    realized: Decimal = NOTHING,
    fraction: Decimal | None = None,
) -> None:
    world.write(
        Transaction(
            transaction_id=world.next_id(),
            account_id=account.account_id,
            at=at,
            kind=TransactionKind.SPLIT,
            description=words,
            cash_effect=cash,
            symbol=symbol,
            quantity=quantity,
            price=None if quantity is None else NOTHING,
            realized=realized,
            fraction=fraction,
        )
    )

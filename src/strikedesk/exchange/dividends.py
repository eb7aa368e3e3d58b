"""Dividends: whoever holds shares when the ex-day opens is owed one, whoever is short owes it.

The line of the ex-day names the day of payment and moves no cash; the line of that day does. So
cash is never what nobody has paid yet, and what an account is worth does not drop on the ex-day.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.accounts import Transaction, TransactionKind
from strikedesk.domain.events import Dividend
from strikedesk.domain.money import to_cents
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange.accounts import NOTHING, PaperAccount, Receivable
from strikedesk.exchange.days import Morning
from strikedesk.exchange.fractions import shares_of
from strikedesk.exchange.world import World


def go_ex(world: World, dividends: Iterable[Dividend], at: datetime) -> None:
    """Owe every holder, and every short owes, what goes ex as the day opens at `at`."""
    for dividend in dividends:
        for account_id, account in sorted(world.accounts.items()):
            shares = _shares(account, EquitySymbol(dividend.underlying))
            receivable = _receivable(dividend, shares)
            # Less than half a cent, as on a small part of a share, nobody ever pays.
            if receivable.amount:
                world.put_account(account.went_ex(receivable, at))
                _write(world, account_id, receivable, at, words=_told(receivable))


def pay(world: World, morning: Morning) -> None:
    """Pay every dividend whose day has come."""
    for account_id, account in sorted(world.accounts.items()):
        for receivable in account.receivables:
            if receivable.pay_day <= morning.day:
                world.put_account(world.accounts[account_id].paid(receivable))
                _write(
                    world,
                    account_id,
                    receivable,
                    morning.opens_at,
                    words=_paid(receivable),
                    cash=receivable.amount,
                )


def _shares(account: PaperAccount, symbol: EquitySymbol) -> int | Decimal:
    """Return the shares that a dividend is due on; a whole number where there is no part of one."""
    return shares_of(account, symbol) if symbol in account.pieces else account.held(symbol)


def _receivable(dividend: Dividend, shares: int | Decimal) -> Receivable:
    return Receivable(
        underlying=dividend.underlying,
        shares=shares,
        per_share=dividend.amount,
        amount=to_cents(dividend.amount * shares),
        day=dividend.day,
        pay_day=dividend.pay_day,
    )


def _told(receivable: Receivable) -> str:
    return f"{_due(receivable)}, to be paid on {receivable.pay_day.isoformat()}"


def _paid(receivable: Receivable) -> str:
    verb = "received" if receivable.shares > 0 else "paid to the lender"
    return f"{_due(receivable)} of {receivable.day.isoformat()}: {verb}"


def _due(receivable: Receivable) -> str:
    short = "" if receivable.shares > 0 else " short"
    held = f"{abs(receivable.shares)}{short} {receivable.underlying}"
    return f"Dividend {receivable.per_share:f} a share on {held}, {abs(receivable.amount):f} USD"


def _write(
    world: World,
    account_id: str,
    receivable: Receivable,
    at: datetime,
    *,
    words: str,
    cash: Decimal = NOTHING,
) -> None:
    world.write(
        Transaction(
            transaction_id=world.next_id(),
            account_id=account_id,
            at=at,
            kind=TransactionKind.DIVIDEND,
            description=words,
            cash_effect=cash,
            symbol=EquitySymbol(receivable.underlying),
        )
    )

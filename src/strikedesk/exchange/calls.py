"""Margin calls: what a day's close finds missing, and what ends the call.

At every close an account that lacks some of its maintenance margin is called, with a line in its
book; until it has the margin again it may only close. Nobody liquidates it: that is left to whoever
practises here, though a real broker may do so without asking.
Source: FINRA rule 4210(b), maintenance margin; 4210(f)(6), calls are made by the close's prices.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.accounts import Transaction, TransactionKind
from strikedesk.domain.calendar import exchange_date, next_session, session_on
from strikedesk.domain.money import to_cents
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange import power
from strikedesk.exchange.accounts import NOTHING, PaperAccount
from strikedesk.exchange.holdings import with_underlyings
from strikedesk.exchange.market import Market
from strikedesk.exchange.screen import Screen, look
from strikedesk.exchange.world import World


def in_call(account: PaperAccount, excess: Decimal | None) -> bool:
    """Whether a call stands: prices may have met it since; without one nobody can say so."""
    return account.called is not None and (excess is None or excess < 0)


def closes(world: World) -> Iterator[datetime]:
    """Yield the next close, if there is an account to look at by then."""
    if not any(_may_lack(account) for account in world.accounts.values()):
        return
    session = session_on(exchange_date(world.advanced_to))
    if session is None or session.closes_at <= world.advanced_to:
        session = next_session(exchange_date(world.advanced_to))
    yield session.closes_at


def look_at_close(world: World, market: Market, at: datetime) -> bool:
    """Call whoever lacks margin, where `at` is a close; return whether anybody was looked at."""
    session = session_on(exchange_date(at))
    if session is None or session.closes_at != at:
        return False
    looked_at = [account for account in world.accounts.values() if _may_lack(account)]
    for account in looked_at:
        _look_at(world, market, account, at)
    return bool(looked_at)


def _may_lack(account: PaperAccount) -> bool:
    """What is paid for needs no margin: only shorts, loans and calls have to be looked at."""
    shorts = any(stake.quantity < 0 for stake in account.stakes.values())
    return shorts or account.cash < 0 or account.called is not None


def _look_at(world: World, market: Market, account: PaperAccount, at: datetime) -> None:
    """Begin a call or end one; where a price is missing everything stays as it was."""
    held = account.quantities
    screen = look(market, power.priced_by(held), at)
    excess = power.excess_of(account, power.claim_of(held, account, screen))
    if excess is None or not _priced(held, screen) or (excess < 0) == (account.called is not None):
        return
    lacking = to_cents(-excess) if excess < 0 else None
    world.put_account(replace(account, called=lacking))
    world.write(
        Transaction(
            transaction_id=world.next_id(),
            account_id=account.account_id,
            at=at,
            kind=TransactionKind.OTHER,
            description=_story(lacking),
            cash_effect=NOTHING,
        )
    )


def _priced(held: Mapping[Symbol, int], screen: Screen) -> bool:
    """Whether nothing that is owed is taken at a bound for want of a price."""
    owed = {symbol for symbol, count in held.items() if count < 0}
    return all(screen.mark(symbol) is not None for symbol in with_underlyings(owed))


def _story(lacking: Decimal | None) -> str:
    if lacking is None:
        return "Margin call met"
    return f"Margin call: {lacking:f} USD of maintenance margin are missing; close something"

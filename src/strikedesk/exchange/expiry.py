"""Expiration: what is in the money by a cent is exercised or assigned, the rest is gone.

Options on shares deliver shares at the strike; options on an index settle in cash. Contracts that
are settled in the morning stop trading at the close before. A contract whose settlement price or
whose terms are not known waits.
"""

from collections.abc import Iterator
from datetime import datetime

from strikedesk.domain.symbols import OptionSymbol
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.delivery import Ending, leave
from strikedesk.exchange.ends import settles_at
from strikedesk.exchange.market import Market
from strikedesk.exchange.world import World


def settlements(world: World, market: Market) -> Iterator[datetime]:
    """Yield when each held contract is settled, those that wait for their price too."""
    for account in world.accounts.values():
        for symbol in account.stakes:
            terms = market.terms(symbol) if isinstance(symbol, OptionSymbol) else None
            if isinstance(symbol, OptionSymbol) and terms is not None:
                yield settles_at(symbol, terms)


def settle(world: World, market: Market, at: datetime) -> None:
    """Settle every contract that has ended by `at` and whose settlement price is known."""
    due = [ending for account in world.accounts.values() for ending in _due(account, market, at)]
    # What is assigned comes first: it may bring the shares or the cash that an exercise needs.
    for ending in sorted(due, key=lambda e: (e.account_id, e.quantity > 0, e.contract)):
        leave(world, ending, at)


def _due(account: PaperAccount, market: Market, at: datetime) -> Iterator[Ending]:
    for symbol, stake in account.stakes.items():
        if not isinstance(symbol, OptionSymbol):
            continue
        terms = market.terms(symbol)
        if terms is None or settles_at(symbol, terms) > at:
            continue
        price = market.settlement(symbol)
        if price is not None:
            yield Ending(
                account_id=account.account_id,
                contract=symbol,
                terms=terms,
                quantity=stake.quantity,
                settled_at=price,
            )

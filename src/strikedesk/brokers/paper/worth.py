"""What the accounts of a world come to, for whoever looks at it from outside."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from strikedesk.brokers.paper.figures import balances_of, priced_symbols
from strikedesk.exchange.advance import advance
from strikedesk.exchange.market import Market
from strikedesk.exchange.screen import look
from strikedesk.exchange.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """An account of a world. Units: `worth` USD, None where a position has no price."""

    handle: str
    worth: Decimal | None
    working: int


def worth_of(world: World, market: Market | None, at: datetime) -> tuple[Worth, ...]:
    """Advance a world of one's own to `at` and return its accounts, by their numbers.

    Without its market it stays where it stands, and only accounts without positions have a worth.
    """
    while market is not None and not advance(world, market, at):
        pass
    return tuple(
        Worth(
            handle=account.handle,
            worth=_worth(world, account_id, market, at),
            working=len(world.orders_of(account_id)),
        )
        for account_id, account in sorted(world.accounts.items())
    )


def _worth(world: World, account_id: str, market: Market | None, at: datetime) -> Decimal | None:
    account = world.accounts[account_id]
    if not account.priced:
        return account.cash + account.accrued
    if market is None:
        return None
    screen = look(market, priced_symbols(account), at)
    return balances_of(world, account, screen, {}).net_liquidation

"""The venue behind `strikedesk sandbox`: a paper broker on a world of its own.

Nothing of the owner's desk is in it: not its settings, its database, its worlds or its orders.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.account_kinds import AccountKind
from strikedesk.exchange.market import Market
from strikedesk.exchange.world import AccountSpec
from strikedesk.store.database import Database
from strikedesk.store.worlds import SqlWorldStore
from strikedesk.wiring.ground import SystemEntropy, UtcClock

_WORLD: Final = "sandbox"
_DEPOSIT: Final = Decimal("100000.00")

# Numbers of the form that the broker's own have.
ACCOUNTS: Final = tuple(
    AccountSpec(
        account_id=f"5WS{number:05d}", handle=kind.value, nickname=name, kind=kind, deposit=_DEPOSIT
    )
    for number, (kind, name) in enumerate(
        (
            (AccountKind.MARGIN, "Margin"),
            (AccountKind.CASH, "Cash"),
            (AccountKind.IRA, "Retirement"),
        ),
        start=1,
    )
)


@asynccontextmanager
async def open_venue(market: Market, opening: Opening, folder: Path) -> AsyncGenerator[PaperBroker]:
    """Open a new world in `folder`, which is to be empty; its broker serves it.

    Raises:
        Misconfigured: DATABASE_UNREADABLE.
    """
    database = await Database.open(f"sqlite:///{folder / 'sandbox.db'}")
    try:
        broker = PaperBroker(
            store=SqlWorldStore(database),
            market=market,
            clock=UtcClock(),
            world=_WORLD,
            entropy=SystemEntropy(),
            opening=replace(opening, accounts=ACCOUNTS),
        )
        await broker.advance()
        yield broker
    finally:
        await database.close()

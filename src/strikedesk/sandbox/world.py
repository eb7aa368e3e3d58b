"""The world behind the sandbox: one venue, whose side of the counter this is.

Every protocol here reads it: REST, and the websockets beside it. `broker` answers what any broker
does (quotes, chains, bars, accounts, and both streams); `office` is the venue's own side.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from strikedesk.brokers.paper.back_office import BackOffice
from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.quotes import SymbolInfo
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.world import World
from strikedesk.sandbox.access import Access
from strikedesk.sandbox.alerts import Alert, Alerts
from strikedesk.sandbox.notes import Notes
from strikedesk.sandbox.refusal import Refusal

_INDEX: Final = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxWorld:
    """The venue, who may reach it, and what clients wrote on their orders."""

    broker: PaperBroker
    access: Access
    notes: Notes = field(default_factory=Notes)
    alerts: Alerts = field(default_factory=Alerts)

    @property
    def office(self) -> BackOffice:
        """The venue's own side."""
        return self.broker.back_office

    def now(self) -> datetime:
        """Return the venue's time, which need not be the wall's."""
        return self.broker.now()

    def today(self) -> date:
        """Return the venue's exchange date."""
        return exchange_date(self.now())

    async def account(self, number: str) -> tuple[World, PaperAccount, datetime]:
        """Return an account as it stands, with its world and the venue's time.

        Raises:
            Refusal: 403, as the broker says of what is another's.
        """
        seen = await self.office.keeper.snapshot()
        account = seen.world.accounts.get(number)
        if account is None:
            raise Refusal.not_permitted()
        return seen.world, account, seen.at

    async def alerts_now(self) -> tuple[Alert, ...]:
        """Return the quote alerts as they stand, once the market's quotes have been looked at."""
        if waiting := self.alerts.waiting:
            quotes = await self.broker.quotes({alert.symbol for alert in waiting})
            self.alerts.look(quotes, self.now())
        return tuple(self.alerts.known.values())

    def listed(self) -> dict[str, SymbolInfo]:
        """Return the underlyings that trade, by ticker."""
        return {info.symbol.underlying: info for info in self.office.market.listed(self.now())}

    def indices(self) -> frozenset[str]:
        """Return the tickers of numbers that nobody can buy."""
        return frozenset(ticker for ticker, info in self.listed().items() if info.kind == _INDEX)

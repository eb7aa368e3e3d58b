"""Behind the counter of the paper broker: for whoever is the broker, and not its customer."""

from dataclasses import dataclass

from strikedesk.brokers.paper.archive import Archive
from strikedesk.brokers.paper.clerk import Clerk
from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.brokers.paper.past_books import PastBooks
from strikedesk.brokers.paper.venue import Venue
from strikedesk.exchange.market import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOffice:
    """The parts of one paper broker, all of one world. A desk has no use for them."""

    keeper: WorldKeeper
    venue: Venue
    archive: Archive
    past: PastBooks
    clerk: Clerk
    market: Market

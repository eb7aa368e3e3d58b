"""The time that a market goes by: the wall's, and for a sandbox on this machine its own."""

from dataclasses import dataclass
from datetime import datetime

from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.ports import Clock


@dataclass(frozen=True, slots=True)
class VenueClock:
    """The clock of the market behind a wire.

    A local sandbox may be in the middle of a session on a Sunday: what it said last is the time, so
    that no quote of its looks old or comes from the future. A real broker is never asked.
    """

    wall: Clock
    wire: Wire

    def now(self) -> datetime:
        """Return the market's time, aware UTC."""
        return self.wire.market_time or self.wall.now()

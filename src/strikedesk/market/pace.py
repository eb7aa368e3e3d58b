"""The time by which a cache counts ages, where the venue's clock is not the wall's."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from strikedesk.domain.ports import Clock, MarketData


@dataclass(slots=True, kw_only=True)
class Pace:
    """A clock that goes with the faster of the wall and the venue.

    On an accelerated market five seconds of the wall are minutes of quotes; where a world is moved
    by hand, what was remembered of before is old at once; and in a world that stands, other
    processes still trade. Law: a wall that went back takes it back too; a venue that did, as after
    a restore, takes it on.
    """

    wall: Clock
    venue: MarketData
    _seen: tuple[datetime, datetime] | None = field(default=None, init=False)
    _ahead: timedelta = field(default=timedelta(0), init=False)

    def now(self) -> datetime:
        """See `Clock.now`. Whoever asks twice without time passing hears the same."""
        wall, venue = self.wall.now(), self.venue.now()
        if self._seen is not None:
            by_wall, by_venue = wall - self._seen[0], abs(venue - self._seen[1])
            if by_wall >= timedelta(0):
                self._ahead += max(by_venue - by_wall, timedelta(0))
        self._seen = wall, venue
        return wall + self._ahead

"""How long a stream is waited for, how soon it is tried again, and who is told of it when."""

from dataclasses import dataclass
from random import Random
from typing import Final

from strikedesk.brokers.tastytrade.faults import away
from strikedesk.domain.errors import DeskError, Misconfigured

# A line that is made again sooner was never away; a reader that waits longer takes it for quiet.
TOLD_AFTER_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds that a connection is given.

    `ready_s` until we have to be let in, `silence_s` for which the other side may say nothing,
    `keepalive_s` between our own signs of life; after its end, the first pause and the longest.
    """

    ready_s: float = 15.0
    silence_s: float = 60.0
    keepalive_s: float = 30.0
    pause_first_s: float = 0.5
    pause_most_s: float = 30.0

    def pause_s(self, misses: int, chance: Random) -> float:
        """Return how long to wait after so many tries in a row that came to nothing.

        Half of it is chance, so that all who lost a server do not come back at once.
        """
        most = min(self.pause_most_s, self.pause_first_s * 2.0 ** min(misses, 16))
        return most * (0.5 + chance.random() / 2)


@dataclass(slots=True, kw_only=True)
class Endurance:
    """Bears a line's trouble for a while: silence would read as a market where nothing happens."""

    within_s: float
    _since: float | None = None

    def bear(self, trouble: DeskError | None, now: float) -> None:
        """Take note of how a line is; `now` is in seconds of any clock that does not go back.

        Raises:
            Misconfigured: the owner has to act before anything is told again.
            Unavailable: the trouble has lasted.
        """
        if trouble is None:
            self._since = None
            return
        if isinstance(trouble, Misconfigured):
            raise Misconfigured(trouble.reason, **trouble.facts)
        self._since = now if self._since is None else self._since
        if now - self._since >= self.within_s:
            raise away()

"""How long a stream is waited for, and how soon it is tried again."""

from dataclasses import dataclass
from random import Random


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

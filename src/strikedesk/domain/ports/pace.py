"""How often something outside may be asked, by all processes of the desk together."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """`count` turns at one quota that follow each other, `gap` from one to the next."""

    quota: str
    gap: timedelta
    count: int = 1


class RateBudget(Protocol):
    """Gives out turns, whichever process asks.

    Law: turns of one quota that were taken are never less than its gap apart, nor taken twice. What
    is taken and not used is lost.
    """

    async def reserve(self, turns: Turns, *, within: timedelta) -> timedelta | None:
        """Take the next turns; return how long it is until the first of them.

        None, and nothing is taken, where that is longer than `within`.

        Raises:
            Unavailable: nobody knows what was taken.
        """
        ...

"""A budget of turns made of memory."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from strikedesk.domain.ports import Clock, Turns
from tests.fakes.clock import StoppedClock


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class MemoryRateBudget:
    """Knows for each quota when the next turn is free.

    `taken` is what was asked for; it breaks with `fault`, and without `answers` it says nothing.
    """

    clock: Clock = field(default_factory=StoppedClock)
    taken: list[Turns] = field(default_factory=list[Turns])
    fault: Exception | None = None
    answers: asyncio.Event = field(default_factory=_set)
    _free_at: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def reserve(self, turns: Turns, *, within: timedelta) -> timedelta | None:
        """See `RateBudget.reserve`."""
        await self.answers.wait()
        if self.fault is not None:
            raise self.fault
        now = self.clock.now()
        begins = max(now, self._free_at.get(turns.quota, now))
        if begins - now > within:
            return None
        self.taken.append(turns)
        self._free_at[turns.quota] = begins + turns.gap * turns.count
        return begins - now

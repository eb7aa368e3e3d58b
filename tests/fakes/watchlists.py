"""Watchlists made of memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from strikedesk.domain.ports import ListChange, Watchlist

T = TypeVar("T")


@dataclass(slots=True)
class MemoryWatchlists:
    """Keeps lists for the life of the process."""

    lists: dict[str, Watchlist] = field(default_factory=dict[str, Watchlist])

    async def all(self) -> tuple[Watchlist, ...]:
        """See `Watchlists.all`."""
        return tuple(self.lists[name] for name in sorted(self.lists))

    async def change(self, act: Callable[[tuple[Watchlist, ...]], tuple[ListChange, T]]) -> T:
        """See `Watchlists.change`."""
        change, answer = act(await self.all())
        for name in change.drop:
            self.lists.pop(name, None)
        self.lists |= {each.name: each for each in change.save}
        return answer

"""Watchlists made of memory."""

from dataclasses import dataclass, field

from strikedesk.domain.ports import Watchlist


@dataclass(slots=True)
class MemoryWatchlists:
    """Keeps lists for the life of the process."""

    lists: dict[str, Watchlist] = field(default_factory=dict[str, Watchlist])

    async def all(self) -> tuple[Watchlist, ...]:
        """See `Watchlists.all`."""
        return tuple(self.lists[name] for name in sorted(self.lists))

    async def save(self, watchlist: Watchlist) -> None:
        """See `Watchlists.save`."""
        self.lists[watchlist.name] = watchlist

    async def delete(self, name: str) -> bool:
        """See `Watchlists.delete`."""
        return self.lists.pop(name, None) is not None

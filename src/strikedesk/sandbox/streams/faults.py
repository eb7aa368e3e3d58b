"""What can go wrong with a stream, to be switched on and off while clients are connected."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class StreamFaults:
    """Switches for every connection. All are off at first.

    `away`: who connects is turned away; who is connected stays. `silent`: nothing is sent any more,
    and the connection stands. `duplicated`: news are sent twice. `reordered`: the first of the news
    to be sent comes after the rest, or with the next. Answers to what a client says are no news:
    they come once, in their order.
    """

    away: bool = False
    silent: bool = False
    duplicated: bool = False
    reordered: bool = False
    _connections: set[asyncio.Event] = field(default_factory=set[asyncio.Event], init=False)

    def reset(self) -> int:
        """End every connection, without a word; return how many there were."""
        for ended in self._connections:
            ended.set()
        return len(self._connections)

    @contextmanager
    def connected(self) -> Generator[asyncio.Event]:
        """Count a connection while the block runs; the event is set to end it."""
        ended = asyncio.Event()
        self._connections.add(ended)
        try:
            yield ended
        finally:
            self._connections.discard(ended)


@dataclass(slots=True)
class Mangle:
    """What the switches make of the news that one connection is to be sent."""

    faults: StreamFaults
    _late: list[str] = field(default_factory=list[str], init=False)

    def __call__(self, texts: Sequence[str]) -> Sequence[str]:
        """Return what is sent instead."""
        late, self._late = self._late, []
        if self.faults.reordered:
            texts, self._late = texts[1:], [*texts[:1]]
        told = [*texts, *late]
        return [text for text in told for _ in range(2)] if self.faults.duplicated else told

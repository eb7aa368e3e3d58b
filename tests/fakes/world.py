"""Paper worlds made of memory, kept as JSON text like the real ones."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar

from strikedesk.domain.canonical import canonical_json
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import WorldChange, WorldRows
from strikedesk.domain.reasons import Reason

T = TypeVar("T")

_NOTHING = canonical_json({})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine:
    """A line of a book, as text."""

    account_id: str
    at: datetime
    text: str


@dataclass(slots=True)
class KeptWorld:
    """A world, as text."""

    version: int = 0
    header: str = "{}"
    accounts: dict[str, str] = field(default_factory=dict[str, str])
    orders: dict[str, str] = field(default_factory=dict[str, str])
    book: dict[str, KeptLine] = field(default_factory=dict[str, KeptLine])


@dataclass(slots=True)
class MemoryWorldStore:
    """Keeps worlds for the life of the process."""

    worlds: dict[str, KeptWorld] = field(default_factory=dict[str, KeptWorld])

    async def transact(
        self,
        world: str,
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
        *,
        brief: bool = False,
    ) -> T:
        """See `WorldStore.transact`."""
        kept = self.worlds.get(world, KeptWorld())
        change, answer = act(kept.version, lambda: _read(kept))
        if not change.is_empty:
            self.worlds[world] = _changed(kept, change)
        return answer

    async def peek(self, world: str) -> int:
        """See `WorldStore.peek`."""
        return self.worlds.get(world, KeptWorld()).version

    async def lines(
        self,
        world: str,
        account_id: str,
        *,
        start: date | None,
        end: date | None,
        limit: int,
        offset: int,
    ) -> tuple[Sequence[Mapping[str, Json]], int]:
        """See `WorldStore.lines`."""
        kept = self.worlds.get(world, KeptWorld())
        found = [
            line
            for line in reversed(kept.book.values())
            if line.account_id == account_id
            and (start is None or start <= line.at.astimezone(UTC).date())
            and (end is None or line.at.astimezone(UTC).date() <= end)
        ]
        # Stable: lines of one instant stay newest first.
        found.sort(key=lambda line: line.at, reverse=True)
        return tuple(json.loads(line.text) for line in found[offset : offset + limit]), len(found)

    async def line(self, world: str, line_id: str) -> Mapping[str, Json] | None:
        """See `WorldStore.line`."""
        line = self.worlds.get(world, KeptWorld()).book.get(line_id)
        return None if line is None else json.loads(line.text)


def _read(kept: KeptWorld) -> WorldRows:
    return WorldRows(
        header=json.loads(kept.header),
        accounts={key: json.loads(text) for key, text in kept.accounts.items()},
        orders={key: json.loads(text) for key, text in kept.orders.items()},
    )


def _changed(kept: KeptWorld, change: WorldChange) -> KeptWorld:
    book = dict(kept.book)
    for line in change.lines:
        if line.line_id in book:
            raise Denied(Reason.INVALID_ARGUMENT, rule="row_conflicts")
        book[line.line_id] = KeptLine(
            account_id=line.account_id, at=line.at, text=canonical_json(line.document)
        )
    return KeptWorld(
        version=kept.version + 1,
        header=kept.header if change.header is None else canonical_json(change.header),
        accounts={**kept.accounts, **_texts(change.accounts)},
        orders={
            key: text
            for key, text in {**kept.orders, **_texts(change.orders)}.items()
            if text != _NOTHING
        },
        book=book,
    )


def _texts(documents: Mapping[str, Mapping[str, Json]]) -> dict[str, str]:
    return {key: canonical_json(document) for key, document in documents.items()}

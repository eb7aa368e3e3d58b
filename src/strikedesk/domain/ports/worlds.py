"""Where paper worlds live."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeVar

from strikedesk.domain.ledger import Json, Note, OrderRecord
from strikedesk.domain.value_class import value_class

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRows:
    """A paper world as stored: JSON documents by id."""

    header: Mapping[str, Json]
    accounts: Mapping[str, Mapping[str, Json]]
    orders: Mapping[str, Mapping[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldLine:
    """A line to add to a paper account's book."""

    line_id: str
    account_id: str
    at: datetime
    document: Mapping[str, Json]


@value_class
class WorldChange:
    """What one act changed in a paper world.

    Documents replace those with the same id. An empty document takes an order out: `load` does not
    give it again, so that a world stays small however many orders have ended in it.
    """

    header: Mapping[str, Json] | None = None
    accounts: Mapping[str, Mapping[str, Json]] = field(
        default_factory=dict[str, Mapping[str, Json]]
    )
    orders: Mapping[str, Mapping[str, Json]] = field(default_factory=dict[str, Mapping[str, Json]])
    lines: tuple[WorldLine, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.header or self.accounts or self.orders or self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeWorld:
    """Everything of a paper world: its rows, and every line of every book, oldest first."""

    rows: WorldRows
    lines: tuple[WorldLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshStart:
    """What a world becomes at once, and what that means for the desk's own orders in it.

    `world` None leaves it empty, to be opened anew by whoever comes first. `ends` are the orders,
    by the desk's ids, that cannot go on there; `note` is the line that each gets, and the act.
    """

    world: WholeWorld | None
    ends: tuple[str, ...]
    note: Note


class Worlds(Protocol):
    """All paper worlds of a desk, as wholes."""

    async def names(self) -> tuple[str, ...]:
        """Return the worlds that were opened, by name."""
        ...

    async def whole(self, world: str) -> WholeWorld | None:
        """Return everything of a world as one consistent snapshot; None where there is none."""
        ...

    async def begin_anew(
        self,
        world: str,
        broker: str,
        act: Callable[[WholeWorld | None, Sequence[OrderRecord]], FreshStart],
    ) -> FreshStart:
        """Put a world in the place of what was there, in one durable transaction.

        `act` is given what is there and the ledger's rows at `broker` that have left the desk and
        have not ended. The rows it names end as cancelled. If it raises, nothing is written. The
        version grows on, so that no process takes a copy of the old world for the new one.
        """
        ...


class WorldStore(Protocol):
    """Keeps paper worlds, shared by every process of the desk."""

    async def transact(
        self,
        world: str,
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
        *,
        brief: bool = False,
    ) -> T:
        """Run `act(version, load)` in one exclusive durable transaction and write its change.

        `version` is 0 for a world that does not exist; it grows by one with each change that is
        not empty, so that an actor may keep a decoded copy and call `load` only when it differs.
        `act` runs on the writer's thread, or where it is `brief` perhaps on the event loop: it must
        be quick, pure, and must not wait. If it raises, nothing is written.
        """
        ...

    async def peek(self, world: str) -> int:
        """Return the version without taking the writer."""
        ...

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
        """Return a page of an account's book, newest first, and how many lines there are."""
        ...

    async def line(self, world: str, line_id: str) -> Mapping[str, Json] | None:
        """Return one line of any book by its id, or None."""
        ...

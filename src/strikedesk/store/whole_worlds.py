"""Paper worlds as wholes: listed, read with every line, and replaced together with the ledger."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from strikedesk.domain.ledger import OrderRecord, Progress
from strikedesk.domain.ports import FreshStart, WholeWorld, WorldChange, WorldLine
from strikedesk.domain.states import OrderState
from strikedesk.store import order_rows
from strikedesk.store.database import Database
from strikedesk.store.event_rows import append_event
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import orders, paper_accounts, paper_lines, paper_orders, paper_worlds
from strikedesk.store.steps import move
from strikedesk.store.worlds import load_rows, locked, write_change

_LEFT: Final = frozenset(
    {OrderState.SUBMITTING, OrderState.UNKNOWN} | {state for state in OrderState if state.is_open}
)
_HEADERS: Final = select(paper_worlds.c.world, paper_worlds.c.header).order_by(paper_worlds.c.world)
_LINES: Final = (
    select(
        paper_lines.c.line_id, paper_lines.c.account_id, paper_lines.c.at, paper_lines.c.document
    )
    .where(paper_lines.c.world == bindparam("of_world"))
    .order_by(paper_lines.c.number)
)
_WIPE: Final = tuple(
    Prepared(delete(table).where(table.c.world == bindparam("of_world")))
    for table in (paper_lines, paper_orders, paper_accounts)
)
_OPEN: Final = (
    select(orders.c.order_id)
    .where(orders.c.broker == bindparam("by"), orders.c.state.in_(sorted(_LEFT)))
    .order_by(orders.c.created_at, orders.c.order_id)
)


class SqlWorlds:
    """See `Worlds`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def names(self) -> tuple[str, ...]:
        """See `Worlds.names`."""
        return await self._database.read(_names)

    async def whole(self, world: str) -> WholeWorld | None:
        """See `Worlds.whole`."""
        return await self._database.read(partial(_whole, world=world))

    async def begin_anew(
        self,
        world: str,
        broker: str,
        act: Callable[[WholeWorld | None, Sequence[OrderRecord]], FreshStart],
    ) -> FreshStart:
        """See `Worlds.begin_anew`."""
        return await self._database.write(partial(_begin_anew, world=world, broker=broker, act=act))


def _names(connection: Connection) -> tuple[str, ...]:
    rows = connection.execute(_HEADERS).mappings()
    return tuple(row["world"] for row in rows if row["header"])


def _whole(connection: Connection, *, world: str) -> WholeWorld | None:
    rows = load_rows(connection, world=world)
    if not rows.header:
        return None
    lines = connection.execute(_LINES, {"of_world": world}).mappings()
    return WholeWorld(
        rows=rows,
        lines=tuple(
            WorldLine(
                line_id=line["line_id"],
                account_id=line["account_id"],
                at=line["at"],
                document=line["document"],
            )
            for line in lines
        ),
    )


def _begin_anew(
    connection: Connection,
    *,
    world: str,
    broker: str,
    act: Callable[[WholeWorld | None, Sequence[OrderRecord]], FreshStart],
) -> FreshStart:
    version = locked(connection, world)
    start = act(_whole(connection, world=world), _left(connection, broker))
    for wipe in _WIPE:
        wipe.run(connection, {"of_world": world})
    write_change(connection, world, version + 1, _change(start.world))
    append_event(connection, start.note, order_id=None)
    for order_id in start.ends:
        _end(connection, order_id, start)
    return start


def _left(connection: Connection, broker: str) -> tuple[OrderRecord, ...]:
    found = [
        order_rows.locked_order(connection, order_id)
        for order_id in connection.execute(_OPEN, {"by": broker}).scalars().all()
    ]
    return tuple(row for row in found if row is not None and row.state in _LEFT)


def _change(whole: WholeWorld | None) -> WorldChange:
    if whole is None:
        return WorldChange(header={})
    rows = whole.rows
    return WorldChange(
        header=rows.header, accounts=rows.accounts, orders=rows.orders, lines=whole.lines
    )


def _end(connection: Connection, order_id: str, start: FreshStart) -> None:
    record = order_rows.locked_order(connection, order_id)
    if record is not None:
        ended = Progress(state=OrderState.CANCELLED, reason=start.note.kind)
        move(connection, record, ended, start.note)

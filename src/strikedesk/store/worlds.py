"""Paper worlds, shared by every process that opens the same database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import WorldChange, WorldLine, WorldRows
from strikedesk.store.database import Database
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import paper_accounts, paper_lines, paper_orders, paper_worlds
from strikedesk.store.upsert import put, put_new

T = TypeVar("T")
Document = Mapping[str, Json]

_OF_WORLD: Final = paper_worlds.c.world == bindparam("of_world")
_VERSION_OF: Final = select(paper_worlds.c.version).where(_OF_WORLD)
_VERSION: Final = Prepared(_VERSION_OF)
_LOCKED_VERSION: Final = Prepared(_VERSION_OF.with_for_update())
_HEADER: Final = Prepared(select(paper_worlds.c.header).where(_OF_WORLD))
_SET_VERSION: Final = Prepared(update(paper_worlds).where(_OF_WORLD), sets=("version",))
_SET_BOTH: Final = Prepared(update(paper_worlds).where(_OF_WORLD), sets=("version", "header"))
_ACCOUNTS: Final = Prepared(
    select(paper_accounts.c.account_id, paper_accounts.c.document).where(
        paper_accounts.c.world == bindparam("of_world")
    )
)
_ORDERS: Final = Prepared(
    select(paper_orders.c.order_id, paper_orders.c.document).where(
        paper_orders.c.world == bindparam("of_world")
    )
)
_TAKE_OUT: Final = Prepared(
    delete(paper_orders).where(
        paper_orders.c.world == bindparam("of_world"),
        paper_orders.c.order_id == bindparam("wanted"),
    )
)
_ADD_LINES: Final = Prepared(
    insert(paper_lines).inline(), sets=("world", "line_id", "account_id", "at", "document")
)
_LINE: Final = Prepared(
    select(paper_lines.c.document).where(
        paper_lines.c.world == bindparam("of_world"), paper_lines.c.line_id == bindparam("wanted")
    )
)


class SqlWorldStore:
    """See `WorldStore`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def transact(
        self,
        world: str,
        act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
        *,
        brief: bool = False,
    ) -> T:
        """See `WorldStore.transact`."""
        run = self._database.jot if brief else self._database.write
        return await run(partial(_transact, world=world, act=act))

    async def peek(self, world: str) -> int:
        """See `WorldStore.peek`."""
        return await self._database.glance(partial(_peek, world=world))

    async def lines(
        self,
        world: str,
        account_id: str,
        *,
        start: date | None,
        end: date | None,
        limit: int,
        offset: int,
    ) -> tuple[Sequence[Document], int]:
        """See `WorldStore.lines`. Days are UTC days, both inclusive."""
        return await self._database.read(
            partial(
                _lines,
                world=world,
                account_id=account_id,
                since=_at(start, time.min),
                until=_at(end, time.max),
                limit=limit,
                offset=offset,
            )
        )

    async def line(self, world: str, line_id: str) -> Document | None:
        """See `WorldStore.line`."""
        return await self._database.read(partial(_line, world=world, line_id=line_id))


def _transact(
    connection: Connection,
    *,
    world: str,
    act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]],
) -> T:
    version = locked(connection, world)
    change, answer = act(version, partial(load_rows, connection, world=world))
    if not change.is_empty:
        write_change(connection, world, version + 1, change)
    return answer


def locked(connection: Connection, world: str) -> int:
    """Return the version of a world that nobody else can change meanwhile.

    A world that is new gets its row first, so that there is something to lock.
    """
    row = _LOCKED_VERSION.row(connection, of_world=world)
    if row is None:
        put_new(connection, paper_worlds, {"world": world, "version": 0, "header": {}})
        row = _LOCKED_VERSION.rows(connection, of_world=world)[0]
    return row["version"]


def load_rows(connection: Connection, *, world: str) -> WorldRows:
    """Return the rows of a world; where there is none, its header is empty."""
    header = _HEADER.row(connection, of_world=world)
    accounts = _ACCOUNTS.rows(connection, of_world=world)
    orders = _ORDERS.rows(connection, of_world=world)
    return WorldRows(
        header={} if header is None else header["header"],
        accounts={row["account_id"]: row["document"] for row in accounts},
        orders={row["order_id"]: row["document"] for row in orders},
    )


def write_change(connection: Connection, world: str, version: int, change: WorldChange) -> None:
    """Write a change, and the version that it makes."""
    told: dict[str, object] = {"of_world": world, "version": version}
    if change.header is None:
        _SET_VERSION.run(connection, told)
    else:
        _SET_BOTH.run(connection, {**told, "header": change.header})
    put(
        connection,
        paper_accounts,
        [
            {"world": world, "account_id": key, "document": document}
            for key, document in change.accounts.items()
        ],
    )
    _write_orders(connection, world, change.orders)
    if change.lines:
        _ADD_LINES.run_each(connection, [_columns_of(world, line) for line in change.lines])


def _write_orders(connection: Connection, world: str, orders: Mapping[str, Document]) -> None:
    kept = [
        {"world": world, "order_id": key, "document": document}
        for key, document in orders.items()
        if document
    ]
    ended = [{"of_world": world, "wanted": key} for key, document in orders.items() if not document]
    put(connection, paper_orders, kept)
    if ended:
        _TAKE_OUT.run_each(connection, ended)


def _columns_of(world: str, line: WorldLine) -> Mapping[str, object]:
    return {
        "world": world,
        "line_id": line.line_id,
        "account_id": line.account_id,
        "at": line.at,
        "document": line.document,
    }


def _peek(connection: Connection, *, world: str) -> int:
    row = _VERSION.row(connection, of_world=world)
    return 0 if row is None else row["version"]


def _lines(
    connection: Connection,
    *,
    world: str,
    account_id: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    offset: int,
) -> tuple[tuple[Document, ...], int]:
    matching = select(paper_lines.c.document).where(
        paper_lines.c.world == world, paper_lines.c.account_id == account_id
    )
    if since is not None:
        matching = matching.where(paper_lines.c.at >= since)
    if until is not None:
        matching = matching.where(paper_lines.c.at <= until)
    count = matching.with_only_columns(func.count(), maintain_column_froms=True)
    newest_first = matching.order_by(paper_lines.c.at.desc(), paper_lines.c.number.desc())
    page = connection.execute(newest_first.limit(limit).offset(offset)).scalars().all()
    return tuple(page), connection.execute(count).scalar_one()


def _line(connection: Connection, *, world: str, line_id: str) -> Document | None:
    row = _LINE.row(connection, of_world=world, wanted=line_id)
    return None if row is None else row["document"]


def _at(day: date | None, hour: time) -> datetime | None:
    return None if day is None else datetime.combine(day, hour, tzinfo=UTC)

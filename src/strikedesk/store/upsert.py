"""Insert a row, or settle with the one that is there: one statement, spelt for each database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from strikedesk.store.prepared import Prepared

Row: TypeAlias = Mapping[str, object]


def put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; one with the same primary key is replaced."""
    if rows:
        _replacing(table, connection.dialect.name).run_each(connection, rows)


def put_new(connection: Connection, table: Table, row: Row) -> bool:
    """Insert a row; False, and nothing is written, where one has its primary key."""
    return _keeping(table, connection.dialect.name).run(connection, row) == 1


@cache
def _replacing(table: Table, dialect: str) -> Prepared:
    keys = list(table.primary_key.columns)
    statement = _insert(table, dialect)
    fresh = {c.name: statement.excluded[c.name] for c in table.columns if c not in keys}
    replacing = statement.on_conflict_do_update(index_elements=keys, set_=fresh)
    return Prepared(replacing, sets=table.columns.keys())


@cache
def _keeping(table: Table, dialect: str) -> Prepared:
    keys = list(table.primary_key.columns)
    keeping = _insert(table, dialect).on_conflict_do_nothing(index_elements=keys)
    return Prepared(keeping, sets=table.columns.keys())


def _insert(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)

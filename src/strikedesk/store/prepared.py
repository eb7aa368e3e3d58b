"""Statements that are compiled once.

SQLAlchemy spends several times as long on a short statement as SQLite does. On SQLite the compiled
text and the conversions of its column types are therefore kept, and run on the driver itself.
PostgreSQL, where a round trip costs more than both, runs them as usual. What comes out is the same.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import BindParameter, Connection, Dialect, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from strikedesk.store.transaction import driver_of

Told: TypeAlias = Mapping[str, object]
Convert: TypeAlias = Callable[[Any], Any]

_DIALECT: Final[Dialect] = sqlite.dialect()


class Prepared:
    """A statement. `sets` names the columns that an INSERT or an UPDATE is told."""

    def __init__(self, statement: Executable, *, sets: Sequence[str] = ()) -> None:
        """Compile it when it is first run."""
        self._statement = statement
        self._sets = sets

    def rows(self, connection: Connection, **asked: object) -> list[dict[str, Any]]:
        """Return what a SELECT finds, by the names of its columns."""
        if connection.dialect.name != "sqlite":
            found = connection.execute(self._statement, asked).mappings()
            return [{str(name): value for name, value in row.items()} for row in found]
        cursor = driver_of(connection).execute(self._text, self._bound(asked))
        return [self._told(row) for row in cursor]

    def row(self, connection: Connection, **asked: object) -> dict[str, Any] | None:
        """Return the first row that a SELECT finds."""
        found = self.rows(connection, **asked)
        return found[0] if found else None

    def run(self, connection: Connection, told: Told) -> int:
        """Change what the statement says; return how many rows it met."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, told).rowcount
        return driver_of(connection).execute(self._text, self._bound(told)).rowcount

    def run_each(self, connection: Connection, told: Sequence[Told]) -> None:
        """Change it once for each of these."""
        if connection.dialect.name != "sqlite":
            connection.execute(self._statement, told)
            return
        driver_of(connection).executemany(self._text, [self._bound(one) for one in told])

    def _bound(self, told: Told) -> list[object]:
        """Return the values in the order of their marks, as the driver takes them."""
        return [
            fixed if key is None else told[key] if convert is None else convert(told[key])
            for key, fixed, convert in self._binds
        ]

    def _told(self, row: Sequence[object]) -> dict[str, Any]:
        return {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(self._columns, row, strict=True)
        }

    @cached_property
    def _compiled(self) -> SQLCompiler:
        element = cast("ClauseElement", self._statement)
        compiled = element.compile(dialect=_DIALECT, column_keys=list(self._sets) or None)
        return cast("SQLCompiler", compiled)

    @cached_property
    def _text(self) -> str:
        return self._compiled.string

    @cached_property
    def _binds(self) -> list[tuple[str | None, object, Convert | None]]:
        """What goes where the text has marks: what is told by its key, or a value that is fixed."""
        marked = [self._compiled.binds[name] for name in self._compiled.positiontup or ()]
        return [_mark(bind) for bind in marked]

    @cached_property
    def _columns(self) -> list[tuple[str, Convert | None]]:
        query = cast("Select[*tuple[Any, ...]]", self._statement)
        return [
            (str(column.key), _native(column.type).result_processor(_DIALECT, None))
            for column in query.selected_columns
        ]


def _native(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return what a column type is in SQLite."""
    return kind.dialect_impl(_DIALECT)


def _mark(bind: BindParameter[Any]) -> tuple[str | None, object, Convert | None]:
    convert = _native(bind.type).bind_processor(_DIALECT)
    if bind.required:
        return bind.key, None, convert
    return None, bind.value if convert is None else convert(bind.value), convert

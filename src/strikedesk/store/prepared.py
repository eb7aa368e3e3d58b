"""Statements that are compiled once.

SQLAlchemy spends several times as long on a short statement as SQLite does. On SQLite the compiled
text and the conversions of its column types are therefore kept, and run on the driver itself.
PostgreSQL, where a round trip costs more than both, runs them as usual. What comes out is the same.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import BindParameter, Connection, Dialect, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from strikedesk.store.transaction import driver_of
from strikedesk.store.types import Kept

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

    def _bound(self, told: Told) -> tuple[object, ...]:
        """Return the values in the order of their marks, as the driver takes them."""
        said = {**self._fixed, **told}
        for key, convert in self._to_rest:
            said[key] = convert(said[key])
        return self._in_order(said)

    def _told(self, row: Sequence[object]) -> dict[str, Any]:
        told: dict[str, Any] = dict(zip(self._names, row, strict=True))
        for name, convert in self._from_rest:
            told[name] = convert(told[name])
        return told

    @cached_property
    def _compiled(self) -> SQLCompiler:
        element = cast("ClauseElement", self._statement)
        compiled = element.compile(dialect=_DIALECT, column_keys=list(self._sets) or None)
        return cast("SQLCompiler", compiled)

    @cached_property
    def _text(self) -> str:
        return self._compiled.string

    @cached_property
    def _marks(self) -> list[BindParameter[Any]]:
        """What goes where the text has marks."""
        return [self._compiled.binds[name] for name in self._compiled.positiontup or ()]

    @cached_property
    def _in_order(self) -> Callable[[Told], tuple[object, ...]]:
        """What picks the values that the marks take, one after another."""
        keys = [mark.key for mark in self._marks]
        if len(keys) > 1:
            return itemgetter(*keys)
        return lambda said: tuple(said[key] for key in keys)

    @cached_property
    def _fixed(self) -> Told:
        """The values that the statement says itself."""
        return {mark.key: mark.value for mark in self._marks if not mark.required}

    @cached_property
    def _to_rest(self) -> list[tuple[str, Convert]]:
        """What is converted on its way to the driver: a value once, however many marks it has."""
        found = {mark.key: _to_rest(mark.type) for mark in self._marks}
        return [(key, convert) for key, convert in found.items() if convert is not None]

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._columns)

    @cached_property
    def _from_rest(self) -> list[tuple[str, Convert]]:
        """What is converted of a row."""
        found = [(name, _from_rest(kind)) for name, kind in self._columns]
        return [(name, convert) for name, convert in found if convert is not None]

    @cached_property
    def _columns(self) -> list[tuple[str, TypeEngine[Any]]]:
        query = cast("Select[*tuple[Any, ...]]", self._statement)
        return [(str(column.key), column.type) for column in query.selected_columns]


def _to_rest(kind: TypeEngine[Any]) -> Convert | None:
    """Return what a value of a type is converted by on its way to SQLite."""
    # Of ours SQLAlchemy would ask the same, two calls deeper.
    return kind.at_rest if isinstance(kind, Kept) else _native(kind).bind_processor(_DIALECT)


def _from_rest(kind: TypeEngine[Any]) -> Convert | None:
    """Return what a value of a type is converted by on its way back."""
    if isinstance(kind, Kept):
        return kind.from_rest
    return _native(kind).result_processor(_DIALECT, None)


def _native(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return what a column type is in SQLite."""
    return kind.dialect_impl(_DIALECT)

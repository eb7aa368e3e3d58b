"""A file with two tables for the writers of SQLite, and an outsider who sees what is committed."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from strikedesk.store.sqlite import create_private, sqlite_engine
from strikedesk.store.transaction import driver_of

Work = Callable[[Connection], object]

_TABLES = """
CREATE TABLE rows (number INTEGER PRIMARY KEY) STRICT;
CREATE TABLE children (
    parent INTEGER NOT NULL REFERENCES rows (number) DEFERRABLE INITIALLY DEFERRED
) STRICT;
"""


class File:
    """The file; another process's connection to it is `outsider`."""

    def __init__(self, path: Path) -> None:
        create_private(path)
        self.path = path
        with self.connect() as connection:
            driver_of(connection).executescript(_TABLES)
        self.outsider = sqlite3.connect(path, isolation_level=None)

    def connect(self) -> Connection:
        """Return a connection for a writer."""
        return sqlite_engine(self.path).connect()

    def committed(self) -> list[int]:
        """Return the rows that are on disk."""
        return [n for (n,) in self.outsider.execute("SELECT number FROM rows ORDER BY number")]


def adding(number: int) -> Work:
    """Return a job that adds a row and answers with its number."""

    def add(connection: Connection) -> int:
        connection.exec_driver_sql("INSERT INTO rows VALUES (?)", (number,))
        return number

    return add

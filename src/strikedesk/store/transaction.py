"""One transaction of a SQLite database for all jobs that are there.

Law: a job that raises takes back its own changes and nobody else's. A COMMIT that fails fails every
job in it. The reasons are in docs/decisions/0002-one-writer-group-commit.md.
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, TypeVar, cast

from sqlalchemy import Connection

from strikedesk.store.faults import as_lost, is_busy
from strikedesk.store.jobs import Job, fail

T = TypeVar("T")

# More would make the first of them wait longer than a commit takes.
TOGETHER_MAX: Final = 256


class Transaction:
    """Runs jobs over a connection in autocommit mode that nobody else touches meanwhile."""

    def __init__(self, connection: Connection, *, attempts: int = 1) -> None:
        """Take over a connection; the write lock is asked for so many times."""
        self._connection = connection
        self._attempts = attempts
        self._driver = driver_of(connection)

    def begin(self) -> None:
        """Take the write lock. SQLite itself waits for it as long as its busy timeout says."""
        for attempt in range(1, self._attempts + 1):
            try:
                self._driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if attempt == self._attempts or not is_busy(error):
                    raise
            else:
                return

    def commit(self, batch: list[Job], more: Callable[[int], Iterable[Job]]) -> None:
        """Run a batch and what `more` adds to it meanwhile, and commit it."""
        try:
            for place, job in enumerate(batch):  # which grows while it is walked
                (self._attempt if place else self._attempt_first)(job)
                if len(batch) < TOGETHER_MAX:
                    batch.extend(more(1))
            self._driver.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            fail(batch, as_lost(error))

    def look(self, work: Callable[[Connection], T]) -> T:
        """Run `work` between two transactions.

        Raises:
            RuntimeError: it changed something.
        """
        before = self._driver.total_changes
        found = work(self._connection)
        if self._driver.total_changes != before:
            raise RuntimeError("what was to read only has written")
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _attempt_first(self, job: Job) -> None:
        """Run the job that opens a transaction; if it fails, the transaction begins anew.

        Most come alone: a savepoint would be two more statements for nothing.
        """
        if job.is_abandoned:
            return
        if not job.attempt(self._connection):
            self._roll_back()
            self.begin()
        elif not self._driver.in_transaction:
            raise sqlite3.OperationalError("the job lost its transaction")

    def _attempt(self, job: Job) -> None:
        if job.is_abandoned:
            return
        self._driver.execute("SAVEPOINT job")
        if not job.attempt(self._connection) and self._driver.in_transaction:
            self._driver.execute("ROLLBACK TO job")
        # Fails where the job's error took the whole transaction with it, as a full disk can.
        self._driver.execute("RELEASE job")

    def _roll_back(self) -> None:
        if self._driver.in_transaction:
            with suppress(sqlite3.Error):
                self._driver.execute("ROLLBACK")


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the sqlite3 connection under a connection of SQLAlchemy."""
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)

"""What a failing database means to whoever asked, in our own words.

The driver's text never leaves this room: it may quote rows. Its error code does.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from strikedesk.domain.errors import Denied, DeskError, Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason

_UNREADABLE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUGS: Final = frozenset({sqlite3.SQLITE_ERROR, None})
_PRIMARY_CODE: Final = 0xFF

# Classes that SQLSTATE gives to what is neither our bug nor the caller's: connection, rollback,
# resources, operator, system, and a lock that did not come.
_TRANSIENT_CLASSES: Final = ("08", "40", "53", "57", "58", "55")


def as_desk_error(error: BaseException) -> DeskError | None:
    """Return what the desk says of a database's error; None for errors that are somebody's bug."""
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return Denied(Reason.INVALID_ARGUMENT, rule="row_conflicts")
    if isinstance(error, OSError | PoolTimeout):
        return unavailable(type(error).__name__)
    if cause := _sqlite_cause(error):
        return _of_sqlite(cause)
    if isinstance(error, DBAPIError):
        return _of_postgres(error)
    return None


def as_opening_error(error: BaseException) -> DeskError:
    """Return why a database did not open: a lock passes, anything else needs its owner."""
    if is_busy(error):
        return unavailable("SQLITE_BUSY")
    if cause := _sqlite_cause(error):
        return unreadable(_name_of(cause))
    return unreadable(_sqlstate(error) or type(error).__name__)


def as_lost(error: sqlite3.Error) -> DeskError:
    """Return what a transaction that never reached the disk means to each who was in it."""
    told = _of_sqlite(error)
    return told or unavailable(_name_of(error))


def unavailable(cause: str) -> Unavailable:
    """Return the error of a database that does not answer now."""
    return Unavailable(Reason.DATABASE_UNAVAILABLE, cause=cause)


def unreadable(cause: str) -> Misconfigured:
    """Return the error of a database that cannot be used at all."""
    return Misconfigured(Reason.DATABASE_UNREADABLE, cause=cause)


@contextmanager
def legible(kind: str) -> Generator[None]:
    """Read rows of this kind; one that says what no writer of ours writes is a damaged file's.

    Raises:
        Misconfigured: DATABASE_UNREADABLE.
    """
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, Denied):
        raise unreadable(f"row_of_{kind}") from None


def is_busy(error: BaseException) -> bool:
    """Whether somebody else held SQLite's lock for longer than we wait."""
    cause = _sqlite_cause(error)
    return cause is not None and _primary_code(cause) == sqlite3.SQLITE_BUSY


def _of_sqlite(error: sqlite3.Error) -> DeskError | None:
    code = _primary_code(error)
    if code in _UNREADABLE:
        return unreadable(_name_of(error))
    if isinstance(error, sqlite3.OperationalError) and code not in _BUGS:
        return unavailable(_name_of(error))
    return None


def _of_postgres(error: DBAPIError) -> DeskError | None:
    state = _sqlstate(error)
    if error.connection_invalidated or (state or "").startswith(_TRANSIENT_CLASSES):
        return unavailable(state or "connection lost")
    return None


def _sqlite_cause(error: BaseException) -> sqlite3.Error | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause if isinstance(cause, sqlite3.Error) else None


def _sqlstate(error: BaseException) -> str | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    return state if isinstance(state, str) else None


# What sqlite3 itself raised, rather than SQLite, carries neither code nor name.
def _primary_code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & _PRIMARY_CODE if isinstance(code, int) else None


def _name_of(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", None)
    return name if isinstance(name, str) else type(error).__name__

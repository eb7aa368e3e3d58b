"""Reading JSON documents field by field; what is not of its kind is a damaged database.

Law: an amount is written as text and comes back digit by digit, an instant to the microsecond.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias, TypeVar

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason

Document: TypeAlias = Mapping[str, Json]
E = TypeVar("E", bound=StrEnum)


def damaged(field: str) -> Misconfigured:
    """Return the error for a document that nobody of ours wrote."""
    return Misconfigured(Reason.DATABASE_UNREADABLE, what="paper world", field=field[:40])


def text(document: Document, key: str) -> str:
    """Return a text."""
    value = document.get(key)
    if not isinstance(value, str):
        raise damaged(key)
    return value


def choice(document: Document, key: str, of: type[E]) -> E:
    """Return a member of an enumeration."""
    try:
        return of(text(document, key))
    except ValueError:
        raise damaged(key) from None


def choice_or_none(document: Document, key: str, of: type[E]) -> E | None:
    """Return a member of an enumeration, or None where there is none."""
    return None if document.get(key) is None else choice(document, key, of)


def text_or_none(document: Document, key: str) -> str | None:
    """Return a text, or None where there is none."""
    return None if document.get(key) is None else text(document, key)


def whole(document: Document, key: str) -> int:
    """Return a whole number."""
    value = document.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise damaged(key)
    return value


def whole_or_none(document: Document, key: str) -> int | None:
    """Return a whole number, or None where there is none."""
    return None if document.get(key) is None else whole(document, key)


def count(document: Document, key: str) -> int | Decimal:
    """Return a quantity: a whole number, or in a text one with parts of a share."""
    return amount(document, key) if isinstance(document.get(key), str) else whole(document, key)


def flag(document: Document, key: str) -> bool:
    """Return a yes or no."""
    value = document.get(key)
    if not isinstance(value, bool):
        raise damaged(key)
    return value


def amount(document: Document, key: str) -> Decimal:
    """Return an amount of money or a price."""
    try:
        return Decimal(text(document, key))
    except InvalidOperation:
        raise damaged(key) from None


def amount_or_none(document: Document, key: str) -> Decimal | None:
    """Return an amount, or None where it is unknown."""
    return None if document.get(key) is None else amount(document, key)


def amount_or(document: Document, key: str, otherwise: Decimal) -> Decimal:
    """Return an amount, or another one where an older document lacks it."""
    return otherwise if document.get(key) is None else amount(document, key)


def told_at(at: datetime) -> str:
    """Return an instant as documents tell it. One act tells its own up to ten times."""
    return _told_in_utc(at) if at.tzinfo is UTC else at.isoformat()


# Of UTC alone: the same instant of another zone is equal, and reads otherwise.
@lru_cache(maxsize=1024)
def _told_in_utc(at: datetime) -> str:
    return at.isoformat()


def instant(document: Document, key: str) -> datetime:
    """Return an aware instant."""
    try:
        value = datetime.fromisoformat(text(document, key))
    except ValueError:
        raise damaged(key) from None
    if value.tzinfo is None:
        raise damaged(key)
    return value


def instant_or_none(document: Document, key: str) -> datetime | None:
    """Return an instant, or None where there is none."""
    return None if document.get(key) is None else instant(document, key)


def day(document: Document, key: str) -> date:
    """Return a date."""
    try:
        return date.fromisoformat(text(document, key))
    except ValueError:
        raise damaged(key) from None


def day_or_none(document: Document, key: str) -> date | None:
    """Return a date, or None where there is none."""
    return None if document.get(key) is None else day(document, key)


def part(document: Document, key: str) -> Document:
    """Return a document within a document."""
    value = document.get(key)
    if not isinstance(value, Mapping):
        raise damaged(key)
    return value


def rows(document: Document, key: str, *columns: str) -> list[Document]:
    """Return a list of lists as documents with these names."""
    return [_named(row, key, columns) for row in items(document, key)]


def rows_or_none(document: Document, key: str, *columns: str) -> list[Document]:
    """Return the same, or nothing where an older document lacks the list."""
    return [] if document.get(key) is None else rows(document, key, *columns)


def row_or_none(document: Document, key: str, *columns: str) -> Document | None:
    """Return a list as a document with these names, or None where there is none."""
    row = document.get(key)
    return None if row is None else _named(row, key, columns)


def items(document: Document, key: str) -> Sequence[Json]:
    """Return a list."""
    value = document.get(key)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise damaged(key)
    return value


def _named(row: Json, key: str, columns: tuple[str, ...]) -> Document:
    if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != len(columns):
        raise damaged(key)
    return dict(zip(columns, row, strict=True))

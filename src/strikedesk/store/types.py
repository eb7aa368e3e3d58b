"""Column types: what a value looks like at rest, the same in SQLite and PostgreSQL.

Units: instants are whole microseconds since 1970 UTC (exact, sortable, no time zone to lose);
decimals are their text, digit for digit; documents are canonical JSON text.
"""
# ruff: noqa: ARG002 -- SQLAlchemy hands the dialect to every conversion

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, Select, Text
from sqlalchemy.types import TypeDecorator

from strikedesk.domain.canonical import canonical_json, read_json
from strikedesk.domain.ledger import Json

WordT = TypeVar("WordT", bound=StrEnum)

# What a table's columns hold is known to the table, not to the type checker.
Query: TypeAlias = Select[*tuple[Any, ...]]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

# STRICT tables know no BIGINT: there every INTEGER has 64 bits.
WholeNumber: Final = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware instant. A naive one is refused."""

    impl = WholeNumber
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Count the microseconds."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read them back, in UTC."""
        return None if value is None else EPOCH + value * MICROSECOND


class Exact(TypeDecorator[Decimal]):
    """A finite decimal, with every digit it came with."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write it out; NaN and infinity are no amounts."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError("an amount is finite")
        return str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read it back."""
        return None if value is None else Decimal(value)


class Document(TypeDecorator[Json]):
    """A JSON value."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str:
        """Write the canonical text; None is JSON's null."""
        return canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:
        """Read it back."""
        return None if value is None else read_json(value)


class Word(TypeDecorator[WordT], Generic[WordT]):
    """One word of an enumeration. A word it does not know is refused when it is read."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[WordT]) -> None:
        super().__init__()
        self.words = words
        self._known: dict[str, WordT] = {word.value: word for word in words}

    def process_bind_param(self, value: WordT | str | None, dialect: Dialect) -> str | None:
        """Write the word, which may come as plain text; one that means nothing is refused."""
        return None if value is None else self._word(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> WordT | None:
        """Read it back."""
        return None if value is None else self._word(value)

    def _word(self, value: str) -> WordT:
        # To ask the enumeration takes four times as long, and only it says what is no word of it.
        return self._known.get(value) or self.words(value)

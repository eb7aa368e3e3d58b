"""Column types: what a value looks like at rest, the same in SQLite and PostgreSQL.

Units: instants are whole microseconds since 1970 UTC (exact, sortable, no time zone to lose);
decimals are their text, digit for digit; documents are canonical JSON text.
"""
# ruff: noqa: ARG002 -- SQLAlchemy hands the dialect to every conversion

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, Select, Text
from sqlalchemy.types import TypeDecorator

from strikedesk.domain.canonical import canonical_json, read_json
from strikedesk.domain.ledger import Json

T = TypeVar("T")
WordT = TypeVar("WordT", bound=StrEnum)

# What a table's columns hold is known to the table, not to the type checker.
Query: TypeAlias = Select[*tuple[Any, ...]]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

# STRICT tables know no BIGINT: there every INTEGER has 64 bits.
WholeNumber: Final = BigInteger().with_variant(Integer(), "sqlite")


class Kept(TypeDecorator[T], ABC):
    """A type that says itself what its values look like at rest, the same on every database."""

    impl = Text

    @abstractmethod
    def at_rest(self, value: T | None) -> object:
        """Return what is kept of a value."""

    @abstractmethod
    def from_rest(self, value: Any) -> T | None:  # noqa: ANN401 -- as the driver hands it over
        """Return the value of what was kept."""

    def process_bind_param(self, value: T | None, dialect: Dialect) -> object:
        """See `at_rest`."""
        return self.at_rest(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:  # noqa: ANN401 -- see `from_rest`
        """See `from_rest`."""
        return self.from_rest(value)


class Instant(Kept[datetime]):
    """An aware instant. A naive one is refused."""

    impl = WholeNumber
    cache_ok = True

    def at_rest(self, value: datetime | None) -> int | None:
        """Count the microseconds."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def from_rest(self, value: int | None) -> datetime | None:
        """Read them back, in UTC."""
        return None if value is None else EPOCH + value * MICROSECOND


class Exact(Kept[Decimal]):
    """A finite decimal, with every digit it came with."""

    cache_ok = True

    def at_rest(self, value: Decimal | None) -> str | None:
        """Write it out; NaN and infinity are no amounts."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError("an amount is finite")
        return str(value)

    def from_rest(self, value: str | None) -> Decimal | None:
        """Read it back."""
        return None if value is None else Decimal(value)


class Document(Kept[Json]):
    """A JSON value."""

    cache_ok = True

    def at_rest(self, value: Json) -> str:
        """Write the canonical text; None is JSON's null."""
        return canonical_json(value)

    def from_rest(self, value: str | None) -> Json:
        """Read it back."""
        return None if value is None else read_json(value)


class Word(Kept[WordT], Generic[WordT]):
    """One word of an enumeration. A word it does not know is refused when it is read."""

    cache_ok = True

    def __init__(self, words: type[WordT]) -> None:
        super().__init__()
        self.words = words
        self._known: dict[str, WordT] = {word.value: word for word in words}

    def at_rest(self, value: WordT | str | None) -> str | None:
        """Write the word, which may come as plain text; one that means nothing is refused."""
        return None if value is None else self._word(value)._value_

    def from_rest(self, value: str | None) -> WordT | None:
        """Read it back."""
        return None if value is None else self._word(value)

    def _word(self, value: str) -> WordT:
        # To ask the enumeration takes four times as long, and only it says what is no word of it.
        return self._known.get(value) or self.words(value)

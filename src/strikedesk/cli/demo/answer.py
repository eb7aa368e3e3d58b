"""What a tool answered, read as strictly as a program would."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar, cast

from strikedesk.domain.ledger import Json

T = TypeVar("T")


class Astray(Exception):
    """The demo saw something that must not be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An object from a tool's structured content. Reading what is not there ends the demo."""

    content: Mapping[str, Json]

    def text(self, key: str) -> str:
        """Return a text."""
        return self._of(key, str)

    def number(self, key: str) -> Decimal:
        """Return a number, exactly as it was written."""
        value = self.content.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Astray(f"`{key}` is no number: {value!r}")
        return Decimal(str(value))

    def flag(self, key: str) -> bool:
        """Return a truth value."""
        return self._of(key, bool)

    def inner(self, key: str) -> "Answer":
        """Return an object inside."""
        return Answer(cast("Mapping[str, Json]", self._of(key, dict)))

    def items(self, key: str) -> list["Answer"]:
        """Return a list of objects."""
        return [Answer(item) for item in cast("list[Mapping[str, Json]]", self._of(key, list))]

    def rows(self) -> list["Answer"]:
        """Return the rows of a table, each by the names of its columns."""
        columns = cast("list[str]", self._of("columns", list))
        rows = cast("list[list[Json]]", self._of("rows", list))
        return [Answer(dict(zip(columns, row, strict=True))) for row in rows]

    def only(self, *keys: str) -> "Answer":
        """Return the part of it that a person is shown."""
        return Answer({key: self.content.get(key) for key in keys})

    def _of(self, key: str, kind: type[T]) -> T:
        value = self.content.get(key)
        if not isinstance(value, kind):
            raise Astray(f"`{key}` is no {kind.__name__}: {value!r}")
        return value


def must(holds: bool, otherwise: str) -> None:
    """End the demo where something does not hold."""
    if not holds:
        raise Astray(otherwise)

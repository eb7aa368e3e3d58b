"""TOML that a person wrote, read one key at a time, so that every mistake has its line."""

import re
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Final, TypeVar, cast

from strikedesk.scan.definition import Bounds

T = TypeVar("T")

_HEADER: Final = re.compile(r"\s*\[\s*([\w-]+)\s*\]")
_KEY: Final = re.compile(r"""\s*["']?([^"'=]*?)["']?\s*=""")
_WHERE: Final = re.compile(r"at line (\d+)")
_FEW: Final = 10  # As many names as one line takes.
_NUMBER_MAX: Final = 10**12
# What is no plain name is not repeated: it may be anything that somebody pasted.
_NAME: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)


class BadScanError(ValueError):
    """What is wrong with a definition, in words of ours, and in which line."""

    def __init__(self, line: int, problem: str) -> None:
        """Keep both, and say both."""
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


class Lines:
    """Where each key of a text is written."""

    def __init__(self, text: str) -> None:
        """Note the line of every header and of every key under it."""
        self._at: dict[tuple[str, str], int] = {}
        header = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if found := _HEADER.match(line):
                header = found[1]
                self._at.setdefault((header, ""), number)
            elif found := _KEY.match(line):
                self._at.setdefault((header, found[1].split(".")[0]), number)

    def of(self, header: str, key: str) -> int:
        """Return the line of a key, else that of its header, else the first."""
        return self._at.get((header, key)) or self._at.get((header, "")) or 1


class Table:
    """One table. Each reader takes a key out; `done` refuses what nobody took.

    Raises (all readers): `BadScanError` for a value that is not what is said here.
    """

    def __init__(self, values: Mapping[str, object], lines: Lines, header: str = "") -> None:
        """Read these values, written under `header`."""
        self._left = dict(values)
        self._lines = lines
        self._header = header
        self._taken: list[str] = []

    def no(self, key: str, problem: str) -> BadScanError:
        """Return the error of a key."""
        return BadScanError(self._lines.of(self._header, key), problem)

    @property
    def keys(self) -> tuple[str, ...]:
        """What is left to read."""
        return tuple(self._left)

    def done(self) -> None:
        """Refuse a key that is none."""
        for key in self._left:
            raise self.unknown(key, self._taken)

    def unknown(self, key: str, known: Collection[str]) -> BadScanError:
        """Return the error of a key that is none of `known`, with the nearest of them."""
        shown = f"{key!r}" if _NAME.fullmatch(key) else "that key"
        near = get_close_matches(key, known, n=1, cutoff=0.5)
        listed = f"known are {', '.join(known)}" if len(known) <= _FEW else "see docs/scans.md"
        hint = f"; did you mean {near[0]}?" if near else f": {listed}"
        return self.no(key, f"{shown} is unknown here{hint}")

    def table(self, key: str) -> "Table":
        """Return a table within, empty where there is none."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            raise self.no(key, f"{key} is a table: write [{key}] on a line of its own")
        return Table(cast("dict[str, object]", value or {}), self._lines, key)

    def text(self, key: str, most: int) -> str | None:
        """Return a printable text of at most so many characters, or None."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, str) or not 1 <= len(value) <= most or not value.isprintable():
            raise self.no(key, f"{key} is a text of 1 to {most} characters on one line")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false where nothing is said."""
        value = self._take(key)
        if value is not None and not isinstance(value, bool):
            raise self.no(key, f"{key} is true or false")
        return bool(value)

    def whole(self, key: str, least: int, most: int) -> int | None:
        """Return a whole number, or None."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.no(key, f"{key} is a whole number from {least} to {most}")
        return value

    def number(self, key: str, least: float, most: float) -> float | None:
        """Return a number, or None."""
        value = self._take(key)
        if value is None:
            return None
        found = _number(value)
        if found is None or not least <= found <= most:
            raise self.no(key, f"{key} is a number from {least:g} to {most:g}")
        return found

    def bounds(self, key: str) -> Bounds | None:
        """Return `{ min = 1, max = 2 }`, either of which may be left out, or None."""
        value = self._take(key)
        if value is None:
            return None
        parts = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        numbers = {name: _number(each) for name, each in parts.items()}
        if not numbers or not numbers.keys() <= {"min", "max"} or None in numbers.values():
            raise self.no(key, f"{key} is bounded as {{ min = 1, max = 2 }}, or by one of the two")
        low, high = numbers.get("min"), numbers.get("max")
        if low is not None and high is not None and low > high:
            raise self.no(key, f"{key}: min {low:g} is above max {high:g}")
        return Bounds(low=low, high=high)

    def words(self, key: str, most: int) -> tuple[str, ...] | None:
        """Return a list of texts, each once, or None."""
        value = self._take(key)
        if value is None:
            return None
        items = cast("list[object]", value) if isinstance(value, list) else []
        found = tuple(dict.fromkeys(each for each in items if isinstance(each, str)))
        if not 1 <= len(items) <= most or not all(isinstance(each, str) for each in items):
            raise self.no(key, f'{key} is a list of 1 to {most} texts, as ["a", "b"]')
        return found

    def _take(self, key: str) -> object:
        self._taken.append(key)
        return self._left.pop(key, None)


def table_of(text: str) -> Table:
    """Return the whole of a TOML text.

    Raises:
        BadScanError: it is no TOML.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # A number or a nest too long is no TOML either.
        told = _WHERE.search(str(error))
        line = int(told[1]) if told else max(1, len(text.splitlines()))
        raise BadScanError(line, "this is no TOML: see docs/scans.md for an example") from None
    return Table(values, Lines(text))


def _number(value: object) -> float | None:
    """Return a number of a size that something could have; true is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_NUMBER_MAX <= value <= _NUMBER_MAX else None

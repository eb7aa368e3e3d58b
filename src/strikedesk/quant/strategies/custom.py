"""Strategies that an owner names: a TOML file, checked line by line.

[[strategy]]
name = "one by three"
legs = "+P2 -3P1"
wings = "any"        # or even, uneven; may be left out
"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeGuard, cast

from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, Signature, Wings, signature_of
from strikedesk.quant.strategies.recognition import CUSTOM

_KEYS: Final = {"name", "legs", "wings"}
_HEADER: Final = "[[strategy]]"
_NAME_MAX: Final = 60
_AT_LINE: Final = re.compile(r"\(at line (\d+), ")


class BadFile(ValueError):
    """A file of strategies that cannot be read. Its text is ours: what is wrong, and the line."""


def patterns_of(text: str, taken: Sequence[Pattern] = PATTERNS) -> tuple[Pattern, ...]:
    """Read an owner's strategies.

    Law: no name and no set of legs that is `taken` already, or is here twice.

    Raises:
        BadFile: what is wrong, and in which line.
    """
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"line {_line_of(error, text)}: this is no TOML") from None
    tables = cast("object", read.get("strategy", []))
    strange = set(read) - {"strategy"}
    if strange or not _are_tables(tables):
        line = _line_of_key(text, strange or {"strategy"})
        raise BadFile(
            f"line {line}: write each strategy under a header {_HEADER}, and nothing else"
        )
    known = list(taken)
    for number, table in enumerate(tables):
        known.append(_read(table, _Lines(text, number), known))
    return tuple(known[len(taken) :])


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    """Return where the parser stumbled; its words stay out: they quote what stands there."""
    found = _AT_LINE.search(str(error))
    return int(found[1]) if found else max(len(text.splitlines()), 1)


def _line_of_key(text: str, keys: Collection[str]) -> int:
    """Return the first line that writes one of the keys, or a table of its name."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.split(r"[=.\]]", line.strip(" \t["))[0].strip(" \t\"'") in keys:
            return number
    return 1


def _are_tables(tables: object) -> TypeGuard[list[Mapping[str, object]]]:
    if not isinstance(tables, list):
        return False
    return all(isinstance(table, dict) for table in cast("list[object]", tables))


class _Lines:
    """Where the keys of one strategy are written."""

    def __init__(self, text: str, number: int) -> None:
        self._lines = text.splitlines()
        stripped = (line.replace(" ", "") for line in self._lines)
        starts = [n for n, line in enumerate(stripped) if line.startswith(_HEADER)]
        self._start = starts[number] if number < len(starts) else 0
        self._end = starts[number + 1] if number + 1 < len(starts) else len(self._lines)

    def error(self, key: str, what: str) -> BadFile:
        """Return the error, with the line of a key or of the header."""
        inside = range(self._start, self._end)
        hits = [n for n in inside if self._lines[n].split("=")[0].strip(" \"'") == key]
        return BadFile(f"line {(hits or [self._start])[0] + 1}: {what}")


def _read(table: Mapping[str, object], lines: _Lines, known: Sequence[Pattern]) -> Pattern:
    try:
        return pattern_of(table, known)
    except BadPattern as bad:
        raise lines.error(bad.key, str(bad)) from None


class BadPattern(ValueError):
    """What is wrong with one strategy, in words of ours, and under which key."""

    def __init__(self, key: str, what: str) -> None:
        """Keep both."""
        super().__init__(what)
        self.key = key


def pattern_of(table: Mapping[str, object], known: Sequence[Pattern] = PATTERNS) -> Pattern:
    """Return the strategy that a table with `name`, `legs` and perhaps `wings` describes.

    Raises:
        BadPattern: it is none, or one of `known` has its name or its legs.
    """
    if strange := sorted(set(table) - _KEYS):
        raise BadPattern(strange[0], "there is no such key: write name, legs and wings")
    name, legs, wings = table.get("name"), table.get("legs"), table.get("wings", "any")
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_MAX or not name.isprintable():
        raise BadPattern("name", f"give it a name of 1 to {_NAME_MAX} printable characters")
    if "," in name or name != " ".join(name.split()):
        raise BadPattern("name", "a name has no comma, and one space between words")
    if name.lower() in {CUSTOM, *(pattern.name.lower() for pattern in known)}:
        raise BadPattern("name", "this name is taken: choose another")
    if not isinstance(legs, str) or not legs.split():
        raise BadPattern("legs", 'write its legs as in "+P2 -3P1"')
    if wings not in set(Wings):
        raise BadPattern("wings", "wings are any, even or uneven")
    found = Pattern(name=name, signature=_signature(legs), wings=Wings(str(wings)))
    if others := [each.name for each in known if _same(found, each)]:
        raise BadPattern("legs", f"these are the legs of {others[0]}")
    return found


def _signature(legs: str) -> Signature:
    try:
        signature = signature_of(legs)
    except ValueError as error:
        raise BadPattern("legs", str(error)) from None
    for place, what in ((1, "expirations"), (2, "strikes")):
        ranks = sorted({token[place] for token in signature} - {0})
        if ranks != list(range(1, len(ranks) + 1)):
            raise BadPattern("legs", f"its {what} must be ranked without gaps, from the first")
    return signature


def _same(one: Pattern, other: Pattern) -> bool:
    """Whether some legs would be called by both names."""
    apart = {one.wings, other.wings} == {Wings.EVEN, Wings.UNEVEN}
    return one.signature == other.signature and not apart

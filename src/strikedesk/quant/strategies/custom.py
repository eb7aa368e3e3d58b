"""Strategies that an owner names: a TOML file, checked line by line.

[[strategy]]
name = "one by three"
legs = "+P2 -3P1"
wings = "any"        # or even, uneven; may be left out
"""

import tomllib
from collections.abc import Mapping
from typing import Final, TypeGuard, cast

from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, Signature, Wings, signature_of
from strikedesk.quant.strategies.recognition import CUSTOM

_KEYS: Final = {"name", "legs", "wings"}
_HEADER: Final = "[[strategy]]"
_NAME_MAX: Final = 60


def patterns_of(text: str) -> tuple[Pattern, ...]:
    """Read an owner's strategies.

    Law: no name and no set of legs that is taken already, here or among the usual ones.

    Raises:
        ValueError: what is wrong, and in which line.
    """
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = f"line {len(text.splitlines())}"
        what = str(error).replace("end of document", last)
        raise ValueError(f"this is no TOML: {what}") from None
    tables = cast("object", read.get("strategy", []))
    if set(read) - {"strategy"} or not _are_tables(tables):
        raise ValueError(f"line 1: write each strategy under a header {_HEADER}, and nothing else")
    known: list[Pattern] = list(PATTERNS)
    for number, table in enumerate(tables):
        known.append(_pattern(table, _Lines(text, number), known))
    return tuple(known[len(PATTERNS) :])


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

    def error(self, key: str, what: str) -> ValueError:
        """Return the error, with the line of a key or of the header."""
        inside = range(self._start, self._end)
        hits = [n for n in inside if self._lines[n].split("=")[0].strip(" \"'") == key]
        return ValueError(f"line {(hits or [self._start])[0] + 1}: {what}")


def _pattern(table: Mapping[str, object], lines: _Lines, known: list[Pattern]) -> Pattern:
    if strange := sorted(set(table) - _KEYS):
        raise lines.error(strange[0], f"{strange[0]!r} is unknown: write name, legs and wings")
    name, legs, wings = table.get("name"), table.get("legs"), table.get("wings", "any")
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_MAX or not name.isprintable():
        raise lines.error("name", f"give it a name of 1 to {_NAME_MAX} printable characters")
    if name == CUSTOM or name in {pattern.name for pattern in known}:
        raise lines.error("name", f"the name {name!r} is taken: choose another")
    if not isinstance(legs, str) or not legs.split():
        raise lines.error("legs", 'write its legs as in "+P2 -3P1"')
    if wings not in set(Wings):
        raise lines.error("wings", "wings are any, even or uneven")
    found = Pattern(name=name, signature=_signature(legs, lines), wings=Wings(str(wings)))
    if others := [each.name for each in known if _same(found, each)]:
        raise lines.error("legs", f"these are the legs of {others[0]!r}")
    return found


def _signature(legs: str, lines: _Lines) -> Signature:
    try:
        signature = signature_of(legs)
    except ValueError as error:
        raise lines.error("legs", str(error)) from None
    for place, what in ((1, "expirations"), (2, "strikes")):
        ranks = sorted({token[place] for token in signature} - {0})
        if ranks != list(range(1, len(ranks) + 1)):
            raise lines.error("legs", f"its {what} must be ranked without gaps, from the first")
    return signature


def _same(one: Pattern, other: Pattern) -> bool:
    """Whether some legs would be called by both names."""
    apart = {one.wings, other.wings} == {Wings.EVEN, Wings.UNEVEN}
    return one.signature == other.signature and not apart

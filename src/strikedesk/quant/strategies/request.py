"""A strategy in a few words: `iron condor, 45 DTE, 16 delta, 5 wide`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from strikedesk.quant.strategies.patterns import PATTERNS, Pattern

_LIKELY_MAX: Final = 3
_DAYS: Final = re.compile(r"(\d{1,4})(?:/(\d{1,4}))? dte")
_DELTA: Final = re.compile(r"(\d{1,2}(?:\.\d+)?) delta")
_WIDE: Final = re.compile(r"(\d{1,4}(?:\.\d+)?) wide")
_UNITS: Final = re.compile(r"x ?(\d{1,4})")


class Unmet(ValueError):
    """A request that cannot be met. Its text is ours, quotes nothing, and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for.

    Units: `days` calendar days to each expiration; `delta` of the options it sells (of those it
    buys, if it sells none), 0 to 1, without sign; `width` USD between neighbouring strikes.
    Law: as many days as the pattern has expirations, in order. None = not said.
    """

    pattern: Pattern
    days: tuple[int, ...]
    delta: float | None = None
    width: float | None = None
    units: int = 1


def request_of(text: str, patterns: Sequence[Pattern] = PATTERNS) -> Request:
    """Read a strategy's name, then what is said of it, between commas in any order.

    Raises:
        Unmet: a part is not understood, is missing or contradicts another; it says which.
    """
    name, *parts = (" ".join(part.lower().split()) for part in text.split(","))
    found = pattern_named(name, patterns)
    if found is None:
        raise Unmet(
            f"there is no strategy of that name: begin with one, as {_likely(name, patterns)}"
        )
    asked = Request(pattern=found, days=())
    for place, part in enumerate(parts, start=2):
        asked = _with(asked, part, f"part {place}")
    ends = max(token[1] for token in found.signature)
    if not ends:
        raise Unmet(f"{found.name} has no option: there is nothing to choose")
    if len(asked.days) != ends or sorted(set(asked.days)) != list(asked.days):
        example = "45 DTE" if ends == 1 else "30/60 DTE"
        raise Unmet(f"{found.name} needs {ends} different expirations in order, as {example}")
    return asked


def pattern_named(text: str, patterns: Sequence[Pattern]) -> Pattern | None:
    """Return the pattern that a request begins with, if there is one of that name."""
    name = " ".join(text.partition(",")[0].lower().split())
    return next((pattern for pattern in patterns if pattern.name.lower() == name), None)


def _likely(name: str, patterns: Sequence[Pattern]) -> str:
    """Return the names that were probably meant, or else an example."""
    names = {pattern.name.lower(): pattern.name for pattern in patterns}
    near = get_close_matches(name, names, n=_LIKELY_MAX)
    return " or ".join(names[each] for each in near) or "iron condor"


def _with(asked: Request, part: str, place: str) -> Request:
    """Return the request with one more thing said."""
    if said := _DAYS.fullmatch(part):
        return replace(asked, days=tuple(int(days) for days in said.groups() if days))
    if said := _DELTA.fullmatch(part):
        return replace(asked, delta=_positive(float(said[1]) / 100.0, place))
    if said := _WIDE.fullmatch(part):
        return replace(asked, width=_positive(float(said[1]), place))
    if said := _UNITS.fullmatch(part):
        return replace(asked, units=int(_positive(int(said[1]), place)))
    raise Unmet(f"{place} is not understood: say 45 DTE, 16 delta, 5 wide or x 2")


def _positive(number: float, place: str) -> float:
    if number <= 0:
        raise Unmet(f"{place} must be more than 0")
    return number

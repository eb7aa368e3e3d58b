"""Quotes that stand until the next step: asked again within a step, they are not made again."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol

# Now, and a few steps that resting orders are matched at; contracts of a step: a chain is not kept.
STEPS_KEPT: Final = 8
SYMBOLS_KEPT: Final = 4_096


@dataclass(frozen=True, slots=True)
class _Step:
    """What is known of a step; `unlisted` are those that have no quote."""

    quotes: dict[Symbol, Quote] = field(default_factory=dict[Symbol, Quote])
    unlisted: set[Symbol] = field(default_factory=set[Symbol])


class StandingQuotes:
    """What was quoted at the last few steps, and what was not. Safe between threads."""

    def __init__(self) -> None:
        """Know nothing yet."""
        # An lru_cache guards itself; a step made twice in a race is made alike.
        self._known = lru_cache(maxsize=STEPS_KEPT)(_nothing_yet)

    def at(
        self,
        step: datetime,
        symbols: Collection[Symbol],
        make: Callable[[Collection[Symbol]], Mapping[Symbol, Quote]],
    ) -> dict[Symbol, Quote]:
        """Return the quotes of `symbols` at `step`, making those that were not made yet."""
        known = self._known(step)
        found: dict[Symbol, Quote] = {}
        missing: list[Symbol] = []
        for symbol in symbols:
            quote = known.quotes.get(symbol)
            if quote is not None:
                found[symbol] = quote
            elif symbol not in known.unlisted:
                missing.append(symbol)
        if missing:
            made = make(missing)
            found |= made
            _keep(known, missing, made)
        return found


def _keep(known: _Step, asked: Collection[Symbol], made: Mapping[Symbol, Quote]) -> None:
    if len(known.quotes) + len(known.unlisted) + len(asked) <= SYMBOLS_KEPT:
        known.quotes.update(made)
        known.unlisted.update(symbol for symbol in asked if symbol not in made)


def _nothing_yet(_step: datetime) -> _Step:
    return _Step()

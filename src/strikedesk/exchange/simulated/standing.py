"""Quotes that stand until the next step: asked again within a step, they are not made again."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol

# Now, and a few steps that resting orders are matched at; contracts of a step: a chain is not kept.
STEPS_KEPT: Final = 8
SYMBOLS_KEPT: Final = 4_096


class StandingQuotes:
    """What was quoted at the last few steps, None where nothing is listed. Safe between threads."""

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
        found = {symbol: known[symbol] for symbol in symbols if symbol in known}
        if missing := [symbol for symbol in symbols if symbol not in found]:
            made = make(missing)
            found |= {symbol: made.get(symbol) for symbol in missing}
            self._keep(step, found)
        return {symbol: quote for symbol, quote in found.items() if quote is not None}

    def _keep(self, step: datetime, found: Mapping[Symbol, Quote | None]) -> None:
        known = self._known(step)
        if len(known) + len(found) <= SYMBOLS_KEPT:
            known.update(found)


def _nothing_yet(_step: datetime) -> dict[Symbol, Quote | None]:
    return {}

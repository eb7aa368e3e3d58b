"""The last assessment, for whoever asks again while nothing has changed.

An order is looked at when it is previewed, when it is confirmed and when it is placed. Where a
market moves every fifteen seconds, and the account stands as it did, the answer is the same.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Final

from strikedesk.domain.calendar import exchange_date
from strikedesk.exchange import rules
from strikedesk.exchange.assess import Assessment, Basis, assessed
from strikedesk.exchange.screen import Screen

# By name, so that what is added to either is compared from then on.
_OF_BASIS: Final = attrgetter(*(each.name for each in fields(Basis) if each.name != "screen"))
_OF_SCREEN: Final = attrgetter(*(each.name for each in fields(Screen) if each.name != "at"))


@dataclass(slots=True)
class Memory:
    """Remembers one assessment of an order that may be taken, and what that was made of."""

    _last: "_Known | None" = None

    def assessed(self, basis: Basis) -> Assessment:
        """Return what `assess.assessed` does."""
        last = self._last
        if last is not None and last.is_of(basis):
            return replace(last.found, screen=basis.screen)
        found = assessed(basis)
        if found.refusal is None:  # Which is raised, once.
            self._last = _Known(basis, found, rules.expires_at(basis.request, basis.screen))
        return found


@dataclass(frozen=True, slots=True)
class _Known:
    """`until`: when time itself may change the answer, as where a contract ends. None = never."""

    basis: Basis
    found: Assessment
    until: datetime | None

    def is_of(self, basis: Basis) -> bool:
        """Whether it is made of the same, but for the time, and no rule asks what time it is."""
        then, now = self.basis.screen.at, basis.screen.at
        if now < then or (self.until is not None and now >= self.until):
            return False
        if exchange_date(now) != exchange_date(then):
            return False  # Fees go by their day, and what is lent on a contract too.
        return _OF_BASIS(basis) == _OF_BASIS(self.basis) and _OF_SCREEN(basis.screen) == _OF_SCREEN(
            self.basis.screen
        )

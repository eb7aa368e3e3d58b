"""Halts: now and then trading in a share stops for some minutes, by a rule of the seed."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import EQUITY, Underlying
from strikedesk.exchange.simulated.moments import steps_in
from strikedesk.exchange.simulated.weather import sessions_of

ONE_SESSION_IN: Final = 160
SHORTEST, LONGEST = 20, 60  # Steps: five minutes to a quarter of an hour.
_MARGIN: Final = 40  # Steps after the opening and before the close that are never halted.
_ODDS: Final = 65_536


class Halts:
    """Every halt of one seed. Safe to share between threads.

    Law: shares of companies only, at most one halt a session, and none at its ends.
    """

    def __init__(self, *, seed: int) -> None:
        """Remember the seed; nothing is computed until it is asked for."""
        self._seed = seed
        self._year = lru_cache(maxsize=2048)(self._drawn)

    def of(self, underlying: Underlying, session: Session) -> range | None:
        """Return the steps of a session in which an underlying does not trade."""
        if underlying.kind != EQUITY:
            return None
        return self._year(underlying, session.day.year).get(session.day)

    def _drawn(self, underlying: Underlying, year: int) -> Mapping[date, range]:
        sessions = sessions_of(year)
        days = np.array([session.day.toordinal() for session in sessions])
        bits = noise.draw(noise.key(self._seed, "halts", underlying.ticker), days)
        chosen = np.flatnonzero(noise.below(bits, _ODDS) < _ODDS // ONE_SESSION_IN).tolist()
        return {sessions[n].day: _steps(sessions[n], int(bits[n]) >> 16) for n in chosen}


def _steps(session: Session, bits: int) -> range:
    length = SHORTEST + bits % (LONGEST - SHORTEST + 1)
    room = steps_in(session) - 2 * _MARGIN - length
    begin = _MARGIN + (bits >> 16) % room
    return range(begin, begin + length)

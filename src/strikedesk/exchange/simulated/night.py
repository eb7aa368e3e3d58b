"""Extended hours: shares trade thinly from a close until 20:00, and from 04:00 to the opening.

Both pieces are one way from the close to the next opening; news of earnings comes on it at its
hour. Between the pieces, while nobody trades, shares are split and go without their dividend.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np

from strikedesk.domain.calendar import Session, next_session
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import LOWEST_CENTS, DailyWalk, Day
from strikedesk.exchange.simulated.moments import FULL_DAY_STEPS, LAST_DAY, STEP, moment_at
from strikedesk.exchange.simulated.noise import Floats, Ints
from strikedesk.exchange.simulated.weather import NIGHT

LATE_STEPS: Final = 960  # Four hours after every close, an early one too.
EARLY_STEPS: Final = 1320  # From 04:00 to 09:30.
STEPS: Final = LATE_STEPS + EARLY_STEPS
_LATE_NEWS: Final = 20  # Five minutes past the close;
_EARLY_NEWS: Final = LATE_STEPS + 720  # and at seven in the morning.


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A step of the way from the close of `closed` to the opening of `opens`.

    Law: `at` is the instant of the step; at an hour at which nobody trades, the end of the last.
    """

    closed: Session
    opens: Session
    step: int
    at: datetime
    trades: bool = True

    @property
    def is_early(self) -> bool:
        """Whether it belongs to the day that is about to open."""
        return self.step >= LATE_STEPS


# A look at the market asks several times of one instant, and the hours around it take a while.
@lru_cache(maxsize=1024)
def night_at(at: datetime) -> Night | None:
    """Return the step that stands at `at`; None in regular hours, and where the world ends."""
    moment = moment_at(at)
    if moment is None or moment.is_open:
        return None
    closed, opens = moment.session, next_session(moment.session.day)
    if opens.day > LAST_DAY:
        return None
    early, late = opens.extended_from, closed.extended_until
    if at >= early:
        step = (at - early) // STEP
        instant = early + step * STEP
        return Night(closed=closed, opens=opens, step=LATE_STEPS + step, at=instant)
    if at >= late:
        return Night(closed=closed, opens=opens, step=LATE_STEPS - 1, at=late, trades=False)
    step = (at - closed.closes_at) // STEP
    instant = closed.closes_at + step * STEP
    return Night(closed=closed, opens=opens, step=step, at=instant)


class Nights:
    """The price of shares between sessions. Safe to share between threads."""

    def __init__(self, *, seed: int, daily: DailyWalk) -> None:
        """Join the days of `daily`."""
        self._seed = seed
        self._daily = daily
        self._path = lru_cache(maxsize=128)(self._joined)

    def price(self, underlying: Underlying, night: Night) -> int:
        """Return the price at a step, in cents of the share that is traded then."""
        return int(self._path(underlying, night.closed, night.opens)[night.step])

    def _joined(self, underlying: Underlying, closed: Session, opens: Session) -> Ints:
        before, after = (self._daily.day(underlying, session) for session in (closed, opens))
        way = self._way(underlying, after)
        late = before.close * np.exp(way[:LATE_STEPS])
        early = (after.previous_close - after.dividend) * np.exp(way[LATE_STEPS:])
        cents = np.rint(np.concatenate((late, early)))
        return np.maximum(cents, LOWEST_CENTS).astype(np.int64)

    def _way(self, underlying: Underlying, after: Day) -> Floats:
        """Return the logarithm of the price over the close: 0 at the start, the gap at the end."""
        stream = noise.key(self._seed, "night", underlying.ticker)
        first = after.session.day.toordinal() * FULL_DAY_STEPS
        walk = np.cumsum(noise.even(noise.draw(stream, np.arange(first, first + STEPS // 4))))
        passed = np.arange(STEPS) / STEPS
        sigma = after.sigma * NIGHT / math.sqrt(STEPS) / noise.STEPS_PER_EVEN_SIGMA
        wiggle = sigma * (walk - passed * walk[-1])
        wiggle[0] = 0.0
        gap = math.log(after.open / (after.previous_close - after.dividend))
        return passed * (gap - after.news) + _since(underlying, after.news) + wiggle


def _since(underlying: Underlying, news: float) -> Floats:
    reports = underlying.reports
    hour = _LATE_NEWS if reports is not None and reports.timing == "after_close" else _EARLY_NEWS
    return np.where(np.arange(STEPS) >= hour, news, 0.0)

"""The dividends that fall before one expiration, laid over the steps of a tree to it."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from strikedesk.quant.normal import FloatArray

STEPS: Final = (40, 57)  # From so many to below so many: those that fall nearest to the ex-dates.


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The steps to one expiration, and the cash that is paid on the way.

    Units: `step` years; `held` what is still to be paid at each step, its present value there, USD;
    `owed` and `left` the discount and the cash to come of the exercise at an ex-date that is
    nearest to a step, or NaN. `moments` has a row for now, for each ex-date and for the end: the
    discounts of cash and share, and today's value of the cash to come, of who exercises then. These
    three are a put's and a call's, in this order: a call is exercised just before the dividend.
    Law: `rate` and `dividend_yield` continuously compounded.
    """

    steps: int
    step: float
    rate: float
    dividend_yield: float
    held: FloatArray
    owed: FloatArray
    left: FloatArray
    moments: FloatArray

    @classmethod
    def of(
        cls,
        *,
        years: float,
        rate: float,
        dividend_yield: float,
        ex_years: FloatArray,
        amounts: FloatArray,
    ) -> Self:
        """Lay dividends over the steps. Law: 0 < each of `ex_years` <= years, in order."""
        steps = _steps(ex_years / years, amounts)
        step = years / steps
        ahead = ex_years[None, :] - np.arange(steps)[:, None] * step
        worth = amounts * np.exp(-rate * ahead)
        # The step nearest to an ex-date, from either side, decides about the exercise there.
        nearest = np.minimum(np.rint(ex_years / step), steps - 1)
        due = nearest == np.arange(steps)[:, None]
        rows, waits = np.arange(steps), due.any(axis=1)
        # A call is exercised just before the first of them, a put just after the last.
        first, last = np.argmax(due, axis=1), due.shape[1] - 1 - np.argmax(due[:, ::-1], axis=1)
        which = np.array((last, first))
        later = np.arange(ex_years.size) >= np.array((last + 1, first))[:, :, None]
        return cls(
            steps=steps,
            step=step,
            rate=rate,
            dividend_yield=dividend_yield,
            held=(worth * (ahead > 0.0)).sum(axis=1),
            owed=np.where(waits, np.exp(-rate * ahead[rows, which]), np.nan),
            left=np.where(waits, (worth * later).sum(axis=2), np.nan),
            moments=_moments(
                years=years,
                rate=rate,
                dividend_yield=dividend_yield,
                ex_years=ex_years,
                amounts=amounts,
            ),
        )

    @property
    def years(self) -> float:
        """The time to the end."""
        return self.steps * self.step

    @property
    def calls_between(self) -> bool:
        """Whether a call's exercise can pay where no dividend is near, as a put's can."""
        return self.dividend_yield > 0.0 or self.rate < 0.0


def _steps(shares: FloatArray, amounts: FloatArray) -> int:
    """Return how many steps put the ex-dates, as shares of the time, nearest to steps."""
    counts = np.arange(*STEPS)
    places = shares * counts[:, None]
    missed = np.abs(places - np.rint(places)) / counts[:, None]
    return int(counts[np.argmin(missed @ amounts)])


def _moments(
    *,
    years: float,
    rate: float,
    dividend_yield: float,
    ex_years: FloatArray,
    amounts: FloatArray,
) -> FloatArray:
    """Return the rows of `Calendar.moments`."""
    times = np.concatenate(([0.0], ex_years, [years]))
    worth, late = amounts * np.exp(-rate * ex_years), times[:, None]
    moments = np.empty((2, times.size, 3))
    moments[:, :, 0], moments[:, :, 1] = np.exp(-rate * times), np.exp(-dividend_yield * times)
    moments[0, :, 2], moments[1, :, 2] = (ex_years > late) @ worth, (ex_years >= late) @ worth
    moments[:, -1, 2] = 0.0  # At the end the share is without every dividend.
    return moments

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
        rows = np.arange(steps)
        at, discounts = rows * step, np.exp(-rate * ex_years)
        # What is still to be paid from each dividend on, of all and of none, at each step's time.
        to_come = np.append(np.cumsum((amounts * discounts)[::-1])[::-1], 0.0)
        grown = np.exp(rate * at)
        # The step nearest to an ex-date, from either side, decides about the exercise there.
        nearest = np.minimum(np.rint(ex_years / step), steps - 1)
        first, after = (np.searchsorted(nearest, rows, side) for side in ("left", "right"))
        # A call is exercised just before the first of them, a put just after the last.
        which = np.array((after - 1, np.minimum(first, ex_years.size - 1)))
        waits = after > first
        return cls(
            steps=steps,
            step=step,
            rate=rate,
            dividend_yield=dividend_yield,
            held=to_come[np.searchsorted(ex_years, at, "right")] * grown,
            owed=np.where(waits, discounts[which] * grown, np.nan),
            left=np.where(waits, to_come[np.array((after, first))] * grown, np.nan),
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

"""What the worst of many outcomes cost: value at risk, expected shortfall, drawdown."""

from dataclasses import dataclass

import numpy as np

from strikedesk.quant.normal import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The worst of `outcomes` equally likely ones. Units: USD, a loss positive.

    Law: of the `worst` largest losses, `value_at_risk` is the smallest and `expected_shortfall` the
    mean, so that the second is never below the first.
    """

    value_at_risk: float
    expected_shortfall: float
    worst: int
    outcomes: int


def tail(profits: FloatArray, percent: int) -> Tail | None:
    """Return the tail beyond `percent` (95 = the worst twentieth); None without it or with a NaN.

    Law: the number of worst outcomes is rounded up; profits fewer than one in that tail have none.
    """
    outcomes = profits.size
    if not outcomes or outcomes * (100 - percent) < 100 or np.isnan(profits).any():  # noqa: PLR2004 -- per cent
        return None
    worst = -(-outcomes * (100 - percent) // 100)
    losses = np.sort(-profits)[-worst:]
    return Tail(
        value_at_risk=float(losses[0]),
        expected_shortfall=float(losses.mean()),
        worst=worst,
        outcomes=outcomes,
    )


def drawdown(profits: FloatArray) -> float:
    """Return the largest fall of the running sum below its highest point so far, which starts at 0.

    Units: USD, 0 or positive.
    """
    path = np.concatenate(([0.0], np.cumsum(profits)))
    return float((np.maximum.accumulate(path) - path).max())

"""Stress: what the book gains when every price and every volatility moves at once.

Every price moves by the same fraction, every volatility by the same fraction of itself, and no time
passes. All 21 times 21 pairs are priced; a reader sees a few of them and the worst.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from strikedesk.portfolio.priced import Priced

SPOT_STEPS: Final = tuple(n / 40 for n in range(-10, 11))  # -25 % to +25 %.
VOLATILITY_STEPS: Final = tuple(n / 20 for n in range(-10, 11))  # -50 % to +50 %.
SPOT_SHOWN: Final = (-0.25, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.25)
VOLATILITY_SHOWN: Final = (-0.5, -0.25, 0.0, 0.25, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stressed:
    """A cell of the grid. Units: `spot` and `volatility` fractional changes, `profit` USD."""

    spot: float
    volatility: float
    profit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """The grid of the whole book, by spot and within it by volatility; and the worst by underlying.

    `worst_of` is each underlying's own lowest profit over the grid, USD, the others left out.
    """

    cells: tuple[Stressed, ...]
    worst_of: Mapping[str, float]

    @property
    def worst(self) -> Stressed:
        """The cell that costs most."""
        return min(self.cells, key=lambda cell: cell.profit)

    @property
    def shown(self) -> Sequence[Sequence[float]]:
        """Profits at the few pairs that are shown: rows by spot, columns by volatility."""
        found = {(cell.spot, cell.volatility): cell.profit for cell in self.cells}
        return [[found[spot, volatility] for volatility in VOLATILITY_SHOWN] for spot in SPOT_SHOWN]


def stress(known: Priced) -> Stress | None:
    """Return the grid; None where nothing can be priced."""
    if not known.covered:
        return None
    from strikedesk.quant.revaluation import profits  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.scenarios import grid  # noqa: PLC0415 -- imports numpy

    steps = grid(
        len(known.underlyings),
        [1.0 + step for step in SPOT_STEPS],
        [1.0 + step for step in VOLATILITY_STEPS],
    )
    gains = profits(known.book, steps)
    pairs = [(spot, volatility) for spot in SPOT_STEPS for volatility in VOLATILITY_STEPS]
    return Stress(
        cells=tuple(
            Stressed(spot=spot, volatility=volatility, profit=profit)
            for (spot, volatility), profit in zip(pairs, gains.sum(axis=0).tolist(), strict=True)
        ),
        worst_of=dict(zip(known.underlyings, gains.min(axis=1).tolist(), strict=True)),
    )

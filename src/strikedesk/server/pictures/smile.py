"""The smile: implied volatility by strike, a curve for each expiration."""

# matplotlib leaves most keyword arguments untyped, which makes every method that takes any unknown.
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from strikedesk.domain.quotes import Feed
from strikedesk.server.pictures.easel import (
    ACROSS,
    DOWN,
    FAINT,
    INK,
    LEFT,
    LINE,
    UP,
    WARNING,
    Head,
    png,
    tidy,
)

CURVES_MAX: Final = 5
_COLORS: Final = (LINE, UP, DOWN, WARNING, FAINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smile:
    """One expiration. Units: strikes USD, ascending; volatilities annual fractions."""

    label: str
    strikes: Sequence[float]
    volatilities: Sequence[float]


def smile_chart(
    title: str, smiles: Sequence[Smile], *, spot: float, told: str, feed: Feed | None
) -> bytes:
    """Return a PNG of the curves (one to `CURVES_MAX`), the nearest expiration first."""
    head = Head(title=title, told=told, result=f"spot {spot:,.2f}", feed=feed)
    return png(partial(_draw, smiles[:CURVES_MAX], spot), head)


def _draw(smiles: Sequence[Smile], spot: float, figure: Figure) -> None:
    axes = figure.add_axes((LEFT, 0.11, ACROSS, 0.75))
    axes.axvline(spot, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    for smile, color in zip(smiles, _COLORS, strict=False):
        axes.plot(smile.strikes, smile.volatilities, color=color, linewidth=1.6, label=smile.label)
    tidy(axes)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
    axes.set_xlabel("strike", fontsize=10, color=FAINT)
    legend = axes.legend(loc="upper right", frameon=False, fontsize=10, labelcolor=INK)
    legend.set_title("implied volatility")

"""What an account was worth, day by day."""

# matplotlib leaves most keyword arguments untyped, which makes every method that takes any unknown.
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from strikedesk.domain.quotes import Feed
from strikedesk.server.pictures.easel import (
    ACROSS,
    DOWN,
    FAINT,
    INK,
    LEFT,
    LINE,
    UP,
    Head,
    png,
    tidy,
)

_TICKS: Final = 7
_NOTES_MAX: Final = 14
_EDGE: Final = 0.15  # Of the width: a note in its middle would leave the sheet.


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A day's close. Units: USD; `value` None = unknown: a gap. `note` says what happened."""

    day: date
    value: float | None
    note: str = ""


def equity_chart(title: str, days: Sequence[Worth], *, told: str, feed: Feed | None) -> bytes:
    """Return a PNG of the days (two or more, one of them known), its first as the line of zero."""
    known = [day.value for day in days if day.value is not None]
    change = known[-1] - known[0]
    head = Head(
        title=title,
        told=told,
        result=f"{known[-1]:,.2f} USD   {change:+,.2f}   {change / known[0]:+.2%}",
        feed=feed,
    )
    return png(partial(_draw, days, known[0]), head)


def _draw(days: Sequence[Worth], start: float, figure: Figure) -> None:
    axes = figure.add_axes((LEFT, 0.11, ACROSS, 0.75))
    places = range(len(days))
    values = [float("nan") if day.value is None else day.value for day in days]
    axes.axhline(start, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    for color, above in ((UP, True), (DOWN, False)):
        where = [(value >= start) is above for value in values]
        axes.fill_between(
            places, values, start, where=where, color=color, alpha=0.12, interpolate=True
        )
    axes.plot(places, values, color=LINE, linewidth=1.8, zorder=3)
    axes.margins(y=0.16)
    _write_notes(axes, days, values)
    tidy(axes)
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    step = -(-len(days) // _TICKS)
    shown = [*range(0, len(days), step)]
    axes.set_xticks(shown, labels=[f"{days[place].day:%d %b}" for place in shown])


def _write_notes(axes: Axes, days: Sequence[Worth], values: Sequence[float]) -> None:
    """Number what happened on the line, above and below it by turns; the legend spells it out."""
    noted = [place for place, day in enumerate(days) if day.note and day.value is not None]
    for number, place in enumerate(noted[:_NOTES_MAX], start=1):
        axes.plot([place], [values[place]], "o", color=LINE, markersize=5, zorder=4)
        axes.annotate(
            days[place].note,
            xy=(place, values[place]),
            xytext=(0, 14 if number % 2 else -20),
            textcoords="offset points",
            ha=_side(place, len(days)),
            fontsize=8,
            color=INK,
            bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"},
            zorder=5,
        )


def _side(place: int, count: int) -> str:
    """Return which way a note is written: towards the middle, from either edge."""
    if place < count * _EDGE:
        return "left"
    return "right" if place >= count * (1 - _EDGE) else "center"

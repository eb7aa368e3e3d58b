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
_ROW: Final = 0.06  # Of the height, that a row of notes takes.
_LETTER: Final = 0.009  # Of the width, that a letter of a note takes.
_BEFORE: Final = {"left": 0.0, "center": 0.5, "right": 1.0}  # The part of a note left of its day.


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
    """Write what happened above its day, in rows where notes would meet."""
    noted = [place for place, day in enumerate(days) if day.note and day.value is not None]
    rows = rows_of_notes(noted[:_NOTES_MAX], days)
    lowest, highest = axes.get_ylim()
    axes.set_ylim(lowest, highest + (highest - lowest) * _ROW * (max(rows.values(), default=0) + 1))
    for place, row in rows.items():
        side = _side(place, len(days))
        axes.plot([place], [values[place]], "o", color=LINE, markersize=5, zorder=4)
        axes.annotate(
            days[place].note,
            xy=(place, values[place]),
            xytext=(place, 1 - _ROW * row),
            textcoords=("data", "axes fraction"),
            ha=side,
            va="top",
            fontsize=8,
            color=INK,
            bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"},
            arrowprops={
                "arrowstyle": "-",
                "color": FAINT,
                "linewidth": 0.6,
                "relpos": (_BEFORE[side], 0.0),
            },
            zorder=5,
        )


def rows_of_notes(places: Sequence[int], days: Sequence[Worth]) -> dict[int, int]:
    """Return the row of each note: the highest in which it meets no other."""
    ends: list[float] = []
    found: dict[int, int] = {}
    for place in places:
        wide = len(days[place].note) * _LETTER * len(days)
        left = place - wide * _BEFORE[_side(place, len(days))]
        row = next((row for row, end in enumerate(ends) if end < left), len(ends))
        ends[row : row + 1] = [left + wide]
        found[place] = row
    return found


def _side(place: int, count: int) -> str:
    """Return which way a note is written: towards the middle, from either edge."""
    if place < count * _EDGE:
        return "left"
    return "right" if place >= count * (1 - _EDGE) else "center"

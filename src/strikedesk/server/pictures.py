"""Pictures for a person to look at: PNG, 800 by 500, made without a display and without a global.

Imported when the first picture is asked for: matplotlib takes longer to import than a desk to open.
"""

# matplotlib leaves most keyword arguments untyped, which makes every method that takes any unknown.
# pyright: reportUnknownMemberType=false

import threading
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.quotes import Bar, Feed
from strikedesk.market.bars import Width, one_bar
from strikedesk.market.history import PriceHistory, Summary

WIDTH: Final = 800
HEIGHT: Final = 500
CANDLES_MAX: Final = 130  # More than that are too narrow to tell an opening from a close.
POINTS_MAX: Final = 240  # More than that are less than three pixels each.

_DPI: Final = 100
_COLORS: Final = 128
_TICKS: Final = 7
_LONG_DAYS: Final = 400
_BODY: Final = 0.64
_LEFT, _ACROSS = 0.03, 0.87
_LABELS: Final = {
    Feed.SIMULATED: "SIMULATED PRICES",
    Feed.TAPE: "REPLAYED TAPE",
    Feed.DELAYED: "DELAYED PRICES",
}
_INK, _FAINT, _GRID = "#1f2933", "#6b7785", "#e3e7eb"
_UP, _DOWN, _LINE, _WARNING = "#16806a", "#c8452c", "#1f5fa8", "#b45309"
_PALE_UP, _PALE_DOWN, _RANGE = "#8cc4b7", "#e5a498", "#d3e1f0"

# Two threads at once would share matplotlib's caches, which it does not guard.
_pen: Final = threading.Lock()


def price_chart(history: PriceHistory, feed: Feed | None) -> bytes:
    """Return a PNG of all bars (one or more), labelled with what kind of prices they are."""
    with _pen:
        figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        _draw(figure, history, feed)
        canvas.draw()
        return _png(canvas)


def merged(bars: Sequence[Bar], most: int) -> tuple[Bar, ...]:
    """Return at most `most` bars that say the same in less room: neighbours become one."""
    width = -(-len(bars) // most)
    groups = [bars[first : first + width] for first in range(0, len(bars), width)]
    return tuple(one_bar(each, at=each[0].at) for each in groups) if width > 1 else tuple(bars)


def _png(canvas: FigureCanvasAgg) -> bytes:
    """Return the drawing with a palette: a third of the size, and nobody sees the difference."""
    drawn = Image.frombuffer("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba()))
    png = BytesIO()
    few = drawn.convert("RGB").quantize(_COLORS, method=Image.Quantize.MAXCOVERAGE)
    few.save(png, "PNG", optimize=True)
    return png.getvalue()


def _draw(figure: Figure, history: PriceHistory, feed: Feed | None) -> None:
    bars = merged(history.bars, POINTS_MAX)
    with_volume = any(bar.volume for bar in bars)
    bottom = 0.28 if with_volume else 0.11
    axes = [figure.add_axes((_LEFT, bottom, _ACROSS, 0.86 - bottom))]
    _draw_prices(axes[0], bars)
    if with_volume:
        axes.append(figure.add_axes((_LEFT, 0.1, _ACROSS, 0.13)))
        _draw_volume(axes[1], bars)
    for each in axes:
        _tidy(each, len(bars))
    _write_days(axes, bars, history.query.width)
    _write_head(figure, history, len(bars), feed)


def _draw_prices(axes: Axes, bars: Sequence[Bar]) -> None:
    places = range(len(bars))
    lows, highs = [float(bar.low) for bar in bars], [float(bar.high) for bar in bars]
    if len(bars) > CANDLES_MAX:
        axes.fill_between(places, lows, highs, color=_RANGE, linewidth=0)
        axes.plot(places, [float(bar.close) for bar in bars], color=_LINE, linewidth=1.3)
    else:
        axes.vlines(places, lows, highs, colors=_colors(bars, _UP, _DOWN), linewidth=1, zorder=2)
        _draw_bodies(axes, bars, thinnest=max(max(highs) - min(lows), 0.01) / 400)
    _mark_last(axes, float(bars[-1].close))


def _draw_bodies(axes: Axes, bars: Sequence[Bar], *, thinnest: float) -> None:
    """Draw rises hollow and falls filled, so that nobody needs the colours.

    A close at the opening is a line as thick as `thinnest`.
    """
    axes.bar(
        range(len(bars)),
        [max(abs(float(bar.close - bar.open)), thinnest) for bar in bars],
        bottom=[float(min(bar.open, bar.close)) for bar in bars],
        width=_BODY,
        color=_colors(bars, "white", _DOWN),
        edgecolor=_colors(bars, _UP, _DOWN),
        linewidth=1,
        zorder=3,
    )


def _mark_last(axes: Axes, close: float) -> None:
    axes.axhline(close, color=_FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.annotate(
        f"{close:,.2f}",
        xy=(1, close),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=10,
        color="white",
        bbox={"boxstyle": "round,pad=0.25", "facecolor": _INK, "edgecolor": "none"},
        zorder=6,
    )


def _draw_volume(axes: Axes, bars: Sequence[Bar]) -> None:
    """Draw what traded; a bar of unknown volume has none, and says nothing."""
    heights = [float("nan") if bar.volume is None else float(bar.volume) for bar in bars]
    colors = _colors(bars, _PALE_UP, _PALE_DOWN)
    axes.bar(range(len(bars)), heights, width=_BODY, color=colors, linewidth=0)
    most = max(bar.volume or 0 for bar in bars)
    axes.set_ylim(0, most * 1.05)
    axes.set_yticks([0, most], labels=["0", _short(most)])
    axes.text(0, 1.06, "volume", transform=axes.transAxes, fontsize=9, color=_FAINT)


def _tidy(axes: Axes, count: int) -> None:
    """Put figures on the right, where the newest price is, and keep lines out of the way."""
    axes.set_xlim(-1, count)
    axes.yaxis.tick_right()
    axes.tick_params(length=0, labelsize=10, labelcolor=_INK, pad=6)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)


def _write_days(axes: Sequence[Axes], bars: Sequence[Bar], width: Width) -> None:
    """Name days or times below the lowest axes; lines go up from them through all."""
    local = [bar.at.astimezone(EXCHANGE_ZONE) for bar in bars]
    places = _places(local)
    for each in axes:
        each.set_xticks(places, labels=[""] * len(places))
    labels = axes[-1].set_xticklabels([_named(local, place, width) for place in places])
    if places[0] == 0 and len(bars) > _TICKS:
        labels[0].set_horizontalalignment("left")


def _places(local: Sequence[datetime]) -> list[int]:
    """Return the bars that get a label: where a few days begin, else the last and every so many."""
    days = [
        place for place, (old, new) in enumerate(pairwise(local), 1) if old.date() != new.date()
    ]
    if 0 < len(days) < _TICKS < len(local):
        return [0, *days]
    step = -(-len(local) // _TICKS)
    return [*range(len(local) - 1, -1, -step)][::-1]


def _named(local: Sequence[datetime], place: int, width: Width) -> str:
    at, first, last = local[place], local[0], local[-1]
    if width.intraday:
        return f"{at:%H:%M}" if first.date() == last.date() else f"{at:%d %b}"
    if (last - first).days > _LONG_DAYS:
        return f"{at:%b %Y}"
    return f"{at:%d %b}" if first.year == last.year else f"{at:%d %b %y}"


def _write_head(figure: Figure, history: PriceHistory, shown: int, feed: Feed | None) -> None:
    right = _LEFT + _ACROSS + 0.07
    figure.text(_LEFT, 0.94, history.query.symbol.words, fontsize=15, weight="bold", color=_INK)
    figure.text(_LEFT, 0.895, _what(history, shown), fontsize=10, color=_FAINT)
    if history.summary is not None:
        figure.text(right, 0.895, _result(history.summary), fontsize=10, color=_INK, ha="right")
    if feed is not None and feed in _LABELS:
        label = _LABELS[feed]
        figure.text(right, 0.945, label, fontsize=11, weight="bold", color=_WARNING, ha="right")


def _what(history: PriceHistory, shown: int) -> str:
    width = history.query.width
    each = -(-len(history.bars) // shown)
    said = f"{width} bars{f' ({each} to a point)' if each > 1 else ''}"
    zone = ", New York time" if width.intraday else ""
    return f"{said}, {history.first_day} to {history.last_day}{zone}"


def _result(summary: Summary) -> str:
    change = "" if summary.change is None else f"   {summary.change:+.2%}"
    return f"high {summary.high:,.2f}   low {summary.low:,.2f}{change}"


def _colors(bars: Sequence[Bar], up: str, down: str) -> list[str]:
    return [up if bar.close >= bar.open else down for bar in bars]


def _short(count: int) -> str:
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.3g}{letter}"
    return str(count)

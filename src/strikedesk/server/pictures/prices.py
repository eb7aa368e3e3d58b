"""Bars of one symbol, as candles or as a line with its range."""

# matplotlib leaves most keyword arguments untyped, which makes every method that takes any unknown.
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.quotes import Bar, Feed
from strikedesk.market.bars import Width, one_bar
from strikedesk.market.history import PriceHistory, Summary
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

CANDLES_MAX: Final = 130  # More than that are too narrow to tell an opening from a close.
POINTS_MAX: Final = 240  # More than that are less than three pixels each.

_TICKS: Final = 7
_LONG_DAYS: Final = 400
_BODY: Final = 0.64
_PALE_UP, _PALE_DOWN, _RANGE = "#8cc4b7", "#e5a498", "#d3e1f0"


def price_chart(history: PriceHistory, feed: Feed | None) -> bytes:
    """Return a PNG of all bars (one or more), labelled with what kind of prices they are."""
    bars = merged(history.bars, POINTS_MAX)
    return png(partial(_draw, history.query.width, bars), _head(history, len(bars), feed))


def merged(bars: Sequence[Bar], most: int) -> tuple[Bar, ...]:
    """Return at most `most` bars that say the same in less room: neighbours become one."""
    width = -(-len(bars) // most)
    groups = [bars[first : first + width] for first in range(0, len(bars), width)]
    return tuple(one_bar(each, at=each[0].at) for each in groups) if width > 1 else tuple(bars)


def _draw(width: Width, bars: Sequence[Bar], figure: Figure) -> None:
    with_volume = any(bar.volume for bar in bars)
    bottom = 0.28 if with_volume else 0.11
    axes = [figure.add_axes((LEFT, bottom, ACROSS, 0.86 - bottom))]
    _draw_prices(axes[0], bars)
    if with_volume:
        axes.append(figure.add_axes((LEFT, 0.1, ACROSS, 0.13)))
        _draw_volume(axes[1], bars)
    for each in axes:
        tidy(each)
        each.set_xlim(-1, len(bars))
    _write_days(axes, bars, width)


def _draw_prices(axes: Axes, bars: Sequence[Bar]) -> None:
    places = range(len(bars))
    lows, highs = [float(bar.low) for bar in bars], [float(bar.high) for bar in bars]
    if len(bars) > CANDLES_MAX:
        axes.fill_between(places, lows, highs, color=_RANGE, linewidth=0)
        axes.plot(places, [float(bar.close) for bar in bars], color=LINE, linewidth=1.3)
    else:
        axes.vlines(places, lows, highs, colors=_colors(bars, UP, DOWN), linewidth=1, zorder=2)
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
        color=_colors(bars, "white", DOWN),
        edgecolor=_colors(bars, UP, DOWN),
        linewidth=1,
        zorder=3,
    )


def _mark_last(axes: Axes, close: float) -> None:
    axes.axhline(close, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.annotate(
        f"{close:,.2f}",
        xy=(1, close),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=10,
        color="white",
        bbox={"boxstyle": "round,pad=0.25", "facecolor": INK, "edgecolor": "none"},
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
    axes.text(0, 1.06, "volume", transform=axes.transAxes, fontsize=9, color=FAINT)


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


def _head(history: PriceHistory, shown: int, feed: Feed | None) -> Head:
    return Head(
        title=history.query.symbol.words,
        told=_what(history, shown),
        result=None if history.summary is None else _result(history.summary),
        feed=feed,
    )


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

"""What all pictures share: the sheet, its colours, its head, and how it becomes a PNG."""

# matplotlib leaves most keyword arguments untyped, which makes every method that takes any unknown.
# pyright: reportUnknownMemberType=false

import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from strikedesk.domain.quotes import Feed

WIDTH: Final = 800
HEIGHT: Final = 500
LEFT, ACROSS = 0.03, 0.87
INK, FAINT, GRID = "#1f2933", "#6b7785", "#e3e7eb"
UP, DOWN, LINE, WARNING = "#16806a", "#c8452c", "#1f5fa8", "#b45309"

_DPI: Final = 100
_COLORS: Final = 128
_RIGHT: Final = LEFT + ACROSS + 0.07
_LABELS: Final = {
    Feed.SIMULATED: "SIMULATED PRICES",
    Feed.TAPE: "REPLAYED TAPE",
    Feed.DELAYED: "DELAYED PRICES",
}

# Two threads at once would share matplotlib's caches, which it does not guard.
_pen: Final = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above a picture: a title, a line under it, a result, and the kind of prices."""

    title: str
    told: str
    result: str | None = None
    feed: Feed | None = None


def png(draw: Callable[[Figure], None], head: Head) -> bytes:
    """Return what `draw` puts on a sheet under `head`."""
    with _pen:
        figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        draw(figure)
        _write(figure, head)
        canvas.draw()
        return _encoded(canvas)


def tidy(axes: Axes) -> None:
    """Put figures on the right, where the newest is, and keep lines out of the way."""
    axes.yaxis.tick_right()
    axes.tick_params(length=0, labelsize=10, labelcolor=INK, pad=6)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)


def _write(figure: Figure, head: Head) -> None:
    figure.text(LEFT, 0.94, head.title, fontsize=15, weight="bold", color=INK, parse_math=False)
    figure.text(LEFT, 0.895, head.told, fontsize=10, color=FAINT)
    if head.result is not None:
        figure.text(_RIGHT, 0.895, head.result, fontsize=10, color=INK, ha="right")
    if head.feed is not None and head.feed in _LABELS:
        label = _LABELS[head.feed]
        figure.text(_RIGHT, 0.945, label, fontsize=11, weight="bold", color=WARNING, ha="right")


def _encoded(canvas: FigureCanvasAgg) -> bytes:
    """Return the drawing with a palette: a third of the size, and nobody sees the difference."""
    drawn = Image.frombuffer("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba()))
    out = BytesIO()
    few = drawn.convert("RGB").quantize(_COLORS, method=Image.Quantize.MEDIANCUT)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()

"""What a strategy comes to, over prices of the share: today, half way, and at its end."""

# matplotlib leaves most keyword arguments untyped, which makes every method that takes any unknown.
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from datetime import date
from functools import partial
from math import isinf
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.orders import Leg
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.portfolio.proposal import StrategyReport
from strikedesk.quant.strategies.lines import Lines
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

TITLE_MAX: Final = 46  # Letters, before they meet the label of the prices.
LINE_MAX: Final = 106  # And of the legs and the figures, before these meet.

_WHOLE_FROM: Final = 10_000  # USD, whose cents nobody reads.
_BAND: Final = "#eef3f9"
_HALF: Final = "#7b61a8"
_DASHED: Final = (0, (4, 3))
_ROOM: Final = 0.12  # Of the height, above and below the lines, for words.
_BELOW: Final = (0, 1)  # Of four break-evens those whose figures stand below: mostly there are two.
_PAPER: Final = {
    "boxstyle": "round,pad=0.15",
    "facecolor": "white",
    "alpha": 0.8,
    "edgecolor": "none",
}


def payoff_chart(report: StrategyReport, drawn: Lines) -> bytes:
    """Return a PNG of what a strategy comes to, labelled with what kind of prices it rests on."""
    return png(partial(_draw, report, drawn), _head(report))


def _draw(report: StrategyReport, drawn: Lines, figure: Figure) -> None:
    axes = figure.add_axes((LEFT, 0.11, ACROSS, 0.75))
    _limit(axes, drawn)
    _draw_surroundings(axes, drawn, float(report.spot))
    _draw_lines(axes, drawn, _labels(report))
    _mark_break_evens(axes, drawn, report.analysis.bounds.break_evens)
    tidy(axes)
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    axes.xaxis.set_major_formatter(lambda value, _place: f"{value:,.6g}")
    axes.legend(loc="best", fontsize=9, frameon=True, facecolor="white", edgecolor="none")


def _limit(axes: Axes, drawn: Lines) -> None:
    every = [*drawn.at_end, *drawn.now, *drawn.half_way, 0.0]
    room = _ROOM * ((max(every) - min(every)) or 1.0)
    axes.set_xlim(drawn.spot[0], drawn.spot[-1])
    axes.set_ylim(min(every) - room, max(every) + room)


def _draw_surroundings(axes: Axes, drawn: Lines, spot: float) -> None:
    """Draw where the share is, and where it may be expected."""
    axes.axvspan(drawn.low, drawn.high, color=_BAND, linewidth=0, zorder=0)
    axes.axvline(spot, color=FAINT, linewidth=0.9, linestyle=_DASHED, zorder=1)
    axes.axhline(0.0, color=INK, linewidth=0.9, zorder=2)
    middle = 0.5 * (max(drawn.low, drawn.spot[0]) + min(drawn.high, drawn.spot[-1]))
    expected = f"expected move {drawn.low:,.2f} to {drawn.high:,.2f}"
    _note(axes, expected, at=(middle, 0.985), va="top")
    _note(axes, f"spot {spot:,.2f}", at=(spot, 0.015), va="bottom")


def _note(axes: Axes, said: str, *, at: tuple[float, float], va: str) -> None:
    axes.annotate(
        said,
        xy=at,
        xycoords=("data", "axes fraction"),
        ha="center",
        va=va,
        fontsize=9,
        color=FAINT,
        bbox=_PAPER,
        zorder=6,
    )


def _draw_lines(axes: Axes, drawn: Lines, labels: tuple[str, str, str]) -> None:
    for color, above in ((UP, True), (DOWN, False)):
        where = [(value >= 0.0) is above for value in drawn.at_end]
        axes.fill_between(
            drawn.spot, drawn.at_end, 0.0, where=where, color=color, alpha=0.13, interpolate=True
        )
    now, half_way, at_end = labels
    axes.plot(drawn.spot, drawn.at_end, color=INK, linewidth=2.0, label=at_end, zorder=5)
    axes.plot(
        drawn.spot,
        drawn.half_way,
        color=_HALF,
        linewidth=1.5,
        linestyle=_DASHED,
        label=half_way,
        zorder=4,
    )
    axes.plot(drawn.spot, drawn.now, color=LINE, linewidth=1.7, label=now, zorder=4)


def _mark_break_evens(axes: Axes, drawn: Lines, break_evens: Sequence[float]) -> None:
    """Name where the result at the end changes its sign, by turns below and above the line."""
    inside = [each for each in break_evens if drawn.spot[0] < each < drawn.spot[-1]]
    for place, each in enumerate(inside):
        axes.plot([each], [0.0], "o", color="white", markeredgecolor=INK, markersize=6, zorder=7)
        below = place % 4 in _BELOW
        axes.annotate(
            f"{each:,.2f}",
            xy=(each, 0.0),
            xytext=(0, -9 if below else 9),
            textcoords="offset points",
            ha="center",
            va="top" if below else "bottom",
            fontsize=10,
            weight="bold",
            color=INK,
            bbox=_PAPER,
            zorder=7,
        )


def _labels(report: StrategyReport) -> tuple[str, str, str]:
    """Name the lines: today, half way and at the end, with days where they are different ones."""
    today = exchange_date(report.as_of)
    end = min(_days(report))
    middle = today + (end - today) / 2
    half_way = f"half way, {_day(middle)}" if today < middle < end else "half way"
    return "now", half_way, f"at expiration, {_day(end)} {end.year}"


def _days(report: StrategyReport) -> set[date]:
    symbols = [each.leg.symbol for each in report.legs]
    return {each.expiration for each in symbols if isinstance(each, OptionSymbol)}


def _head(report: StrategyReport) -> Head:
    name = report.analysis.recognised.name
    units = report.analysis.recognised.units
    times = f" x {units}" if units > 1 else ""
    # An owner's name may be in letters that this type lacks.
    title = f"{report.underlying.ticker}  {name if name.isascii() else 'strategy'}{times}"
    result = _result(report)
    return Head(
        title=title if len(title) <= TITLE_MAX else f"{title[: TITLE_MAX - 1]}…",
        told=_legs(report, LINE_MAX - len(result)),
        result=result,
        feed=report.feed,
    )


def _legs(report: StrategyReport, most: int) -> str:
    """Say what is bought and sold, if it fits: shares, then options by day and strike."""
    legs = [each.leg for each in report.legs]
    shares = [f"{leg.signed_quantity:+,d} shares" for leg in legs if not leg.is_option]
    days = sorted(_days(report))
    head = "{day}: {legs}" if len(days) > 1 else "{legs}"
    said = [head.format(day=_day(day), legs=_of_day(legs, day)) for day in days]
    told = "   ".join([*shares, *said])
    return told if len(told) <= most else f"{len(legs)} legs"


def _of_day(legs: Sequence[Leg], day: date) -> str:
    found = [
        (symbol.strike, f"{leg.signed_quantity:+,d} {symbol.strike:f}{symbol.right.value}")
        for leg in legs
        if isinstance(symbol := leg.symbol, OptionSymbol) and symbol.expiration == day
    ]
    return "  ".join(said for _, said in sorted(found))


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _result(report: StrategyReport) -> str:
    cost, bounds = report.analysis.cost, report.analysis.bounds
    paid = f"{'credit' if cost < 0 else 'debit'} {_usd(abs(cost))}"
    return f"{paid}   profit {_most(bounds.max_profit)}   loss {_most(bounds.max_loss)}"


def _most(amount: float) -> str:
    return "unlimited" if isinf(amount) else f"up to {_usd(amount)}"


def _usd(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= _WHOLE_FROM else f"{amount:,.2f}"

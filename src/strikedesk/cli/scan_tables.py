"""What scans come to, as a terminal and as programs read it."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from strikedesk.cli.showing import figures, table
from strikedesk.domain.money import price_and_effect, to_cents
from strikedesk.domain.scan_runs import ScanResult, ScanRun
from strikedesk.quant.candidates.measures import Measure
from strikedesk.scan.book import ShelfScan
from strikedesk.scan.hunting import NearPick
from strikedesk.scan.picks import Pick
from strikedesk.scan.scanner import ScanReport
from strikedesk.scan.verdicts import Verdict
from strikedesk.server.scan_answers import about, named_columns, row_of
from strikedesk.server.shaping import Value, plain

COLUMNS: Final = (
    "legs",
    "mid",
    "natural",
    "max profit",
    "max loss",
    "days",
    "P(profit)",
    "EV",
    "score",
)
SHELF_COLUMNS: Final = ("name", "strategy", "every", "last run", "found", "new", "what it is")
RESULT_COLUMNS: Final = ("at (UTC)", "", "legs", "mid, + paid")

_WHEN: Final = "%Y-%m-%d %H:%M"


def as_json(report: ScanReport) -> str:
    """Return a report as run_scan tells it, of all that was found and of every symbol."""
    symbols: dict[str, Value] = {
        "scanned": [each.symbol for each in report.verdicts if each.verdict is Verdict.SCANNED],
        "ruled_out": _said(report, Verdict.RULED_OUT),
        "unseen": _said(report, Verdict.UNSEEN),
    }
    told: dict[str, Value] = {
        **about(report),
        "symbols": symbols,
        "columns": named_columns(report),
        "rows": [row_of(pick, report) for pick in report.picks],
    }
    return json.dumps({name: plain(value, name) for name, value in told.items()})


def shown(report: ScanReport) -> Iterator[RenderableType]:
    """Yield what to show of a report: the trades, what nearly passed, and what was not seen."""
    if report.picks:
        yield table(COLUMNS, map(_row, report.picks))
    else:
        yield Text("Nothing passes.\n")
    for near in report.near:
        yield Text(_nearly(near))
    yield Text(
        f"{report.enumerated:,} looked at, {report.passed:,} passed, {report.as_of:{_WHEN}} UTC"
    )
    yield Text(f"Expected values: {report.distribution}.")
    blind = {"ruled out": Verdict.RULED_OUT, "UNSEEN": Verdict.UNSEEN}
    for word, verdict in blind.items():
        yield figures((f"{word} {name}", why) for name, why in _said(report, verdict).items())


def _nearly(near: NearPick) -> str:
    figure = near.pick.measures[near.measure]
    told = "unknown" if figure is None else f"{figure:.6g}"
    return f"Nearly: {near.pick.words}: {near.measure.value} {told}, asked {near.asked}"


def shelf_rows(
    scans: Sequence[ShelfScan], runs: dict[str, ScanRun]
) -> Iterator[tuple[object, ...]]:
    """Yield a row of `SHELF_COLUMNS` for each scan."""
    for each in scans:
        run, scan = runs.get(each.name), each.scan
        result = run.result if run else None
        yield (
            each.name,
            scan.pattern.name if scan else None,
            _every(scan.every_s if scan else None),
            f"{run.ran_at:{_WHEN}}{f' {run.problem}' if run.problem else ''}" if run else None,
            len(result.sightings) if result else None,
            len(result.fresh) if result else None,
            scan.description if scan else each.problem,
        )


def result_rows(results: Sequence[ScanResult]) -> Iterator[tuple[object, ...]]:
    """Yield a row of `RESULT_COLUMNS` for each trade of each result."""
    for result in results:
        for each in result.sightings:
            fresh = "new" if each in result.fresh else ""
            yield f"{result.at:{_WHEN}}", fresh, each.legs, each.mid


def _row(pick: Pick) -> tuple[object, ...]:
    mid, effect = price_and_effect(pick.mid)
    natural = pick.natural if pick.mid >= 0 else -pick.natural
    measures = pick.measures
    return (
        pick.words.replace(" +", "\n+").replace(" -", "\n-"),
        f"{mid} {effect.value}",
        natural,
        "endless" if pick.max_profit is None else to_cents(pick.max_profit),
        _endless(pick) if pick.max_loss is None else to_cents(pick.max_loss),
        _figure(measures[Measure.DAYS], 0),
        _figure(measures[Measure.PROFIT_PROBABILITY], 2),
        _figure(measures[Measure.EXPECTED_VALUE], 3),
        _figure(pick.score, 3),
    )


def _endless(pick: Pick) -> str:
    """Say that the loss has no bound, and what that binds where it is known."""
    return "endless" if pick.margin is None else f"endless\nbinds {pick.margin}"


def _figure(value: float | None, places: int) -> str | None:
    return None if value is None else f"{value:.{places}f}"


def _said(report: ScanReport, verdict: Verdict) -> dict[str, str]:
    found = (each for each in report.verdicts if each.verdict is verdict)
    return {each.symbol: ": ".join(filter(None, (each.rule, each.why))) for each in found}


def _every(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    units = ((86_400, "d"), (3_600, "h"), (60, "m"))
    return next(
        (f"{seconds // each}{unit}" for each, unit in units if not seconds % each), f"{seconds}s"
    )

"""What a scan found, in few words: the rules once, a row a trade, what nearly passed, what not."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from strikedesk.domain.money import price_and_effect, to_cents
from strikedesk.market.numbers import digits
from strikedesk.quant.candidates.measures import Measure
from strikedesk.scan.definition import Scan
from strikedesk.scan.hunting import NearPick
from strikedesk.scan.picks import Pick
from strikedesk.scan.scanner import ScanReport
from strikedesk.scan.verdicts import Verdict
from strikedesk.server.schemas import LIST, OBJECT, TEXT, Schema, maybe, table_schema
from strikedesk.server.shaping import Cell, Value

FOUND: Final[Schema] = table_schema(
    scan=TEXT,
    as_of=TEXT,
    oldest_quote=maybe(TEXT),
    distribution=TEXT,
    asked=OBJECT,
    near=LIST,
    counts=OBJECT,
    symbols=OBJECT,
)
REASONS_SHOWN: Final = 6
SYMBOLS_SHOWN: Final = 8

_ALWAYS: Final = (Measure.DAYS, Measure.PROFIT_PROBABILITY, Measure.EXPECTED_VALUE)
_IN_USD: Final = frozenset({Measure.MAX_LOSS, Measure.MAX_PROFIT})
_MONEY: Final = ("mid", "natural", "effect", "max_profit", "max_loss")
# Told where the loss of some trade has no bound.
_ENDLESS: Final = ("margin", "return_on_capital")


def columns_of(scan: Scan) -> tuple[Measure, ...]:
    """Return the measures that rows show: the usual ones, and what is asked or ranked by."""
    asked = dict.fromkeys((*_ALWAYS, *scan.rules, *scan.weights))
    return tuple(measure for measure in asked if measure not in _IN_USD)


def named_columns(report: ScanReport) -> list[str]:
    """Return the names of all columns."""
    endless = _ENDLESS if report.endless else ()
    measures = (measure.value for measure in columns_of(report.scan))
    return ["legs", *_MONEY, *endless, *measures, "score"]


def row_of(pick: Pick, report: ScanReport) -> list[Cell]:
    """Return a trade by `named_columns`."""
    earned = pick.return_on_capital
    capital = (pick.margin, None if earned is None else digits(float(earned), 3))
    mid, effect = price_and_effect(pick.mid)
    natural = pick.natural if pick.mid >= 0 else -pick.natural
    return [
        pick.words,
        mid,
        natural,
        effect,
        _usd(pick.max_profit),
        _usd(pick.max_loss),
        *(capital if report.endless else ()),
        *(digits(pick.measures[measure], 3) for measure in columns_of(report.scan)),
        digits(pick.score, 3),
    ]


def about(report: ScanReport) -> dict[str, Value]:
    """Return what is true of the whole list."""
    scan, verdicts = report.scan, report.verdicts
    ruled = {v.symbol: f"{v.rule}: {v.why}" for v in verdicts if v.verdict is Verdict.RULED_OUT}
    unseen = {v.symbol: v.rule for v in report.unseen}
    shown_ruled, shown_unseen = _few(ruled, SYMBOLS_SHOWN), _few(unseen, SYMBOLS_SHOWN)
    quoted = [pick.quoted_at for pick in report.picks]
    return {
        "scan": f"{scan.name}: {scan.pattern.name}",
        "as_of": report.as_of,
        "oldest_quote": min(quoted, default=None),
        "distribution": report.distribution,
        "asked": {measure.value: str(bounds) for measure, bounds in scan.rules.items()},
        "near": [_near(each) for each in report.near],
        "counts": {
            "enumerated": report.enumerated,
            "passed": report.passed,
            "removed_by_one_rule": _few(report.removed, REASONS_SHOWN),
        },
        "symbols": {
            "scanned": sum(v.verdict is Verdict.SCANNED for v in verdicts),
            "ruled_out": shown_ruled,
            "unseen": shown_unseen,
            "not_told": len(ruled) + len(unseen) - len(shown_ruled) - len(shown_unseen),
        },
    }


def _near(each: NearPick) -> list[Value]:
    """Return legs, the rule that speaks against them, their figure, and what is asked."""
    figure = digits(each.pick.measures[each.measure], 5)  # Fewer may round onto the bound.
    return [each.pick.words, each.measure.value, figure, str(each.asked)]


def _usd(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else to_cents(amount)


def _few(counts: Mapping[str, Value], most: int) -> dict[str, Value]:
    names: Sequence[str] = [*counts][:most]
    return {name: counts[name] for name in names}

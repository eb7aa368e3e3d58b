"""The underlyings of the simulated market, read from the data file beside this module."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

from strikedesk.domain.events import EarningsTiming
from strikedesk.domain.quotes import Settlement, SymbolInfo
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.terms import ON_SHARES, ExerciseStyle, Terms
from strikedesk.exchange.simulated.ticks import TICK_RULES, TickRule

EQUITY: Final = "equity"
INDEX: Final = "index"


class ExDay(StrEnum):
    """The rule that finds the day of a dividend in its month."""

    DRAWN = "drawn"
    FIRST_SESSION = "first_session"
    THIRD_FRIDAY = "third_friday"


class Programme(StrEnum):
    """Expirations that are listed beyond the weekly and the monthly ones."""

    DAILIES = "dailies"
    QUARTER_ENDS = "quarter_ends"
    FAR_QUARTERS = "far_quarters"
    JANUARIES = "januaries"
    WEDNESDAYS = "wednesdays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Cash dividends. Units: `annual` a fraction of the usual price a year."""

    annual: float
    months: frozenset[int]
    ex_day: ExDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Earnings. Units: `move` the standard deviation of the logarithm of the price."""

    months: frozenset[int]
    timing: EarningsTiming
    move: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitYear:
    """A split on some day of `year`: `old` shares become `new`."""

    year: int
    new: int
    old: int


@dataclass(frozen=True, slots=True)
class Band:
    """Strikes below a price are multiples of `fine` near the money, of `wide` far from it.

    Units: cents; `below` None: without end. Law: `wide` is a multiple of `fine`.
    """

    below: int | None
    fine: int
    wide: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Underlying:
    """What sets one underlying apart. Equal only to itself, which makes it a cheap key.

    Units: `start` USD at the first open; `volatility`, `carry` (an index's dividend yield)
    fractions a year; `market`, `of_sector` correlations with those factors; `spread` cents between
    bid and ask of the shares, even; `interest` typical open interest of a contract at the money.
    Law: market² + of_sector² <= 1; `skew` in (-1, 1) and bend² · (1 + |skew|) <= 4, which keeps
    butterflies above zero. `measured` is what a volatility index measures the volatility of.
    """

    ticker: str
    name: str
    kind: str
    sector: str
    start: Decimal
    volatility: float
    market: float
    of_sector: float
    skew: float
    bend: float
    shares_a_day: int
    spread: int
    bands: tuple[Band, ...]
    interest: int
    ticks: TickRule
    programmes: frozenset[Programme]
    weekly_root: str
    carry: float = 0.0
    pays: Payout | None = None
    reports: Reporting | None = None
    splits: SplitYear | None = None
    measured: "Underlying | None" = None

    @property
    def own(self) -> float:
        """The correlation with its own factor: what the market and the sector leave."""
        return max(1.0 - self.market**2 - self.of_sector**2, 0.0) ** 0.5

    @property
    def is_index(self) -> bool:
        """Whether it is a number and no share: nobody quotes it, and its options are European."""
        return self.kind == INDEX

    @property
    def adjusted_root(self) -> str | None:
        """The root of contracts that an uneven split has adjusted, where there is one."""
        split = self.splits
        return None if split is None or split.new % split.old == 0 else f"{self.ticker}1"

    @property
    def roots(self) -> frozenset[str]:
        """Every root that its contracts are listed under."""
        return frozenset({self.ticker, self.weekly_root, self.adjusted_root or self.ticker})

    def terms(self, root: str) -> Terms:
        """Return what contracts of one of its roots promise."""
        if self.is_index:
            settlement = Settlement.AM if root == self.ticker else Settlement.PM
            return Terms(style=ExerciseStyle.EUROPEAN, settlement=settlement, in_cash=True)
        if self.splits is not None and root == self.adjusted_root:
            return Terms(shares=ON_SHARES.shares * self.splits.new // self.splits.old)
        return ON_SHARES

    @property
    def info(self) -> SymbolInfo:
        """As a search shows it."""
        return SymbolInfo(
            symbol=EquitySymbol(self.ticker),
            description=f"{self.name} (simulated prices)",
            kind=self.kind,
            has_options=True,
        )


def _read() -> tuple[Underlying, ...]:
    text = (files("strikedesk.exchange.simulated") / "catalogue.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    grids = {name: _bands(rows) for name, rows in document["grids"].items()}
    known: dict[str, Underlying] = {}
    for entry in document["underlying"]:
        known[entry["ticker"]] = _underlying(entry, grids, known)
    return tuple(known.values())


def _bands(rows: list[list[int]]) -> tuple[Band, ...]:
    return tuple(Band(below or None, fine, wide) for below, fine, wide in rows)


def _underlying(
    entry: Mapping[str, Any],
    grids: Mapping[str, tuple[Band, ...]],
    known: Mapping[str, Underlying],
) -> Underlying:
    plain = {name: value for name, value in entry.items() if name not in _SPECIAL}
    made: dict[str, Any] = {
        "start": Decimal(entry["start"]),
        "bands": grids[entry["grid"]],
        "ticks": TICK_RULES[entry["ticks"]],
        "programmes": frozenset(map(Programme, entry["lists"])),
        "weekly_root": entry.get("weekly_root", entry["ticker"]),
        "measured": known.get(entry.get("measures", "")),
    }
    makers = {"pays": _payout, "reports": _reporting, "splits": _split}
    made |= {name: make(entry[name]) for name, make in makers.items() if name in entry}
    return Underlying(**plain, **made)


def _payout(entry: Mapping[str, Any]) -> Payout:
    months, rule = frozenset[int](entry["months"]), ExDay(entry["ex_day"])
    return Payout(annual=entry["annual"], months=months, ex_day=rule)


def _reporting(entry: Mapping[str, Any]) -> Reporting:
    months, timing = frozenset[int](entry["months"]), EarningsTiming(entry["timing"])
    return Reporting(months=months, timing=timing, move=entry["move"])


def _split(entry: Mapping[str, Any]) -> SplitYear:
    return SplitYear(**entry)


_SPECIAL: Final = frozenset(
    ["start", "grid", "ticks", "lists", "weekly_root", "measures", "pays", "reports", "splits"]
)
UNDERLYINGS: Final = _read()

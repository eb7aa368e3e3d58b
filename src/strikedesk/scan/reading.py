"""A scan out of the TOML that a person wrote, whole or not at all."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, TypeVar

from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import parse_equity
from strikedesk.domain.underlying_facts import WORDS, UnderlyingFact
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.search import LEAST_USD
from strikedesk.quant.strategies.custom import BadPattern, pattern_of
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern
from strikedesk.scan.definition import (
    Around,
    Asked,
    Bounds,
    Caps,
    ChainLimits,
    Distribution,
    PortfolioRules,
    Scan,
    Universe,
)
from strikedesk.scan.toml_table import BadScanError, Table, table_of

T = TypeVar("T")

DEFINITION_MAX: Final = 4_000
NAME_MAX: Final = 40
TEXT_MAX: Final = 200
SYMBOLS_MAX: Final = 500
HANDLE_MAX: Final = 64
TOP_MAX: Final = 50
TOP: Final = 10
LEGS_MAX: Final = 4  # As many as one order has.
UNNAMED: Final = "this scan"

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9 -]{0,38}[a-z0-9])?", re.ASCII)
_EVERY: Final = re.compile(r"(\d{1,5})(s|m|h|d)", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_EVERY_MIN, _EVERY_MAX = 30, 86_400
_DAYS: Final = Bounds(low=1, high=60)
_FAR_DAYS: Final = Bounds(low=1, high=120)
_STRIKES: Final = Bounds(low=0.7, high=1.3)
_SLIPPAGE: Final = 0.5
_WEIGHT_MAX: Final = 1_000.0


def is_scan_name(name: str) -> bool:
    """Tell whether a scan may be called so: a few small letters, digits, spaces and hyphens."""
    return _NAME.fullmatch(name) is not None


def scan_of(text: str, patterns: Sequence[Pattern] = PATTERNS) -> Scan:
    """Read a scan, whose strategy is one of these or written out.

    Raises:
        BadScanError: what is wrong first, and in which line; nothing is read in part.
    """
    if len(text) > DEFINITION_MAX:
        raise BadScanError(1, f"a scan is written in {DEFINITION_MAX} characters at most")
    table = table_of(text)
    pattern = _pattern(table, patterns)
    scan = Scan(
        name=_name(table),
        description=table.text("description", TEXT_MAX) or "",
        source=table.text("source", TEXT_MAX) or "",
        pattern=pattern,
        universe=_universe(table),
        chain=_chain(table.table("chain"), pattern),
        rules=_rules(table.table("rules")),
        facts=_facts(underlying := table.table("underlying")),
        around=_around(underlying),
        caps=_caps(table),
        portfolio=_portfolio(table.table("portfolio")),
        weights=_weights(table.table("rank")),
        distribution=_distribution(table),
        slippage=_or(table.number("slippage", 0, 1), _SLIPPAGE),
        top=table.whole("top", 1, TOP_MAX) or TOP,
        every_s=_every(table),
    )
    table.done()
    return scan


def _name(table: Table) -> str:
    name = table.text("name", NAME_MAX)
    if name is not None and not is_scan_name(name):
        raise table.no("name", "a name has small letters, digits, spaces and hyphens")
    return name or UNNAMED


def _pattern(table: Table, patterns: Sequence[Pattern]) -> Pattern:
    name = table.text("strategy", TEXT_MAX)
    legs, wings = table.text("legs", TEXT_MAX), table.text("wings", TEXT_MAX)
    if name is None:
        raise table.no("strategy", 'say which, as strategy = "iron condor"')
    if legs is None:
        return _known_pattern(table, name, patterns)
    try:
        written = {"name": name, "legs": legs} | ({"wings": wings} if wings else {})
        found = pattern_of(written, patterns)
    except BadPattern as error:
        key = "strategy" if error.key == "name" else error.key
        raise table.no(key, _PROBLEMS[key]) from None
    if not _is_tradable(found):
        raise table.no("legs", f"an order has an option, and at most {LEGS_MAX} legs")
    return found


def _is_tradable(pattern: Pattern) -> bool:
    """Whether one order can hold it, and it has an option to look for."""
    return len(pattern.signature) <= LEGS_MAX and any(token[1] for token in pattern.signature)


_PROBLEMS: Final = {
    "strategy": "a strategy with legs needs a new name of 1 to 60 characters",
    "legs": 'these legs are misspelt or have a name already: write new ones, as "+P2 -3P1"',
    "wings": "wings are any, even or uneven",
}


def _known_pattern(table: Table, name: str, patterns: Sequence[Pattern]) -> Pattern:
    known = {each.name.lower(): each for each in patterns if _is_tradable(each)}
    if name.lower() not in known:
        near = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else 'or write its legs, as legs = "+P2 -3P1"'
        raise table.no("strategy", f"there is no such strategy: {hint}")
    return known[name.lower()]


def _universe(table: Table) -> Universe:
    symbols, watchlist = table.words("symbols", SYMBOLS_MAX), table.text("watchlist", NAME_MAX)
    if symbols and watchlist:
        raise table.no("watchlist", "give either symbols or a watchlist")
    try:
        found = tuple(parse_equity(each) for each in symbols or ())
    except Denied:
        raise table.no("symbols", 'symbols are tickers, as ["SPY", "AAPL"]') from None
    return Universe(symbols=tuple(dict.fromkeys(found)), watchlist=watchlist)


def _chain(table: Table, pattern: Pattern) -> ChainLimits:
    far = table.bounds("far_days")
    if far is not None and max(token[1] for token in pattern.signature) == 1:
        raise table.no("far_days", "this strategy has one expiration only")
    limits = ChainLimits(
        days=_positive(table, "days", table.bounds("days") or _DAYS),
        far_days=_positive(table, "far_days", far or _FAR_DAYS),
        strikes=_positive(table, "strikes", table.bounds("strikes") or _STRIKES),
        sold=_delta(table, "sold"),
        bought=_delta(table, "bought"),
        wing=table.whole("wing", 1, 100),
    )
    table.done()
    return limits


def _delta(table: Table, key: str) -> Bounds | None:
    bounds = table.bounds(key)
    if bounds is not None and not 0 <= (bounds.low or 0) <= _or(bounds.high, 1) <= 1:
        raise table.no(key, f"{key} bounds deltas without sign, from 0 to 1")
    return bounds


def _or(end: float | None, default: float) -> float:
    return default if end is None else end


def _positive(table: Table, key: str, bounds: Bounds) -> Bounds:
    """Return the bounds, of what is never negative."""
    if (bounds.low or 0) < 0 or (bounds.high is not None and bounds.high <= 0):
        raise table.no(key, f"{key} are more than 0")
    return bounds


def _rules(table: Table) -> Mapping[Measure, Bounds]:
    if Measure.DAYS in table.keys:
        raise table.no(Measure.DAYS, "days are bounded under [chain]")
    found = dict(_each(table, table.bounds))
    for measure in (Measure.MAX_LOSS, Measure.MAX_PROFIT):
        high = found.get(measure, Bounds()).high
        if high is not None and high < LEAST_USD:
            raise table.no(measure, f"{measure} is {LEAST_USD} at least, of whatever can be traded")
    return found


def _facts(table: Table) -> Mapping[UnderlyingFact, Asked]:
    found: dict[UnderlyingFact, Asked] = {}
    for fact in UnderlyingFact:
        asked = _words(table, fact) if fact in WORDS else table.bounds(fact.value)
        if asked is not None:
            found[fact] = asked
    return found


def _words(table: Table, fact: UnderlyingFact) -> tuple[str, ...] | None:
    words, allowed = table.words(fact.value, len(WORDS[fact])), WORDS[fact]
    if words and not set(words) <= set(allowed):
        raise table.no(fact.value, f"{fact.value} is a list of {', '.join(allowed)}")
    return words


def _around(table: Table) -> Around:
    around = Around(
        no_earnings=table.flag("no_earnings"), no_ex_dividend=table.flag("no_ex_dividend")
    )
    table.done()
    return around


def _caps(table: Table) -> Caps:
    caps, sectors = table.table("caps"), table.table("sectors")
    found = Caps(
        per_symbol=caps.whole("per_symbol", 1, TOP_MAX),
        per_expiration=caps.whole("per_expiration", 1, TOP_MAX),
        per_sector=caps.whole("per_sector", 1, TOP_MAX),
        correlation=caps.number("correlation", -1, 1),
        sectors={key.upper(): sectors.text(key, NAME_MAX) or "" for key in sectors.keys},
    )
    caps.done()
    if found.per_sector is not None and not found.sectors:
        raise caps.no(
            "per_sector", 'say under [sectors] of which each symbol is, as XOM = "energy"'
        )
    return found


def _portfolio(table: Table) -> PortfolioRules:
    rules = PortfolioRules(
        loss_share=table.number("loss_share", 0, 1),
        power_share=table.number("power_share", 0, 1),
        positions=table.whole("positions", 0, 1_000),
        account=table.text("account", HANDLE_MAX),
    )
    table.done()
    return rules


def _weights(table: Table) -> Mapping[Measure, float]:
    def weight(key: str) -> float | None:
        found = table.number(key, -_WEIGHT_MAX, _WEIGHT_MAX)
        if not found:
            raise table.no(key, "a weight is not 0: leave it out")
        return found

    return dict(_each(table, weight)) or {Measure.EV_TO_RISK: 1.0}


def _each(table: Table, read: Callable[[str], T | None]) -> Iterator[tuple[Measure, T]]:
    """Yield each measure of a table with what stands under it."""
    for key in table.keys:
        if key not in {*Measure}:
            raise table.unknown(key, [*Measure])
        if (found := read(key)) is not None:
            yield Measure(key), found


def _distribution(table: Table) -> Distribution:
    word = table.text("distribution", NAME_MAX) or Distribution.MARKET
    if word not in {*Distribution}:
        raise table.no("distribution", f"distribution is {' or '.join(Distribution)}")
    return Distribution(word)


def _every(table: Table) -> int | None:
    every = table.text("every", NAME_MAX)
    if every is None:
        return None
    told = _EVERY.fullmatch(every)
    seconds = int(told[1]) * _SECONDS[told[2]] if told else 0
    if not _EVERY_MIN <= seconds <= _EVERY_MAX:
        raise table.no("every", 'every is from "30s" to "1d", as "15m"')
    return seconds

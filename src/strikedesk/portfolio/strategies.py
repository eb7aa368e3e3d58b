"""Positions grouped into the strategies that they may be read as.

Of one root (shares go with their own), the positions are cut into the fewest groups that have a
name; what no cut names is called custom. Positions stay whole, but shares are cut where some of
them cover short calls and others do not. The broker does not say what was meant: a condor may have
been opened as two spreads. Above `ITEMS_MAX` positions each expiration is read by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding
from strikedesk.quant.strategies.legs import Kind, Leg
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern
from strikedesk.quant.strategies.recognition import CUSTOM, recognised

ITEMS_MAX: Final = 6  # All ways to cut six positions are looked at within milliseconds.

_KINDS: Final = {Right.CALL: Kind.CALL, Right.PUT: Kind.PUT}
_DAYS_PER_YEAR: Final = 365.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A position, or so many of its shares. Units: `quantity` signed, as the position's."""

    holding: Holding
    quantity: int

    @property
    def share(self) -> float:
        """Which fraction of the position it is."""
        return self.quantity / self.holding.position.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Positions of one underlying that make a strategy, `units` times."""

    underlying: str
    name: str
    units: int
    parts: tuple[Part, ...]


def grouped(
    holdings: Sequence[Holding], patterns: Sequence[Pattern] = PATTERNS
) -> tuple[Group, ...]:
    """Return the strategies, by underlying and root; together they hold every position."""
    return tuple(
        _group(parts, patterns)
        for root in _by_root(holdings).values()
        for few in _few_enough(_cut_shares(root))
        for parts in _best_cut(few, patterns)
    )


def _by_root(holdings: Sequence[Holding]) -> Mapping[tuple[str, str], Sequence[Holding]]:
    """Return the holdings of each root; shares go with the root that delivers them alone."""
    found: defaultdict[tuple[str, str], list[Holding]] = defaultdict(list)
    for each in holdings:
        found[each.underlying, _root_of(each)].append(each)
    return dict(sorted(found.items()))


def _root_of(holding: Holding) -> str:
    symbol = holding.symbol
    return symbol.root if isinstance(symbol, OptionSymbol) else symbol.ticker.replace(".", "")


def _cut_shares(holdings: Sequence[Holding]) -> list[Part]:
    """Return the positions, the shares cut in those that cover short calls and the rest."""
    calls = -sum(
        each.position.quantity
        for each in holdings
        if isinstance(each.symbol, OptionSymbol)
        and each.symbol.right is Right.CALL
        and each.position.quantity < 0
    )
    return [part for each in holdings for part in _parts(each, calls * SHARES_PER_CONTRACT)]


def _parts(holding: Holding, covers: int) -> Iterator[Part]:
    quantity = holding.position.quantity
    if isinstance(holding.symbol, EquitySymbol) and 0 < covers < quantity:
        yield Part(holding=holding, quantity=covers)
        yield Part(holding=holding, quantity=quantity - covers)
    else:
        yield Part(holding=holding, quantity=quantity)


def _few_enough(parts: Sequence[Part]) -> list[Sequence[Part]]:
    """Return all of them, or where they are too many those of each expiration by themselves."""
    if len(parts) <= ITEMS_MAX:
        return [parts]
    found: defaultdict[str, list[Part]] = defaultdict(list)
    for each in parts:
        symbol = each.holding.symbol
        found["" if isinstance(symbol, EquitySymbol) else symbol.expiration.isoformat()].append(
            each
        )
    return [found[day] for day in sorted(found)]


def _best_cut(parts: Sequence[Part], patterns: Sequence[Pattern]) -> Iterable[Sequence[Part]]:
    """Return the groups: as few legs without a name as can be, then as few groups."""
    if len(parts) > ITEMS_MAX:
        return [parts]
    everything = (1 << len(parts)) - 1

    @cache
    def unnamed(mask: int) -> int:
        chosen = _chosen(parts, mask)
        twice = len({part.holding.symbol for part in chosen}) < len(chosen)
        return len(chosen) if twice or _named(chosen, patterns)[0] == CUSTOM else 0

    @cache
    def best(mask: int) -> tuple[int, int, tuple[int, ...]]:
        if not mask:
            return 0, 0, ()
        return min(
            (lost + unnamed(first), count + 1, (first, *others))
            for first in _with_lowest(mask)
            for lost, count, others in [best(mask ^ first)]
        )

    return [_chosen(parts, mask) for mask in best(everything)[2]]


def _with_lowest(mask: int) -> Iterator[int]:
    """Yield every part of a set that its lowest member is in, as bits."""
    lowest = mask & -mask
    rest = mask ^ lowest
    part = rest
    while True:
        yield part | lowest
        if not part:
            return
        part = (part - 1) & rest


def _chosen(parts: Sequence[Part], mask: int) -> list[Part]:
    return [part for place, part in enumerate(parts) if mask >> place & 1]


def _group(parts: Sequence[Part], patterns: Sequence[Pattern]) -> Group:
    name, units = _named(parts, patterns)
    return Group(underlying=parts[0].holding.underlying, name=name, units=units, parts=tuple(parts))


def _named(parts: Sequence[Part], patterns: Sequence[Pattern]) -> tuple[str, int]:
    """Return what parts are called, and how many times; shares alone are shares in any number."""
    if all(isinstance(part.holding.symbol, EquitySymbol) for part in parts):
        quantity = sum(part.quantity for part in parts)
        return ("long shares" if quantity > 0 else "short shares"), abs(quantity)
    found = recognised([_leg(part) for part in parts], patterns)
    return found.name, found.units


def _leg(part: Part) -> Leg:
    symbol = part.holding.symbol
    if isinstance(symbol, EquitySymbol):
        return Leg(kind=Kind.SHARE, quantity=part.quantity)
    return Leg(
        kind=_KINDS[symbol.right],
        quantity=part.quantity,
        strike=float(symbol.strike),
        years=symbol.expiration.toordinal() / _DAYS_PER_YEAR,  # From any day: names need the order.
    )

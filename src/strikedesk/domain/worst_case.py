"""Worst cases of what is held and what is added, over every path of the underlying.

The underlying may stand anywhere at one expiration and anywhere else at the next. A long option
that is alive is worth at least its intrinsic value, a short one costs no less than that: beyond it
nothing is taken for granted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Final, TypeAlias

from strikedesk.domain.cover import Groups, coverings, uncovered_shares
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.payoff import Holding, Low, lowest
from strikedesk.domain.symbols import OptionSymbol, Right, Symbol

# The underlying's price at each expiration.
Path: TypeAlias = Mapping[date, Decimal]

# A call so far away that no price reaches it: what is beyond it counts as without bound.
_BEYOND: Final = OptionSymbol("BEYOND", date.max, Right.CALL, Decimal(99_999))


@dataclass(frozen=True, slots=True)
class _Book:
    """Quantities of one underlying's symbols, the same as holdings, and what they come to.

    `lows` are for each covering the worst of every group; None = it has no bound. `floor` is what
    it cannot be worth less than; None = there is no such amount.
    """

    quantities: Mapping[Symbol, int]
    holdings: Sequence[Holding]
    coverings: tuple[Groups, ...]
    lows: Sequence[Sequence[Low | None]]
    floor: Decimal | None

    @classmethod
    def of(cls, *lists: Sequence[Holding]) -> "_Book":
        quantities = _totals(chain.from_iterable(lists))
        holdings = _holdings(quantities)
        covered = coverings(holdings)
        lows = [[lowest(group) for group in groups] for groups in covered]
        values = [value for each in lows if (value := _total(each)) is not None]
        return cls(quantities, holdings, covered, lows, max(values, default=None))

    @property
    def paths(self) -> list[Path]:
        """For each covering the path on which every group meets its own worst price."""
        both = zip(self.coverings, self.lows, strict=True)
        return [path for groups, lows in both if (path := _worst_path(groups, lows))]

    @property
    def uncovered(self) -> int:
        """Shares that are missing behind shorts, above every strike."""
        return min(uncovered_shares(groups) for groups in self.coverings)

    def ceiling(self, paths: Iterable[Path]) -> Decimal | None:
        """What it may be worth at most, if the price wills it; None = nothing bounds the loss.

        The least over a price that stands still and `paths`; on each the holder knows the future.
        """
        steady = lowest(self.holdings)
        if steady is None:
            return None
        along = (sum((_along(path, h) for h in self.holdings), Decimal(0)) for path in paths)
        return min([steady.value, *along])

    def gives_back(self, added: "_Book") -> bool:
        """Whether `added` only takes back a part of what is held."""
        return all(
            0 < -a.quantity * _sign(held) <= abs(held)
            for a in added.holdings
            for held in [self.quantities.get(a.symbol, 0)]
        )


def risk_added(
    held: Sequence[Holding], added: Sequence[Holding], cash_effect: Decimal
) -> Decimal | None:
    """Return the USD by which `added`, paid for with `cash_effect`, worsens the worst case.

    Negative = the order frees risk; `None` = it adds a loss without bound.
    Law: never too low. Each of the ways to bound it holds by itself, so the least of them counts.
    """
    worst = _worsened(tuple(held), tuple(added))
    if worst is None:
        return None
    risk = worst.by - cash_effect
    # Out of a loss without bound any price is a good one: the collar looks after what is paid.
    return min(risk, Decimal(0)) if worst.buys_naked_shorts_back else risk


@dataclass(frozen=True, slots=True)
class _Worsened:
    """By how much the worst case is worse, before anything is paid for it, USD."""

    by: Decimal
    buys_naked_shorts_back: bool = False


# A preview asks, and its confirm once more: nothing of it depends on the time or on a price.
@lru_cache(maxsize=256)
def _worsened(held: tuple[Holding, ...], added: tuple[Holding, ...]) -> _Worsened | None:
    before, order = _Book.of(held), _Book.of(added)
    if not before.holdings:
        return None if order.floor is None else _Worsened(-order.floor)
    after = _Book.of(held, added)
    bounds = (_alone(before, order), _beside(before, after), _given_back(before, order, after))
    known = [bound for bound in bounds if bound is not None]
    return _Worsened(min(known), _buys_naked_shorts_back(before, order)) if known else None


def floor_value(holdings: Sequence[Holding]) -> Decimal | None:
    """Return an amount of USD that `holdings` cannot be worth less than, whatever the price does.

    `None` = there is none.
    """
    return _Book.of(holdings).floor


def netted(holdings: Iterable[Holding]) -> list[Holding]:
    """Return one holding a symbol, without those that cancel out."""
    return _holdings(_totals(holdings))


def _totals(holdings: Iterable[Holding]) -> dict[Symbol, int]:
    totals: dict[Symbol, int] = defaultdict(int)
    for holding in holdings:
        totals[holding.symbol] += holding.quantity
    return {symbol: count for symbol, count in totals.items() if count}


def _holdings(quantities: Mapping[Symbol, int]) -> list[Holding]:
    return [Holding(symbol=symbol, quantity=count) for symbol, count in quantities.items()]


def _alone(before: _Book, order: _Book) -> Decimal | None:
    """What is new loses no more beside other things than by itself.

    What buys a short back frees its loss but covers nothing any more. Where something held is
    sold, it may have covered what is left, and only the whole book can tell.
    """
    new: list[Holding] = []
    for added in order.holdings:
        held = before.quantities.get(added.symbol, 0)
        if added.quantity < 0 < held:
            return None
        bought_back = min(max(added.quantity, 0), max(-held, 0))
        new.append(Holding(symbol=added.symbol, quantity=added.quantity - bought_back))
    floor = order.floor if new == order.holdings else floor_value(new)
    return None if floor is None else -floor


def _beside(before: _Book, after: _Book) -> Decimal | None:
    """From what the account could not be sure of more than, to what it is sure of.

    Where the loss had no bound before, what is left counts in full.
    """
    if after.floor is None:
        return None
    ceiling = before.ceiling([*before.paths, *after.paths])
    return -after.floor if ceiling is None else ceiling - after.floor


def _given_back(before: _Book, order: _Book, after: _Book) -> Decimal | None:
    """Where the loss has no bound, an order that only reduces may still leave it without.

    It is cut off beyond any price, before and after alike; what is freed of it is not counted.
    """
    if not before.uncovered or after.uncovered > before.uncovered or not before.gives_back(order):
        return None
    beyond = Holding(symbol=_BEYOND, quantity=-(-before.uncovered // SHARES_PER_CONTRACT))
    first, last = floor_value([*before.holdings, beyond]), floor_value([*after.holdings, beyond])
    return None if first is None or last is None else max(first - last, Decimal(0))


def _buys_naked_shorts_back(before: _Book, order: _Book) -> bool:
    bought = all(holding.quantity > 0 for holding in order.holdings)
    return bought and before.floor is None and before.gives_back(order)


def _worst_path(groups: Groups, lows: Sequence[Low | None]) -> Path:
    path: dict[date, Decimal] = {}
    for group, low in zip(groups, lows, strict=True):
        days = [h.symbol.expiration for h in group if isinstance(h.symbol, OptionSymbol)]
        if low is not None and days:
            path.setdefault(min(days), low.spot)
    return path


def _along(path: Path, holding: Holding) -> Decimal:
    """Return the best that can be made of `holding` on `path`; a short option waits for its end."""
    spots = [path[day] for day in sorted(path)]
    if isinstance(holding.symbol, OptionSymbol):
        alive = sum(day <= holding.symbol.expiration for day in path)
        spots = spots[: max(alive, 1)]
        spots = spots[-1:] if holding.quantity < 0 else spots
    return max(holding.value_at(spot) for spot in spots)


def _total(lows: Sequence[Low | None]) -> Decimal | None:
    values = [low.value for low in lows if low is not None]
    return sum(values, Decimal(0)) if len(values) == len(lows) else None


def _sign(quantity: int) -> int:
    return (quantity > 0) - (quantity < 0)

"""Worst cases of what is held and what is added, over every path of the underlying.

Law: `risk_added` is never too low. What is held is measured by the kinder bound (the price stays
where it is until every option has ended), what results by the stricter (each expiration meets its
own worst price, and a long that ends before the shorts do protects none of them).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from strikedesk.domain.payoff import Holding, worst_value
from strikedesk.domain.symbols import OptionSymbol, Symbol


def risk_added(
    held: Sequence[Holding], added: Sequence[Holding], cash_effect: Decimal
) -> Decimal | None:
    """Return the USD by which `added`, paid for with `cash_effect`, worsens the worst case.

    Negative = the order frees risk; `None` = it adds a loss without bound. Where the loss has no
    bound already, buying shorts back adds nothing, and anything else counts by itself.
    """
    before = worst_value(netted(held))
    after = floor_value([*held, *added])
    if before is not None:
        return None if after is None else before - after - cash_effect
    if _buys_back(held, added):
        return Decimal(0)
    if after is not None:
        return -after - cash_effect
    own = floor_value(added)
    return None if own is None else -own - cash_effect


def floor_value(holdings: Sequence[Holding]) -> Decimal | None:
    """Return the least USD that `holdings` can be worth, whatever the price does and when.

    A long option that outlives a short one is worth at least its intrinsic value when the short
    ends. `None` = without bound.
    """
    total = Decimal(0)
    for group in _by_short_expiration(netted(holdings)):
        worst = worst_value(group)
        if worst is None:
            return None
        total += worst
    return total


def netted(holdings: Iterable[Holding]) -> list[Holding]:
    """Return one holding a symbol, without those that cancel out."""
    totals: dict[Symbol, int] = defaultdict(int)
    for holding in holdings:
        totals[holding.symbol] += holding.quantity
    return [Holding(symbol=symbol, quantity=count) for symbol, count in totals.items() if count]


def _buys_back(held: Sequence[Holding], added: Sequence[Holding]) -> bool:
    """Whether `added` only takes back shorts that are held."""
    short = {holding.symbol: holding.quantity for holding in netted(held)}
    return all(0 < a.quantity <= -short.get(a.symbol, 0) for a in added)


def _by_short_expiration(holdings: Sequence[Holding]) -> list[list[Holding]]:
    """Group options by the expiration at which shorts end, each long with those it protects.

    A long that protects none stands with those that end with it.
    """
    options = [(h, h.symbol.expiration) for h in holdings if isinstance(h.symbol, OptionSymbol)]
    short_days = sorted({day for holding, day in options if holding.quantity < 0})
    groups: dict[date, list[Holding]] = defaultdict(list)
    for holding, expiration in options:
        groups[_protects(expiration, short_days) or expiration].append(holding)
    shares = [h for h in holdings if not isinstance(h.symbol, OptionSymbol)]
    return [*groups.values(), *_lend_shares(groups.values(), shares)]


def _protects(day: date, short_days: Sequence[date]) -> date | None:
    """Return the last short expiration that a contract ending on `day` lives to see."""
    return max((short for short in short_days if short <= day), default=None)


def _lend_shares(groups: Iterable[list[Holding]], shares: Sequence[Holding]) -> list[list[Holding]]:
    """Put held shares behind short calls, group by group; return what is left as its own group."""
    if not shares:
        return []
    (stock,) = shares
    left = stock.quantity
    for group in groups:
        lent = max(0, min(left, -sum(h.slope_at_infinity for h in group)))
        if lent:
            group.append(replace(stock, quantity=lent))
            left -= lent
    return [[replace(stock, quantity=left)]] if left else []

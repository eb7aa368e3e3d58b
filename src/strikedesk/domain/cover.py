"""Cover: which longs and which shares stand behind which shorts.

Law: however they are put together, the sum of the groups' worst values is never more than the
holder can be sure of; so two ways are tried, and the better one counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from strikedesk.domain.payoff import Holding
from strikedesk.domain.symbols import OptionSymbol, Right

# When a contract ends: its day, and its root, because contracts of two roots (SPX in the morning,
# SPXW at the close) end at different hours of one day.
End: TypeAlias = tuple[date, str]
Groups: TypeAlias = list[list[Holding]]


def coverings(holdings: Sequence[Holding]) -> tuple[Groups, ...]:
    """Return ways to group `holdings`, of one underlying and each symbol once, by short end.

    First every long stands behind the last shorts that it lives to see; then each contract behind
    one short contract, and what is left over as before: the same thing where all shorts end
    together. Shares go where they are needed.
    """
    options = {h.symbol: h.quantity for h in holdings if isinstance(h.symbol, OptionSymbol)}
    shares = [h for h in holdings if not isinstance(h.symbol, OptionSymbol)]
    latest = _with_shares(_latest(options), shares)
    if len({_end_of(symbol) for symbol, count in options.items() if count < 0}) <= 1:
        return (latest,)
    return latest, _with_shares(_matched(options), shares)


def uncovered_shares(groups: Groups) -> int:
    """Return how many shares are missing before no group loses without bound."""
    slopes = (sum(h.slope_at_infinity for h in group) for group in groups)
    return sum(-slope for slope in slopes if slope < 0)


def _latest(options: Mapping[OptionSymbol, int]) -> Groups:
    shorts = [symbol for symbol, count in options.items() if count < 0]
    return list(_placed(options, shorts, {}).values())


def _matched(options: Mapping[OptionSymbol, int]) -> Groups:
    shorts = sorted((s for s, count in options.items() if count < 0), key=_demand, reverse=True)
    longs = {symbol: count for symbol, count in options.items() if count > 0}
    groups: dict[End, list[Holding]] = {}
    for short in shorts:
        group = groups.setdefault(_end_of(short), [])
        group.append(Holding(symbol=short, quantity=options[short]))
        group += _taken(longs, short, -options[short])
    return list(_placed(longs, shorts, groups).values())


def _placed(
    options: Mapping[OptionSymbol, int],
    shorts: Iterable[OptionSymbol],
    groups: dict[End, list[Holding]],
) -> dict[End, list[Holding]]:
    """Add each option to the group of its own end, or of the last shorts that it lives to see."""
    ends = {_end_of(short) for short in shorts}
    for symbol, count in options.items():
        seen = (end for end in ends if _outlives(symbol, end))
        home = max(seen, default=_end_of(symbol)) if count > 0 else _end_of(symbol)
        if count:
            groups.setdefault(home, []).append(Holding(symbol=symbol, quantity=count))
    return groups


def _taken(longs: dict[OptionSymbol, int], short: OptionSymbol, wanted: int) -> list[Holding]:
    """Take contracts that cover `short` out of `longs`, those that cover it best first."""
    able = [s for s in longs if s.right is short.right and _outlives(s, _end_of(short))]
    taken: list[Holding] = []
    for symbol in sorted(able, key=lambda long: _gap(long, short)):
        if count := min(wanted, longs[symbol]):
            taken.append(Holding(symbol=symbol, quantity=count))
            longs[symbol] -= count
            wanted -= count
    return taken


def _end_of(contract: OptionSymbol) -> End:
    return contract.expiration, contract.root


def _outlives(contract: OptionSymbol, end: End) -> bool:
    """Whether `contract` is alive when shorts end at `end`."""
    return contract.expiration > end[0] or _end_of(contract) == end


def _demand(short: OptionSymbol) -> tuple[End, Decimal]:
    """The later it ends, and the further in the money it can be, the fewer can cover it."""
    return _end_of(short), short.strike if short.right is Right.PUT else -short.strike


def _gap(long: OptionSymbol, short: OptionSymbol) -> tuple[Decimal, Decimal]:
    """Return what the pair can lose per share, then how far its strikes are apart."""
    width = long.strike - short.strike
    loss = width if long.right is Right.CALL else -width
    return max(loss, Decimal(0)), abs(width)


def _with_shares(groups: Groups, shares: Sequence[Holding]) -> Groups:
    """Put long shares behind naked calls, then over long puts, then behind all calls.

    What is left makes a group of its own. Shares are worth something at any price, so lending
    them never makes a group worse. Short shares stand alone: a call over them ends, they do not.
    """
    if not shares:
        return groups
    left = sum(stock.quantity for stock in shares)
    for needed in (_shares_for_calls, _shares_for_puts, _shares_for_all_calls):
        for group in groups:
            lent = max(0, min(left, needed(group)))
            group += [Holding(symbol=stock.symbol, quantity=lent) for stock in shares if lent]
            left -= lent
    rest = [Holding(symbol=stock.symbol, quantity=left) for stock in shares if left]
    return [*groups, *([each] for each in rest)]


def _shares_for_calls(group: Sequence[Holding]) -> int:
    return -sum(h.slope_at_infinity for h in group)


def _shares_for_puts(group: Sequence[Holding]) -> int:
    return -sum(h.slope_at_zero for h in group)


def _shares_for_all_calls(group: Sequence[Holding]) -> int:
    """As many as there are short calls: above every strike no loss is left then."""
    options = [h for h in group if isinstance(h.symbol, OptionSymbol)]
    lent = sum(h.quantity for h in group if h not in options)
    return -sum(h.slope_at_infinity for h in options if h.quantity < 0) - lent

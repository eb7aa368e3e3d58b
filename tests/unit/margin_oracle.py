"""Slow and sure: the least requirement of a small book, by trying every partition of its lots."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.margin_book import Rules
from strikedesk.exchange.rates import Prices, inside, naked, secured

# A contract and +1 or -1; None is a hundred shares.
Lot: TypeAlias = tuple[OptionSymbol | None, int]

NOTHING = Decimal(0)


def cheapest(
    held: Mapping[OptionSymbol, int], shares: int, prices: Prices, rules: Rules
) -> Decimal:
    """Return the USD of the cheapest partition whose groups are all lawful."""
    lots: list[Lot] = [(c, _sign(n)) for c, n in held.items() for _ in range(abs(n))]
    lots += [(None, _sign(shares))] * (abs(shares) // 100)
    return min(
        sum((cost for cost in costs if cost is not None), NOTHING)
        for parts in _partitions(lots)
        if None not in (costs := [_cost(part, prices, rules) for part in parts])
    )


def worst_at_expiration(held: Mapping[OptionSymbol, int]) -> Decimal:
    """Return the most USD that contracts of one day can come to owe; calls must be covered."""
    strikes = {contract.strike for contract in held}
    values = (
        sum((n * inside(c, at) for c, n in held.items()), NOTHING) * 100
        for at in {NOTHING, *strikes, max(strikes, default=NOTHING) * 2}
    )
    return max(-min(values), NOTHING)


def _partitions(lots: Sequence[Lot]) -> Iterator[list[list[Lot]]]:
    if not lots:
        yield []
        return
    first, rest = lots[0], lots[1:]
    for chosen in range(1 << len(rest)):
        group = [first, *(lot for place, lot in enumerate(rest) if chosen >> place & 1)]
        others = [lot for place, lot in enumerate(rest) if not chosen >> place & 1]
        for parts in _partitions(others):
            yield [group, *parts]


def _cost(group: Sequence[Lot], prices: Prices, rules: Rules) -> Decimal | None:
    """Return what a group requires, or None where the rules know no such group."""
    shorts = [contract for contract, sign in group if contract is not None and sign < 0]
    longs = [contract for contract, sign in group if contract is not None and sign > 0]
    shares = [sign for contract, sign in group if contract is None]
    if shares:
        return _covered(shorts, longs, shares, prices)
    ways = [_alone(shorts, longs, prices, rules), _strangle(shorts, longs, prices, rules)]
    ways.append(_spread(shorts, longs, rules))
    return min((way for way in ways if way is not None), default=None)


def _covered(
    shorts: Sequence[OptionSymbol],
    longs: Sequence[OptionSymbol],
    shares: Sequence[int],
    prices: Prices,
) -> Decimal | None:
    if len(shares) > 1 or longs or len(shorts) > 1:
        return None
    if not shorts:
        return NOTHING
    right = Right.CALL if shares[0] > 0 else Right.PUT
    assert prices.spot is not None
    return inside(shorts[0], prices.spot) * 100 if shorts[0].right is right else None


def _alone(
    shorts: Sequence[OptionSymbol], longs: Sequence[OptionSymbol], prices: Prices, rules: Rules
) -> Decimal | None:
    if len(shorts) + len(longs) > 1:
        return None
    return sum((single(contract, prices, rules) for contract in shorts), NOTHING)


def single(contract: OptionSymbol, prices: Prices, rules: Rules) -> Decimal:
    """Return what one short requires by itself."""
    if not rules.naked:
        return secured(contract, prices.spot)
    return naked(contract, prices.marks.get(contract), prices.spot, rules.rates)


def _strangle(
    shorts: Sequence[OptionSymbol], longs: Sequence[OptionSymbol], prices: Prices, rules: Rules
) -> Decimal | None:
    if not rules.naked or longs or len({contract.right for contract in shorts}) != len(shorts):
        return None
    if len(shorts) != len(Right):
        return None
    cheap, dear = sorted(shorts, key=lambda contract: single(contract, prices, rules))
    alike = single(cheap, prices, rules) == single(dear, prices, rules)
    premiums = [prices.marks[contract] for contract in (shorts if alike else [cheap])]
    return single(dear, prices, rules) + min(premiums) * 100


def _spread(
    shorts: Sequence[OptionSymbol], longs: Sequence[OptionSymbol], rules: Rules
) -> Decimal | None:
    ends = [contract.expiration for contract in (*shorts, *longs)]
    if not rules.spreads or not shorts or not longs or (rules.european and len(set(ends)) > 1):
        return None
    for right in Right:
        sides = ([c for c in side if c.right is right] for side in (shorts, longs))
        if len({len(side) for side in sides}) > 1:
            return None
    if min(c.expiration for c in longs) < max(c.expiration for c in shorts):
        return None
    owed = (
        sum((inside(c, at) for c in shorts), NOTHING) - sum((inside(c, at) for c in longs), NOTHING)
        for at in {NOTHING, *(c.strike for c in (*shorts, *longs)), Decimal(10_000)}
    )
    return max(*owed, NOTHING) * 100


def _sign(count: int) -> int:
    return 1 if count > 0 else -1

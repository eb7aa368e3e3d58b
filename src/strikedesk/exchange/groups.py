"""Groups: which long covers which short, and what the short options of one underlying require.

Law: the requirement is the least of several ways to group the same options, never less than zero.
Tried are: every expiration by itself (spreads and naked shorts, or the worst value at expiration,
whichever is less), all expirations together (a long that ends no earlier covers a short), and the
worst value of all together; each with held shares covering shorts first, and without. It is the
best of these, not of every grouping that there is.
Source: FINRA rule 4210(f)(2); the index rates are those that retail brokers publish.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.accounts import NOTHING

Contracts: TypeAlias = Mapping[OptionSymbol, int]

UNKNOWN: Final = Decimal("Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class NakedRates:
    """Fractions of the price that a naked short requires, and the least of it, USD per share."""

    fraction: Decimal
    minimum: Decimal
    floor: Decimal = Decimal("2.50")


EQUITY_RATES: Final = NakedRates(fraction=Decimal("0.20"), minimum=Decimal("0.10"))
INDEX_RATES: Final = NakedRates(fraction=Decimal("0.25"), minimum=Decimal("0.15"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Marks of one underlying and of its contracts, USD per share; None or absent = unknown."""

    spot: Decimal | None
    marks: Mapping[OptionSymbol, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How an underlying's options are margined. `european` options lend no cover across days."""

    rates: NakedRates
    european: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """`count` contracts that each require `amount` USD; `premium` USD of it is the mark."""

    amount: Decimal
    count: int
    premium: Decimal = NOTHING
    day: date = date.max


@dataclass(frozen=True, slots=True)
class _Side:
    """The short calls, or the short puts: those in spreads, and those that stand alone."""

    spreads: Sequence[_Run]
    alone: Sequence[_Run]


def requirement(held: Contracts, shares: int, prices: Prices, rules: Rules) -> Decimal:
    """Return the USD that the short options require; UNKNOWN where a price is missing."""
    if not any(count < 0 for count in held.values()):
        return NOTHING
    ways = [_uncovered(held, prices, rules)]
    left, cost = _cover(held, shares, prices)
    if left != held:
        ways.append(cost + _uncovered(left, prices, rules))
    return min(ways)


def naked(contract: OptionSymbol, prices: Prices, rates: NakedRates) -> Decimal:
    """Return the USD that one short contract requires by itself, its premium included."""
    mark, spot = prices.marks.get(contract), prices.spot
    if mark is None or spot is None:
        return UNKNOWN
    call = contract.right is Right.CALL
    outside = max(contract.strike - spot if call else spot - contract.strike, NOTHING)
    least = rates.minimum * (spot if call else contract.strike)
    per_share = max(rates.fraction * spot - outside + mark, least + mark, rates.floor)
    return per_share * SHARES_PER_CONTRACT


def _uncovered(held: Contracts, prices: Prices, rules: Rules) -> Decimal:
    days = {contract.expiration for contract in held}
    ways = [sum((_one_day(held, day, prices, rules) for day in sorted(days)), NOTHING)]
    if len(days) > 1 and not rules.european:
        ways += [_paired(held, prices, rules), _worst(_without_early_longs(held))]
    return min(ways)


def _one_day(held: Contracts, day: date, prices: Prices, rules: Rules) -> Decimal:
    of_day = {contract: count for contract, count in held.items() if contract.expiration == day}
    return min(_paired(of_day, prices, rules), _worst(of_day))


def _cover(held: Contracts, shares: int, prices: Prices) -> tuple[dict[OptionSymbol, int], Decimal]:
    """Put shares behind short calls, or short shares behind short puts, dearest first.

    What a covered option is in the money is lost on the shares: it is required.
    """
    right = Right.CALL if shares > 0 else Right.PUT
    left, cost, lots = dict(held), NOTHING, abs(shares) // SHARES_PER_CONTRACT
    for contract in _demanding_first(c for c, n in held.items() if n < 0 and c.right is right):
        used = min(lots, -left[contract])
        lots -= used
        left[contract] += used
        cost += used * _in_the_money(contract, prices.spot) if used else NOTHING
    return {contract: count for contract, count in left.items() if count}, cost


def _in_the_money(contract: OptionSymbol, spot: Decimal | None) -> Decimal:
    if spot is None:
        return UNKNOWN
    call = contract.right is Right.CALL
    inside = spot - contract.strike if call else contract.strike - spot
    return max(inside, NOTHING) * SHARES_PER_CONTRACT


def _paired(held: Contracts, prices: Prices, rules: Rules) -> Decimal:
    """Return what spreads and naked shorts require: a condor's dearer side, a strangle's too.

    A long need not be used: two naked shorts can require less than one of them in a spread.
    """
    ways = {right: _ways(held, right, prices, rules) for right in Right}
    return min(
        _condors(calls.spreads, puts.spreads) + _strangles(calls.alone, puts.alone)
        for calls in ways[Right.CALL]
        for puts in ways[Right.PUT]
    )


def _ways(held: Contracts, right: Right, prices: Prices, rules: Rules) -> tuple[_Side, ...]:
    """Return one side with its longs put behind its shorts, and without."""
    paired = _pair(held, right, prices, rules)
    if not paired.spreads:
        return (paired,)
    shorts = {contract: count for contract, count in held.items() if count < 0}
    return paired, _pair(shorts, right, prices, rules)


def _pair(held: Contracts, right: Right, prices: Prices, rules: Rules) -> _Side:
    spreads: list[_Run] = []
    alone: list[_Run] = []
    longs = {c: n for c, n in held.items() if n > 0 and c.right is right}
    for short in _demanding_first(c for c, n in held.items() if n < 0 and c.right is right):
        single = naked(short, prices, rules.rates)
        left = -held[short]
        for long in _covering(short, longs, rules):
            width = _width(short, long)
            if not left or width >= single:
                break
            used = min(left, longs[long])
            longs[long] -= used
            left -= used
            spreads.append(_Run(width, used, day=short.expiration))
        if left:
            premium = prices.marks.get(short, NOTHING) * SHARES_PER_CONTRACT
            alone.append(_Run(single, left, premium))
    return _Side(spreads, alone)


def _covering(
    short: OptionSymbol, longs: Mapping[OptionSymbol, int], rules: Rules
) -> list[OptionSymbol]:
    """Return the longs that outlive the short, the most protective first."""
    return _demanding_first(
        long
        for long, count in longs.items()
        if count
        and (
            long.expiration == short.expiration
            or (long.expiration > short.expiration and not rules.european)
        )
    )


def _demanding_first(contracts: Iterable[OptionSymbol]) -> list[OptionSymbol]:
    """Sort contracts of one right: low strikes first for calls, high ones for puts."""
    return sorted(
        contracts,
        key=lambda c: (c.strike if c.right is Right.CALL else -c.strike, c.expiration),
    )


def _width(short: OptionSymbol, long: OptionSymbol) -> Decimal:
    call = short.right is Right.CALL
    gap = long.strike - short.strike if call else short.strike - long.strike
    return max(gap, NOTHING) * SHARES_PER_CONTRACT


def _condors(calls: Sequence[_Run], puts: Sequence[_Run]) -> Decimal:
    """Of a call spread and a put spread that end together only one can lose."""
    total = NOTHING
    for day in {run.day for run in (*calls, *puts)}:
        of_day = ([run for run in side if run.day == day] for side in (calls, puts))
        for call, put, count in _matched(*of_day):
            total += max(call.amount, put.amount) * count
    return total


def _strangles(calls: Sequence[_Run], puts: Sequence[_Run]) -> Decimal:
    """Of a naked call and a naked put the dearer counts, with the premium of the other."""
    total = NOTHING
    for call, put, count in _matched(calls, puts):
        dear, cheap = (call, put) if call.amount >= put.amount else (put, call)
        total += (dear.amount + cheap.premium) * count
    return total


def _matched(one: Sequence[_Run], other: Sequence[_Run]) -> Iterator[tuple[_Run, _Run, int]]:
    """Match the dearest with the dearest; what is left over meets nothing."""
    left, right = _Queue(one), _Queue(other)
    while left.count or right.count:
        count = min(n for n in (left.count, right.count) if n)
        yield left.take(count), right.take(count), count


class _Queue:
    """Runs, dearest first, taken piece by piece."""

    def __init__(self, runs: Sequence[_Run]) -> None:
        self._runs = sorted(runs, key=lambda run: run.amount)
        self.count = self._runs[-1].count if runs else 0

    def take(self, count: int) -> _Run:
        if not self._runs:
            return _Run(NOTHING, count)
        run = self._runs[-1]
        self.count -= count
        if not self.count:
            self._runs.pop()
            self.count = self._runs[-1].count if self._runs else 0
        return run


def _worst(held: Contracts) -> Decimal:
    """Return the most USD that the options can come to owe, whatever the one price of all is.

    A sweep over the strikes: between them the value is linear.
    """
    if sum(count for contract, count in held.items() if contract.right is Right.CALL) < 0:
        return UNKNOWN
    bends: dict[Decimal, int] = defaultdict(int)
    for contract, count in held.items():
        bends[contract.strike] += count
    puts = {c: n for c, n in held.items() if c.right is Right.PUT}
    value = sum((c.strike * n for c, n in puts.items()), NOTHING)
    slope, at, worst = -sum(puts.values()), NOTHING, min(value, NOTHING)
    for strike in sorted(bends):
        value += slope * (strike - at)
        slope, at, worst = slope + bends[strike], strike, min(worst, value)
    return -worst * SHARES_PER_CONTRACT


def _without_early_longs(held: Contracts) -> Contracts:
    last = max(contract.expiration for contract, count in held.items() if count < 0)
    return {c: n for c, n in held.items() if n < 0 or c.expiration >= last}

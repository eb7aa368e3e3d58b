"""Where an option, or the two contracts of a spread, could be rolled to, and what that would bring.

Expirations: the position's own, and those listed nearest to 7, 14, 28, 42, 63 and 91 days after it.
Strikes: the same, and two steps up and down; a step is the next strike at least 1 % of the
underlying's price away. Both contracts of a spread move by as many dollars.

It proposes: nothing is previewed here, and nothing can be sent from here.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from strikedesk.domain.accounts import Position, held_of
from strikedesk.domain.calendar import days_to_expiration, exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.payoff import Holding, payoff
from strikedesk.domain.quotes import Expiration, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.portfolio.market_view import MarketView

DAYS_LATER: Final = (0, 7, 14, 28, 42, 63, 91)
STEPS: Final = 2
STEP: Final = Decimal("0.01")

Contracts: TypeAlias = tuple[OptionSymbol, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollProposal:
    """One place to go: `contracts` take the place of those that are held, in their order.

    Units: nets USD per share of one unit, positive = received; `per_day` the mid's over the days
    that are gained; `delta` per share of the unit that is held then; `break_evens` USD at its
    expiration, of the roll at the mid and what the position was opened for. None = unknown, `why`
    says what has no quote.
    """

    contracts: Contracts
    days: int
    mid: Decimal | None
    natural: Decimal | None
    per_day: Decimal | None
    delta: float | None
    break_evens: tuple[Decimal, ...] | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollTable:
    """Proposals by expiration and strike. `units` is how many times the unit is held."""

    as_of: datetime
    spot: Decimal | None
    units: int
    proposals: tuple[RollProposal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """What is rolled: its contracts, and how many of each (+ long) make one unit."""

    contracts: Contracts
    ratios: tuple[int, ...]
    positions: tuple[Position, ...]
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prices:
    """What the market tells of every contract in question."""

    quotes: Mapping[Symbol, Quote]
    deltas: Mapping[OptionSymbol, float | None]

    def unquoted(self, contracts: Iterable[OptionSymbol]) -> list[str]:
        """Return those without a bid and an ask."""
        quotes = ((each, self.quotes.get(each)) for each in contracts)
        return [each.compact for each, quote in quotes if quote is None or quote.mid is None]

    def mid(self, contract: OptionSymbol) -> Decimal | None:
        """Return the price half way between the sides."""
        quote = self.quotes.get(contract)
        return quote.mid if quote else None

    def natural(self, contract: OptionSymbol, ratio: int) -> Decimal | None:
        """Return the price at which so many, + bought, trade at once."""
        quote = self.quotes.get(contract)
        return quote.natural(ratio) if quote else None


async def roll_table(
    market: MarketView, positions: Sequence[Position], contracts: Contracts
) -> RollTable:
    """Propose where to roll what is held of `contracts`: one, or the two of a spread.

    Raises:
        Denied: POSITION_UNKNOWN, or INVALID_LEGS where they cannot move together.
        Unavailable: the market cannot be asked.
    """
    await market.ready()
    unit = _unit(positions, contracts, exchange_date(market.now()))
    underlying, old = EquitySymbol(contracts[0].underlying), contracts[0]
    listed = [each for each in await market.expirations(underlying) if each.root == old.root]
    spot = (await market.quotes((underlying,))).get(underlying)
    mark = spot.mark if spot else None
    offered = _offered(listed, old.expiration)
    places = [
        (each.days, new) for each in offered for new in _successors(unit, each, (mark or 0) * STEP)
    ]
    wanted = {*contracts, *(each for _, new in places for each in new)}
    prices = _Prices(
        quotes=await market.quotes(wanted),
        deltas=await _deltas(market, underlying, {each.day for each in offered}),
    )
    return RollTable(
        as_of=market.now(),
        spot=mark,
        units=unit.positions[0].quantity // unit.ratios[0],
        proposals=tuple(_proposal(unit, new, days, prices) for days, new in places),
    )


def _unit(positions: Sequence[Position], contracts: Contracts, today: date) -> _Unit:
    first = contracts[0]
    if len({*contracts}) < len(contracts):
        raise Denied(Reason.INVALID_LEGS, rule="no_contract_twice")
    if any((each.root, each.expiration) != (first.root, first.expiration) for each in contracts):
        raise Denied(Reason.INVALID_LEGS, rule="one_root_and_expiration")
    held = tuple(held_of(positions, each) for each in contracts)
    units = math.gcd(*(each.quantity for each in held))
    return _Unit(
        contracts=contracts,
        ratios=tuple(each.quantity // units for each in held),
        positions=held,
        days=days_to_expiration(today, first.expiration),
    )


def _offered(listed: Sequence[Expiration], old: date) -> tuple[Expiration, ...]:
    """Return the listings to look at, ascending."""
    later = [each for each in listed if each.day >= old]
    wanted = [old + timedelta(days=days) for days in DAYS_LATER] if later else []
    days = {min((abs(each.day - day), each.day) for each in later)[1] for day in wanted}
    return tuple(each for each in later if each.day in days)


def _successors(unit: _Unit, listed: Expiration, step: Decimal) -> Iterator[Contracts]:
    """Yield the contracts that it could become there, from the lowest strike."""
    first, strikes = unit.contracts[0].strike, frozenset(listed.strikes)
    for strike in _ladder(listed.strikes, first, step):
        moved = [each.strike + strike - first for each in unit.contracts]
        if strikes.issuperset(moved):
            both = zip(unit.contracts, moved, strict=True)
            new = tuple(OptionSymbol(e.root, listed.day, e.right, to) for e, to in both)
            if not {*new} & {*unit.contracts}:
                yield new


def _ladder(strikes: Collection[Decimal], old: Decimal, step: Decimal) -> list[Decimal]:
    below = _rungs((each for each in sorted(strikes, reverse=True) if each < old), old, step)
    above = _rungs((each for each in sorted(strikes) if each > old), old, step)
    return [*reversed(below), old, *above]


def _rungs(beyond: Iterable[Decimal], old: Decimal, step: Decimal) -> list[Decimal]:
    """Return the first few strikes that lie a step or more from the one before, or from `old`."""
    found = [old]
    for each in beyond:
        if abs(each - found[-1]) >= step and len(found) <= STEPS:
            found.append(each)
    return found[1:]


async def _deltas(
    market: MarketView, underlying: EquitySymbol, days: Collection[date]
) -> Mapping[OptionSymbol, float | None]:
    pieces = await market.slices(underlying, days) if days else ()
    rows = (row for piece in pieces for row in piece.rows)
    return {row.contract: row.greeks.delta for row in rows if row.greeks}


def _proposal(unit: _Unit, new: Contracts, days: int, prices: _Prices) -> RollProposal:
    mid = _received(unit, map(prices.mid, unit.contracts), map(prices.mid, new))
    old_natural = (
        prices.natural(*each) for each in zip(unit.contracts, _against(unit), strict=True)
    )
    new_natural = (prices.natural(*each) for each in zip(new, unit.ratios, strict=True))
    gained, unquoted = days - unit.days, prices.unquoted((*unit.contracts, *new))
    return RollProposal(
        contracts=new,
        days=days,
        mid=mid,
        natural=_received(unit, old_natural, new_natural),
        per_day=mid / gained if mid is not None and gained else None,
        delta=_delta(unit, new, prices),
        break_evens=None if mid is None else _break_evens(unit, new, mid),
        why=f"no bid and ask of {' '.join(unquoted)}" if unquoted else None,
    )


def _against(unit: _Unit) -> Iterable[int]:
    return (-ratio for ratio in unit.ratios)


def _received(
    unit: _Unit, old: Iterable[Decimal | None], new: Iterable[Decimal | None]
) -> Decimal | None:
    """Return what one unit brings at these prices: those held are given up, the new ones taken."""
    total = Decimal(0)
    for ratio, before, after in zip(unit.ratios, old, new, strict=True):
        if before is None or after is None:
            return None
        total += ratio * (before - after)
    return total


def _delta(unit: _Unit, new: Contracts, prices: _Prices) -> float | None:
    known = [prices.deltas.get(each) for each in new]
    deltas = [each for each in known if each is not None and math.isfinite(each)]
    if len(deltas) < len(known):
        return None
    return math.fsum(ratio * each for ratio, each in zip(unit.ratios, deltas, strict=True))


def _break_evens(unit: _Unit, new: Contracts, mid: Decimal) -> tuple[Decimal, ...] | None:
    """Return them; an adjusted contract delivers something else than a hundred shares."""
    if any(each.multiplier != SHARES_PER_CONTRACT for each in unit.positions):
        return None
    both = zip(unit.ratios, unit.positions, strict=True)
    paid = sum((ratio * each.average_price for ratio, each in both), Decimal(0))
    held = [Holding(symbol=s, quantity=r) for s, r in zip(new, unit.ratios, strict=True)]
    return payoff(held, (mid - paid) * SHARES_PER_CONTRACT).break_evens

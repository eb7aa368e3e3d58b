"""The groupings of a margin book as one program; see `groups` for what they are."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.margin_book import Book, Contracts
from strikedesk.exchange.rates import collared_maintenance, hedged_maintenance, inside
from strikedesk.quant.programs import Plan, Program

# A book of a dozen contracts is searched through; of a larger one only so far.
SMALL: Final = 12
NODES_MAX: Final = 400
_NODES_OF_MANY: Final = 20

# What no price bounds: dearer than anything that has one, USD per share.
_DEAR: Final = 1e7


@dataclass(frozen=True, slots=True)
class _Way:
    """What can be done with a contract or two: `price` USD beyond what its shorts cost alone.

    `shorts` and `member` are places in the book; `spread` is the one that `member` goes into.
    """

    price: Decimal = NOTHING
    shorts: tuple[int, ...] = ()
    spread: int | None = None
    member: int = 0


@dataclass(slots=True, kw_only=True)
class Grouping:
    """All groupings of a book as one program, and what its plan requires to the cent.

    `proven` = no grouping costs less; else the search was broken off.
    The program's limits begin with the book: what there is of each contract, place by place.
    """

    book: Book
    proven: bool = field(default=False, init=False)
    _program: Program = field(default_factory=Program)
    _ways: list[_Way] = field(default_factory=list[_Way])
    _alone: dict[int, Decimal] = field(default_factory=dict[int, Decimal])

    def least(self) -> Decimal:
        """Return the USD that the best grouping requires."""
        for place, count in enumerate(self.book.counts):
            self._program.limit(abs(count))
            if count < 0:
                self._alone[place] = self.book.alone(place)
        self._add_shares()
        if self.book.rules.naked:
            self._add_strangles()
        if self.book.rules.spreads:
            self._add_spreads()
        plan = self._program.least(nodes=self._nodes)
        self.proven = plan.proven
        return self._cost(plan)

    @property
    def _nodes(self) -> int:
        return NODES_MAX if len(self.book.contracts) <= SMALL else _NODES_OF_MANY

    def _shorts(self, right: Right) -> list[int]:
        return [place for place in self._alone if self.book.contracts[place].right is right]

    def _longs(self, right: Right) -> list[int]:
        return [
            place
            for place, contract in enumerate(self.book.contracts)
            if self.book.counts[place] > 0 and contract.right is right
        ]

    def _add(self, way: _Way, uses: Mapping[int, float]) -> None:
        """Offer a way; what its shorts would cost alone is saved by it."""
        saved = sum(_per_share(self._alone[short]) for short in way.shorts)
        self._program.activity(_per_share(way.price) - saved, uses)
        self._ways.append(way)

    def _add_shares(self) -> None:
        """Offer shares behind short calls, short ones behind puts, and options that hedge them.

        What a covered option is in the money is lost on the shares: it is required where they lend.
        Source: 4210(f)(2)(H); "Short Call and Long Underlying", "Short Put and Short Underlying".
        """
        if not self.book.lots.count:
            return
        row = self._program.limit(self.book.lots.count)
        for short in self._shorts(Right.PUT if self.book.lots.short else Right.CALL):
            price = self._covered(self.book.contracts[short])
            if price is not None:
                self._add(_Way(price, (short,)), {row: 1.0, short: 1.0})
        if self.book.lots.hedged and self.book.spot is not None:
            for long in self._longs(Right.CALL if self.book.lots.short else Right.PUT):
                self._add_hedges(long, row, self.book.spot)

    def _covered(self, contract: OptionSymbol) -> Decimal | None:
        if not self.book.rules.lends:
            return None if self.book.lots.short else NOTHING
        spot = self.book.spot
        return None if spot is None else inside(contract, spot) * SHARES_PER_CONTRACT

    def _add_hedges(self, long: int, row: int, spot: Decimal) -> None:
        """Offer a long option behind shares, alone and with an option sold against them."""
        short, bought = self.book.lots.short, self.book.contracts[long]
        single = hedged_maintenance(bought, spot, short=short) * SHARES_PER_CONTRACT
        self._add(_Way(single - self.book.lots.each), {row: 1.0, long: 1.0})
        for sold in self._shorts(Right.PUT if short else Right.CALL):
            both = collared_maintenance(bought, self.book.contracts[sold], spot, short=short)
            if both is not None:
                price = both * SHARES_PER_CONTRACT - self.book.lots.each
                self._add(_Way(price, (sold,)), {row: 1.0, long: 1.0, sold: 1.0})

    def _add_strangles(self) -> None:
        """Of a short call and a short put the dearer counts, with the premium of the other.

        Source: 4210(f)(2)(F); "Short Put and Short Call".
        """
        for call in self._shorts(Right.CALL):
            for put in self._shorts(Right.PUT):
                dear, cheap = sorted((call, put), key=self._dearness, reverse=True)
                premium = self.book.marks[cheap]
                if premium is not None and self._alone[dear].is_finite():
                    price = self._alone[dear] + premium * SHARES_PER_CONTRACT
                    self._add(_Way(price, (call, put)), {call: 1.0, put: 1.0})

    def _dearness(self, short: int) -> tuple[Decimal, Decimal]:
        return self._alone[short], self.book.marks[short] or NOTHING

    def _add_spreads(self) -> None:
        """Offer a spread for every day up to which shorts end and from which longs do."""
        for number, members in enumerate(self._spreads()):
            sides = (
                [m for m in members if self.book.contracts[m].right is right] for right in Right
            )
            kept = [
                m
                for side in sides
                if len({self.book.counts[m] > 0 for m in side}) > 1
                for m in side
            ]
            if kept:
                self._add_spread(number, kept)

    def _spreads(self) -> Iterator[list[int]]:
        """Yield who may be in a spread together. Days that no long separates are one."""
        ends = [contract.expiration for contract in self.book.contracts]
        places = range(len(ends))
        days = sorted({ends[short] for short in self._alone})
        for day, later in zip(days, (*days, date.max)[1:], strict=True):
            if self.book.rules.european:
                yield [place for place in places if ends[place] == day]
                continue
            longs = [
                place for place in places if self.book.counts[place] > 0 and ends[place] >= day
            ]
            if any(ends[long] < later for long in longs):
                yield longs + [short for short in self._alone if ends[short] <= day]

    def _add_spread(self, number: int, members: Sequence[int]) -> None:
        """Offer a spread: its worst value, wherever the price stands at a strike, is its cost.

        Source: 4210(f)(2)(H), Regulatory Notice 12-44; "Put Spread or Call Spread", "Butterfly".
        """
        strikes = sorted({float(self.book.contracts[member].strike) for member in members})
        points = {self._program.limit(): strike for strike in strikes}
        balance = {right: (self._program.limit(), self._program.limit()) for right in Right}
        for member in members:
            contract, short = self.book.contracts[member], self.book.counts[member] < 0
            sign = 1.0 if short else -1.0
            fewer, more = balance[contract.right]
            uses = {row: sign * worth for row, worth in _values(contract, points)}
            uses |= {member: 1.0, fewer: sign, more: -sign}
            price = NOTHING if short else self.book.lent[member]
            self._add(_Way(price, (member,) if short else (), number, member), uses)
        self._program.activity(1.0, dict.fromkeys(points, -1.0), whole=False)
        self._ways.append(_Way())

    def _cost(self, plan: Plan) -> Decimal:
        """Return what the plan requires, to the cent; UNKNOWN where no bound is known."""
        left = {short: -self.book.counts[short] for short in self._alone}
        spreads: dict[int, dict[OptionSymbol, int]] = defaultdict(dict)
        total = self.book.lots.each * self.book.lots.count
        for way, amount in zip(self._ways, plan.amounts, strict=True):
            if not amount:
                continue
            total += way.price * amount
            for short in way.shorts:
                left[short] -= amount
            if way.spread is not None:
                sign = 1 if self.book.counts[way.member] > 0 else -1
                spreads[way.spread][self.book.contracts[way.member]] = sign * amount
        total += sum(map(_worst, spreads.values()))
        return total + sum((self._alone[short] * n for short, n in left.items() if n), NOTHING)


def _worst(spread: Contracts) -> Decimal:
    """Return the most USD that a spread can come to owe: at one of its strikes, or nothing."""
    owed = (
        -sum((n * inside(c, at) for c, n in spread.items()), NOTHING)
        for at in {contract.strike for contract in spread}
    )
    return max(*owed, NOTHING) * SHARES_PER_CONTRACT


def _values(contract: OptionSymbol, points: Mapping[int, float]) -> list[tuple[int, float]]:
    """Return what a contract is worth, row by row, at the points where it is worth something."""
    strike = float(contract.strike)
    if contract.right is Right.CALL:
        return [(row, at - strike) for row, at in points.items() if at > strike]
    return [(row, strike - at) for row, at in points.items() if at < strike]


def _per_share(amount: Decimal) -> float:
    return float(amount) / SHARES_PER_CONTRACT if amount.is_finite() else _DEAR

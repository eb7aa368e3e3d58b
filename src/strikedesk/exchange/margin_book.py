"""A margin book: one underlying's options and shares, and all that their requirement depends on."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from strikedesk.domain.symbols import OptionSymbol
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.rates import NakedRates, Prices, naked, secured

Contracts: TypeAlias = Mapping[OptionSymbol, int]
Amounts: TypeAlias = Mapping[OptionSymbol, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How an underlying's options are margined.

    `european` options lend no cover across days; `spreads` and `naked` say which groups an account
    may use: without the latter a put has its strike in cash behind it. `lends` = shares have a loan
    value, of which they lose what an option that they cover is in the money.
    """

    rates: NakedRates
    european: bool
    spreads: bool = True
    naked: bool = True
    lends: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lots:
    """Shares by the hundred. `each` USD is what a lot requires when nothing hedges it."""

    count: int
    short: bool
    each: Decimal = NOTHING
    hedged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A book and all that its requirement depends on; marks and loans are place by place."""

    contracts: tuple[OptionSymbol, ...]
    counts: tuple[int, ...]
    marks: tuple[Decimal | None, ...]
    lent: tuple[Decimal, ...]
    lots: Lots
    spot: Decimal | None
    rules: Rules

    @classmethod
    def of(cls, held: Contracts, lots: Lots, prices: Prices, rules: Rules, lent: Amounts) -> "Book":
        """Return the book of what is held."""
        contracts = sorted([contract for contract, count in held.items() if count])
        return cls(
            contracts=tuple(contracts),
            counts=tuple([held[contract] for contract in contracts]),
            marks=tuple([prices.marks.get(contract) for contract in contracts]),
            lent=tuple([lent.get(contract, NOTHING) for contract in contracts]),
            lots=lots,
            spot=prices.spot,
            rules=rules,
        )

    def by_day(self) -> "Iterator[Book]":
        """Yield a book for each expiration; the shares go with the first."""
        lots = self.lots
        for day in sorted({contract.expiration for contract in self.contracts}):
            on = [place for place, c in enumerate(self.contracts) if c.expiration == day]
            yield replace(
                self,
                contracts=tuple(self.contracts[place] for place in on),
                counts=tuple(self.counts[place] for place in on),
                marks=tuple(self.marks[place] for place in on),
                lent=tuple(self.lent[place] for place in on),
                lots=lots,
            )
            lots = replace(lots, count=0)

    @property
    def times(self) -> int:
        """How many times the same position it is."""
        return math.gcd(*self.counts, self.lots.count)

    def part(self, of: int) -> "Book":
        """Return one of so many equal parts of it."""
        return replace(
            self,
            counts=tuple(count // of for count in self.counts),
            lots=replace(self.lots, count=self.lots.count // of),
        )

    def alone(self, place: int) -> Decimal:
        """Return the USD that one short contract requires by itself."""
        contract, mark = self.contracts[place], self.marks[place]
        if not self.rules.naked:
            return secured(contract, self.spot)
        return naked(contract, mark, self.spot, self.rules.rates)

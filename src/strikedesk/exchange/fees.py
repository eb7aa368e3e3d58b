"""Fees: a dated schedule in a data file, and what it makes of a trade.

Law: what a leg pays depends on what was filled in all, not on how many pieces it came in.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, TypeAlias

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.money import to_cents
from strikedesk.domain.reasons import Reason
from strikedesk.domain.value_class import value_class

DEFAULT_SCHEDULE: Final = "us-retail"


class Product(StrEnum):
    """What kind of thing is traded, as fee schedules tell them apart."""

    EQUITY = "equity"
    EQUITY_OPTION = "equity_option"
    INDEX_OPTION = "index_option"


class Side(StrEnum):
    """Which trades a line falls on."""

    OPEN = "open"
    CLOSE = "close"
    SELL = "sell"
    ANY = "any"
    DELIVERY = "delivery"


class Per(StrEnum):
    """What a line counts."""

    CONTRACT = "contract"
    SHARE = "share"
    USD = "usd"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """One line of a schedule. Units: `rate` USD per what it counts, `cap` USD per leg.

    `least` is the size of a leg, all of it, from which on the line falls on it.
    """

    name: str
    products: frozenset[Product]
    side: Side
    per: Per
    rate: Decimal
    since: date
    source: str
    cap: Decimal | None = None
    least: int = 1
    underlyings: frozenset[str] = frozenset()

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes a later line the successor of an earlier one."""
        return (self.name, self.products, self.underlyings, self.least)

    def covers(self, product: Product, underlying: str) -> bool:
        """Whether it falls on this product of this underlying."""
        listed = not self.underlyings or underlying in self.underlyings
        return product in self.products and listed

    def amount(self, counted: Decimal) -> Decimal:
        """Return the USD for so many contracts, shares, dollars or events."""
        due = self.rate * counted
        return due if self.cap is None else min(due, self.cap)


@value_class
class Trade:
    """What was traded of one leg, in all. Units: `quantity` positive, `notional` USD positive."""

    product: Product
    underlying: str
    day: date
    opens: bool
    sells: bool
    quantity: int
    notional: Decimal


_Key: TypeAlias = tuple[Product, str, date, frozenset[Side]]

_DELIVERY: Final = frozenset({Side.DELIVERY})
# By whether a trade opens, and whether it sells.
_SIDES: Final = {
    (True, True): frozenset({Side.ANY, Side.OPEN, Side.SELL}),
    (True, False): frozenset({Side.ANY, Side.OPEN}),
    (False, True): frozenset({Side.ANY, Side.CLOSE, Side.SELL}),
    (False, False): frozenset({Side.ANY, Side.CLOSE}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """The lines of one broker, as they changed over the years."""

    schedule_id: str
    lines: tuple[FeeLine, ...]
    _chosen: dict[_Key, tuple[FeeLine, ...]] = field(
        default_factory=dict[_Key, tuple[FeeLine, ...]], init=False, repr=False, compare=False
    )

    def items(self, trade: Trade) -> dict[str, Decimal]:
        """Return what each line charges, USD, to the last decimal."""
        sides, quantity = _SIDES[trade.opens, trade.sells], Decimal(trade.quantity)
        return {
            line.name: line.amount(trade.notional if line.per is Per.USD else quantity)
            for line in self._lines(trade.product, trade.underlying, trade.day, sides)
            if trade.quantity >= line.least
        }

    def total(self, trade: Trade) -> Decimal:
        """Return the sum of all lines, USD, rounded to the cent."""
        return to_cents(sum(self.items(trade).values(), Decimal(0)))

    def delivery(self, product: Product, underlying: str, day: date) -> Decimal:
        """Return the USD for one exercise or assignment."""
        lines = self._lines(product, underlying, day, _DELIVERY)
        due = (line.amount(Decimal(1)) for line in lines)
        return to_cents(sum(due, Decimal(0)))

    def _lines(
        self, product: Product, underlying: str, day: date, sides: frozenset[Side]
    ) -> tuple[FeeLine, ...]:
        key = (product, underlying, day, sides)
        chosen = self._chosen.get(key)
        if chosen is None:
            fitting = [line for line in self.lines if line.covers(product, underlying)]
            chosen = tuple(line for line in _in_force(fitting, day) if line.side in sides)
            self._chosen[key] = chosen
        return chosen


@lru_cache(maxsize=8)
def load_schedule(schedule_id: str) -> FeeSchedule:
    """Return a schedule that is part of the program.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE when there is none of that name.
    """
    schedule = read_schedule(
        (files("strikedesk.exchange") / "fees.toml").read_text(encoding="utf-8")
    )
    if schedule.schedule_id != schedule_id:
        raise Misconfigured(
            Reason.CONFIGURATION_UNREADABLE, setting="fee schedule", given=schedule_id[:40]
        )
    return schedule


def read_schedule(text: str) -> FeeSchedule:
    """Return the schedule that a TOML text describes."""
    table = tomllib.loads(text)
    return FeeSchedule(
        schedule_id=table["id"], lines=tuple(_read_line(line) for line in table["line"])
    )


def _read_line(line: Mapping[str, Any]) -> FeeLine:
    return FeeLine(
        name=line["name"],
        products=frozenset(Product(product) for product in line["products"]),
        side=Side(line["side"]),
        per=Per(line["per"]),
        rate=Decimal(line["rate"]),
        since=line["since"],
        source=line["source"],
        cap=Decimal(line["cap"]) if "cap" in line else None,
        least=line.get("least", 1),
        underlyings=frozenset(line.get("underlyings", ())),
    )


def _in_force(lines: Iterable[FeeLine], day: date) -> Iterable[FeeLine]:
    """Of each kind of line, the newest that has begun, else the first that ever will."""
    chosen: dict[tuple[object, ...], FeeLine] = {}
    for line in sorted(lines, key=lambda line: line.since):
        if line.kind not in chosen or line.since <= day:
            chosen[line.kind] = line
    return chosen.values()

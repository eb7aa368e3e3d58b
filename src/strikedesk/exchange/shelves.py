"""Shelves: orders for the same thing kept together, by the price that they take.

What a tick asks is asked once of a shelf and not of each of its orders: what the market wants for
these legs, and who takes that.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.book import Part, WorkingOrder

# The price and the number of an order: a place that no other order of its shelf has.
Place: TypeAlias = tuple[Decimal, int]
_BEFORE_ALL: Final = 0


@dataclass(slots=True)
class Shelf:
    """Orders whose legs have the same symbols, sides and weights, in the same order.

    Units: prices USD per share of one unit, signed as a limit is: what is taken at a price is taken
    at any lower one.
    """

    parts: tuple[Part, ...]
    _places: list[Place] = field(default_factory=list[Place])
    _priced: list[WorkingOrder] = field(default_factory=list[WorkingOrder])
    _unpriced: dict[str, WorkingOrder] = field(default_factory=dict[str, WorkingOrder])

    def __len__(self) -> int:
        return len(self._priced) + len(self._unpriced)

    @property
    def unpriced(self) -> Collection[WorkingOrder]:
        """The orders that stand at no price."""
        return self._unpriced.values()

    def at_or_above(self, price: Decimal) -> list[WorkingOrder]:
        """Return the orders that would take `price`, the least generous first."""
        return self._priced[bisect_left(self._places, (price, _BEFORE_ALL)) :]

    def copy(self) -> "Shelf":
        """Return a shelf that can change without this one changing."""
        return Shelf(self.parts, self._places.copy(), self._priced.copy(), self._unpriced.copy())

    def put(self, order: WorkingOrder) -> None:
        """Add an order that is not here."""
        price = _price(order)
        if price is None:
            self._unpriced[order.order_id] = order
            return
        place = (price, order.number)
        index = bisect_left(self._places, place)
        self._places.insert(index, place)
        self._priced.insert(index, order)

    def remove(self, order: WorkingOrder) -> None:
        """Take out an order that is here, as it is here."""
        price = _price(order)
        if price is None:
            del self._unpriced[order.order_id]
            return
        index = bisect_left(self._places, (price, order.number))
        del self._places[index], self._priced[index]


@dataclass(slots=True)
class Shelves:
    """The shelves of all symbols: a spread's stands with each of its legs.

    Looking up those of a symbol takes the same time however many there are.
    """

    _of: dict[Symbol, dict[str, Shelf]] = field(default_factory=dict[Symbol, dict[str, Shelf]])
    # Shelves that no fork looks at.
    _own: set[str] = field(default_factory=set[str])

    @property
    def symbols(self) -> AbstractSet[Symbol]:
        """The symbols of all legs."""
        return self._of.keys()

    def of(self, symbol: Symbol) -> Iterator[tuple[str, Shelf]]:
        """Yield the shelves with a leg in a symbol, each with its name."""
        yield from self._of.get(symbol, {}).items()

    def fork(self) -> "Shelves":
        """Return a copy that can change without this one changing."""
        self._own.clear()
        return Shelves({symbol: dict(shelves) for symbol, shelves in self._of.items()})

    def put(self, order: WorkingOrder) -> None:
        """Add an order that is not here."""
        self._mine(order).put(order)

    def remove(self, order: WorkingOrder) -> None:
        """Take out an order that is here, as it is here."""
        shelf = self._mine(order)
        shelf.remove(order)
        if not len(shelf):
            self._take_down(order)

    def _mine(self, order: WorkingOrder) -> Shelf:
        """Return the shelf of an order to change: one that a fork may look at is copied first."""
        name = _name(order)
        known = self._of.get(order.parts[0].symbol, {}).get(name)
        if known is not None and name in self._own:
            return known
        shelf = Shelf(order.parts) if known is None else known.copy()
        for part in order.parts:
            self._of.setdefault(part.symbol, {})[name] = shelf
        self._own.add(name)
        return shelf

    def _take_down(self, order: WorkingOrder) -> None:
        name = _name(order)
        self._own.discard(name)
        for part in order.parts:
            here = self._of[part.symbol]
            del here[name]
            if not here:
                del self._of[part.symbol]


def _name(order: WorkingOrder) -> str:
    """Return what tells a shelf from others; a text, because those are hashed once."""
    return " ".join(f"{part.sign:+}{part.weight}{part.symbol.compact}" for part in order.parts)


def _price(order: WorkingOrder) -> Decimal | None:
    """Return the price that an order takes; of one leg, none while it does not rest."""
    sign, resting = order.parts[0].sign, order.rests_at
    if len(order.parts) > 1:
        return order.limit
    return None if resting is None else sign * resting

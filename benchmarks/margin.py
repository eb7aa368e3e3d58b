"""What options require, grouped as well as can be, beside every short by itself.

Run: `python -m benchmarks.margin`. Prints a table and writes it under `benchmarks/results`.
Books are a desk's: condors on two days, a strangle, a calendar, a vertical and a butterfly.
"""

import random
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from benchmarks.report import Figure, report
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.groups import requirement
from strikedesk.exchange.margin_book import Rules
from strikedesk.exchange.rates import EQUITY_RATES, Prices, naked

DAYS: Final = (date(2026, 12, 18), date(2027, 1, 15), date(2027, 2, 19))
RULES: Final = Rules(rates=EQUITY_RATES, european=False)
UNDERLYINGS: Final = 30
ROUNDS: Final = 21

Book = Mapping[OptionSymbol, int]


def main() -> None:
    """Measure everything once and keep it."""
    rng = random.Random(7)  # noqa: S311 -- a book of the same legs in every run
    small = [a_book(rng, legs=12) for _ in range(ROUNDS)]
    large = [a_book(rng, legs=17) for _ in range(UNDERLYINGS)]
    legs = sum(map(len, large))
    report(
        "margin",
        [
            Figure(
                name="12 contracts of one underlying",
                ours=statistics.median(ms(lambda b=book: grouped(b, 0)) for book in small),
                floor=statistics.median(ms(lambda b=book: alone(b, 0)) for book in small),
                held_to="<= 2 ms",
            ),
            Figure(
                name=f"{legs} legs, {UNDERLYINGS} underlyings, new prices",
                ours=every(large, grouped),
                floor=every(large, alone),
                held_to="<= 50 ms",
            ),
            Figure(
                name=f"{legs} legs, {UNDERLYINGS} underlyings, one new",
                ours=one_of_many(large),
                held_to="<= 50 ms",
            ),
        ],
        floor="the rule's formula for every short by itself",
    )


def a_book(rng: random.Random, *, legs: int) -> Book:
    """Return so many legs of strategies around a price of 100."""
    held: dict[OptionSymbol, int] = {}
    for day, low, high in ((DAYS[0], 85, 110), (DAYS[1], 90, 115)):
        count, width = rng.randint(1, 5), rng.choice([4, 6])
        for word, sign in (
            (f"P{low}", -1),
            (f"P{low - width}", 1),
            (f"C{high}", -1),
            (f"C{high + width}", 1),
        ):
            held[option(word, day)] = sign * count
    rest = ["P88@2 -2", "C112@2 -2", "P97@1 -3", "P92@1 3", "C100@0 -2", "C100@2 2"]
    for words in [*rest, "C98@2 1", "C103@2 -2", "C108@2 1"][: legs - len(held)]:
        name, count = words.split()
        word, _, place = name.partition("@")
        held[option(word, DAYS[int(place)])] = int(count)
    return held


def option(word: str, day: date) -> OptionSymbol:
    """Read `C105`."""
    return OptionSymbol("AAPL", day, Right(word[0]), Decimal(word[1:]))


def prices(held: Book, tick: int) -> Prices:
    """Return marks that no other tick has."""
    marks = {c: abs(c.strike - 100) / 25 + 2 + Decimal(tick) / 100 for c in held}
    return Prices(spot=Decimal(100), marks=marks)


def grouped(held: Book, tick: int) -> Decimal:
    """Return the requirement of the best grouping."""
    return requirement(held, 0, prices(held, tick), RULES)


def alone(held: Book, tick: int) -> Decimal:
    """Return what the shorts require one by one."""
    told = prices(held, tick)
    singles = (-n * naked(c, told.marks[c], told.spot, EQUITY_RATES) for c, n in held.items())
    return sum((single for single in singles if single > 0), Decimal(0))


def every(books: list[Book], require: Callable[[Book, int], Decimal]) -> float:
    """Return the milliseconds for all books at prices that they never had before."""
    return statistics.median(
        ms(lambda t=tick: [require(book, t * 100 + n) for n, book in enumerate(books)])
        for tick in range(1, 8)
    )


def one_of_many(books: list[Book]) -> float:
    """Return the milliseconds where only one underlying has moved since the last look."""
    for place, book in enumerate(books):
        grouped(book, 10_000 + place)

    def look(tick: int) -> None:
        for place, book in enumerate(books):
            grouped(book, 20_000 + tick if place == 0 else 10_000 + place)

    return statistics.median(ms(lambda t=tick: look(t)) for tick in range(ROUNDS))


def ms(do: Callable[[], object]) -> float:
    """Return the processor's milliseconds."""
    begun = time.process_time()
    do()
    return (time.process_time() - begun) * 1000


if __name__ == "__main__":
    main()

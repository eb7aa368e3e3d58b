"""Groups: which options stand behind which, and what the short ones of one underlying require.

Law: the requirement is that of the best grouping there is: nothing that the rules allow costs less.
Every contract is in one group. A group is a short by itself; a short call with a short put; a short
with the shares that it would deliver or take; or a spread: as many long calls as short ones, and
puts likewise, no long of which ends before a short. Groups of one kind and day are best put into
one, so that all groupings are one program in whole numbers (`grouping`), and its least cost is
found by branching (`quant.programs`).

Up to a dozen different contracts of one underlying the search goes to its end. Of more contracts
the best grouping of a short search counts, a few percent from the least, and of more than
CONTRACTS_MAX every expiration is grouped by itself. These are groupings too: the requirement may
then be more than the least, but never less.

A spread across days is valued at one price: what is assigned early leaves shares, which the longs
still cover. Where contracts settle in cash there are no shares, and every day stands by itself.
Source: FINRA rule 4210(f)(2), its definition of a spread and Regulatory Notice 12-44; what indices
lend no cover for across days is a broker's rule (tastytrade support, read 2026).
"""

from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.grouping import Grouping
from strikedesk.exchange.margin_book import Amounts, Book, Contracts, Lots, Rules
from strikedesk.exchange.rates import UNKNOWN, Prices, stock_maintenance

CONTRACTS_MAX: Final = 60
_BOOKS_KEPT: Final = 1024
_NO_AMOUNTS: Final[Amounts] = MappingProxyType({})


def requirement(
    held: Contracts,
    shares: int,
    prices: Prices,
    rules: Rules,
    lent: Amounts = _NO_AMOUNTS,
) -> Decimal:
    """Return the USD that the short options require; UNKNOWN where a price is missing.

    `lent` USD on a long option is not lent where it is part of a spread.
    """
    if min(held.values(), default=1) > 0:
        return NOTHING
    lots = Lots(count=abs(shares) // SHARES_PER_CONTRACT, short=shares < 0)
    return _least(Book.of(held, lots, prices, rules, lent))


def maintenance(
    held: Contracts,
    shares: int,
    prices: Prices,
    rules: Rules,
    lent: Amounts = _NO_AMOUNTS,
) -> Decimal:
    """Return the USD that shares and short options require to be kept; UNKNOWN without a price.

    Long options may hedge the shares. Short shares require this beyond what they cost to buy.
    """
    if prices.spot is None:
        return UNKNOWN if shares else requirement(held, shares, prices, rules, lent)
    each = stock_maintenance(prices.spot, short=shares < 0)
    count, odd = divmod(abs(shares), SHARES_PER_CONTRACT)
    lots = Lots(count=count, short=shares < 0, each=each * SHARES_PER_CONTRACT, hedged=True)
    return _least(Book.of(held, lots, prices, rules, lent)) + each * odd


@lru_cache(maxsize=_BOOKS_KEPT)
def _least(book: Book) -> Decimal:
    """Return the USD that the best grouping of a book requires.

    Most books are asked for again at the same prices: by the next order of another underlying.
    """
    if len(book.contracts) > CONTRACTS_MAX:
        return sum(map(_grouped, book.by_day()), NOTHING)
    return _grouped(book)


@lru_cache(maxsize=_BOOKS_KEPT)
def _grouped(book: Book) -> Decimal:
    """Return what a book requires, and at most as many times what an equal part of it does.

    More lots leave more to be searched: a search that is broken off may find less than for one.
    """
    grouping = Grouping(book=book)
    least = grouping.least()
    if grouping.proven:
        return least
    parts = [prime * _grouped(book.part(prime)) for prime in _primes_of(book.times)]
    return min([least, *parts])


def _primes_of(number: int) -> list[int]:
    """Return the primes that divide a number."""
    primes: list[int] = []
    candidate = 2
    while candidate * candidate <= number:
        if number % candidate == 0:
            primes.append(candidate)
            while number % candidate == 0:
                number //= candidate
        candidate += 1
    return primes if number <= 1 else [*primes, number]

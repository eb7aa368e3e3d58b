"""Grouping: the best there is, against every partition of a small book, and its laws."""

from datetime import date
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange import grouping
from strikedesk.exchange.groups import CONTRACTS_MAX, requirement
from strikedesk.exchange.levels import bare_calls
from strikedesk.exchange.margin_book import Rules
from strikedesk.exchange.rates import EQUITY_RATES, INDEX_RATES, Prices
from tests.unit.margin_oracle import NOTHING, cheapest, single, worst_at_expiration

EQUITY = Rules(rates=EQUITY_RATES, european=False)
INDEX = Rules(rates=INDEX_RATES, european=True)
CASH_BACKED = Rules(rates=EQUITY_RATES, european=False, naked=False, lends=False)

DAYS = (date(2026, 12, 18), date(2027, 1, 15), date(2027, 2, 19))
STRIKES = tuple(map(Decimal, (60, 80, 90, 95, 100, 105, 110, 125)))
CONTRACTS = st.builds(
    OptionSymbol,
    st.just("AAPL"),
    st.sampled_from(DAYS),
    st.sampled_from(Right),
    st.sampled_from(STRIKES),
)
NEAR_CONTRACTS = CONTRACTS.filter(lambda contract: contract.expiration == DAYS[0])
COUNTS = st.integers(-4, 4).filter(bool)
BOOKS = st.dictionaries(CONTRACTS, COUNTS, max_size=8)
SMALL_BOOKS = st.dictionaries(CONTRACTS, st.integers(-2, 2).filter(bool), max_size=6).filter(
    lambda held: sum(map(abs, held.values())) <= 6
)


@st.composite
def prices(draw: st.DrawFn) -> Prices:
    """Draw a spot and a mark for every contract, of any relation to each other."""
    marks = {
        OptionSymbol("AAPL", day, right, strike): Decimal(draw(st.integers(5, 2_500))) / 100
        for day in DAYS
        for right in Right
        for strike in STRIKES
    }
    return Prices(spot=Decimal(draw(st.sampled_from([55, 88, 100, 113]))), marks=marks)


PRICES = Prices(
    spot=Decimal(100),
    marks={
        OptionSymbol("AAPL", day, right, strike): abs(strike - 100) / 20 + 2
        for day in DAYS
        for right in Right
        for strike in STRIKES
    },
)


@settings(max_examples=80, deadline=None)
@given(
    held=SMALL_BOOKS,
    shares=st.sampled_from([0, 0, 100, -100]),
    given_prices=prices(),
    rules=st.sampled_from([EQUITY, INDEX]),
)
def test_nothing_that_the_rules_allow_costs_less(
    held: dict[OptionSymbol, int], shares: int, given_prices: Prices, rules: Rules
) -> None:
    """Every partition of the lots is tried by the oracle, to the cent."""
    found = requirement(held, shares, given_prices, rules)

    assert found == cheapest(held, shares, given_prices, rules)


@settings(max_examples=60, deadline=None)
@given(held=SMALL_BOOKS)
def test_without_naked_shorts_the_best_grouping_is_found_too(held: dict[OptionSymbol, int]) -> None:
    """A retirement account: strikes in cash, widths of spreads, no strangles."""
    assert requirement(held, 0, PRICES, CASH_BACKED) == cheapest(held, 0, PRICES, CASH_BACKED)


@settings(max_examples=60, deadline=None)
@given(held=BOOKS, rules=st.sampled_from([EQUITY, INDEX, CASH_BACKED]))
def test_a_book_never_requires_more_than_the_sum_of_its_shorts(
    held: dict[OptionSymbol, int], rules: Rules
) -> None:
    """Nor less than nothing."""
    alone = sum((-n * single(c, PRICES, rules) for c, n in held.items() if n < 0), NOTHING)

    assert 0 <= requirement(held, 0, PRICES, rules) <= alone


@settings(max_examples=60, deadline=None)
@given(one=BOOKS, other=BOOKS, rules=st.sampled_from([EQUITY, CASH_BACKED]))
def test_two_books_together_never_require_more_than_each_by_itself(
    one: dict[OptionSymbol, int], other: dict[OptionSymbol, int], rules: Rules
) -> None:
    """Only up to the size that is searched through, and where nothing is held both ways."""
    both = {c: one.get(c, 0) + other.get(c, 0) for c in {*one, *other}}
    if len(both) > grouping.SMALL or any(one.get(c, 0) * other.get(c, 0) < 0 for c in both):
        return
    apart = requirement(one, 0, PRICES, rules) + requirement(other, 0, PRICES, rules)

    assert requirement(both, 0, PRICES, rules) <= apart


@settings(max_examples=60, deadline=None)
@given(held=BOOKS, more=CONTRACTS, rules=st.sampled_from([EQUITY, INDEX, CASH_BACKED]))
def test_one_more_long_never_raises_the_requirement(
    held: dict[OptionSymbol, int], more: OptionSymbol, rules: Rules
) -> None:
    """Insurance may be useless, but it cannot hurt: nobody has to use it."""
    added = {**held, more: held.get(more, 0) + 1}
    added = {contract: count for contract, count in added.items() if count}

    assert requirement(added, 0, PRICES, rules) <= requirement(held, 0, PRICES, rules)


# Of three of it the search is broken off before it has found what it finds of one.
@example(
    held={
        OptionSymbol("AAPL", date.fromisoformat(day), right, Decimal(strike)): count
        for day, right, strike, count in (
            ("2026-12-18", Right.CALL, 60, 1),
            ("2026-12-18", Right.CALL, 105, -2),
            ("2026-12-18", Right.PUT, 60, -1),
            ("2027-01-15", Right.CALL, 60, 1),
            ("2027-01-15", Right.PUT, 100, -3),
            ("2027-02-19", Right.CALL, 60, -1),
            ("2027-02-19", Right.CALL, 80, 3),
            ("2027-02-19", Right.PUT, 110, 2),
        )
    },
    times=3,
)
@settings(max_examples=60, deadline=None)
@given(held=BOOKS, times=st.integers(2, 5))
def test_a_position_many_times_over_requires_at_most_as_many_times_as_much(
    held: dict[OptionSymbol, int], times: int
) -> None:
    """With more lots there are more ways to put them together, and none fewer."""
    larger = {contract: count * times for contract, count in held.items()}

    assert requirement(larger, 0, PRICES, EQUITY) <= times * requirement(held, 0, PRICES, EQUITY)


@settings(max_examples=60, deadline=None)
@given(held=st.dictionaries(NEAR_CONTRACTS, COUNTS, max_size=8))
def test_what_is_backed_by_cash_and_longs_alone_can_always_pay_the_worst_end(
    held: dict[OptionSymbol, int],
) -> None:
    """Naked shorts are another matter: what margin asks of them is less than they can lose."""
    if bare_calls({**held}, spreads=True, european=True) > 0:
        return

    assert requirement(held, 0, PRICES, CASH_BACKED) >= worst_at_expiration(held)


def test_a_book_of_more_contracts_than_can_be_searched_is_still_grouped() -> None:
    """Day by day: condors of every day are found, what covers across days is not."""
    days = [date(2027, month, 15) for month in range(1, 13)]
    condor = {"P90": 1, "P95": -1, "C105": -1, "C110": 1, "C120": 1, "C125": -1}
    held = {
        OptionSymbol("AAPL", day, Right(word[0]), Decimal(word[1:])): count
        for day in days
        for word, count in condor.items()
    }
    marks = dict.fromkeys(held, Decimal(2))

    assert len(held) > CONTRACTS_MAX
    assert requirement(held, 0, Prices(spot=Decimal(100), marks=marks), EQUITY) == 12 * 500


def test_shares_of_a_large_book_cover_calls_once() -> None:
    days = [date(2027, 1, day) for day in range(1, 31)]
    held = {
        OptionSymbol("AAPL", day, Right.CALL, strike): -1
        for day in days
        for strike in (Decimal(110), Decimal(120), Decimal(130))
    }
    told = Prices(spot=Decimal(100), marks=dict.fromkeys(held, Decimal(2)))
    bare = requirement(held, 0, told, EQUITY)

    assert len(held) > CONTRACTS_MAX
    assert requirement(held, 100, told, EQUITY) == bare - 1_200

"""The risk that an order adds beside what is held, against a game played out by brute force."""
# ruff: noqa: E501 -- a table of cases reads best one case a line

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strikedesk.domain.payoff import Holding
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.domain.worst_case import floor_value, netted, risk_added

NEAR, FAR, LATER = date(2026, 12, 18), date(2027, 1, 15), date(2027, 3, 19)
D = Decimal


def option(
    strike: int, right: Right, quantity: int, day: date = NEAR, root: str = "AAPL"
) -> Holding:
    return Holding(symbol=OptionSymbol(root, day, right, Decimal(strike)), quantity=quantity)


def call(strike: int, quantity: int, day: date = NEAR) -> Holding:
    return option(strike, Right.CALL, quantity, day)


def put(strike: int, quantity: int, day: date = NEAR) -> Holding:
    return option(strike, Right.PUT, quantity, day)


def shares(quantity: int) -> Holding:
    return Holding(symbol=EquitySymbol("AAPL"), quantity=quantity)


def spx(root: str, quantity: int) -> Holding:
    return option(6000, Right.CALL, quantity, root=root)


@pytest.mark.parametrize(
    ("name", "held", "added", "cash", "expected"),
    [
        ("a long option risks what it costs", [], [call(200, 1)], -500, D(500)),
        ("a naked call has no bound", [], [call(200, -1)], 500, None),
        ("a covered call adds nothing", [shares(100)], [call(210, -1)], 150, D(-150)),
        ("shares cover once", [shares(100), call(210, -1)], [call(220, -1)], 100, None),
        ("shares cover once over all expirations", [shares(100), call(210, -1)], [call(220, -1, FAR)], 100, None),
        ("a covered call is rolled", [shares(100), call(210, -1)], [call(210, 1), call(220, -1, FAR)], 50, D(-50)),
        ("a short put risks its strike", [], [put(200, -1)], 400, D(19_600)),
        ("a vertical risks its width less the credit", [], [put(200, -1), put(190, 1)], 300, D(700)),
        ("a calendar risks its debit", [], [call(200, -1), call(200, 1, FAR)], -250, D(250)),
        ("a double calendar risks its debit", [], [call(210, -1), call(210, 1, FAR), put(190, -1), put(190, 1, FAR)], -400, D(400)),
        ("a reverse calendar has no bound", [], [call(200, 1), call(200, -1, FAR)], 250, None),
        ("a diagonal against a held LEAP is covered", [call(180, 1, FAR)], [call(210, -1)], 200, D(-200)),
        ("a LEAP covers one call only, whenever the other ends", [call(180, 1, LATER), call(210, -1)], [call(210, -1, FAR)], 200, None),
        ("a ratio of puts loses down to zero", [], [put(200, 1), put(190, -2)], 50, D(17_950)),
        ("a ratio of calls has no bound", [], [call(200, 1), call(210, -2)], 50, None),
        ("a backspread risks the gap", [], [call(200, -1), call(210, 2)], -100, D(1_100)),
        ("a vertical beside a calendar risks its debit", [call(200, -1), call(200, 1, FAR)], [call(200, 1, FAR), call(210, -1, FAR)], -400, D(400)),
        ("a married put risks the way down to its strike", [], [shares(100), put(190, 1)], -20_200, D(1_200)),
        ("a collar in one order risks no more", [], [shares(100), put(190, 1), call(210, -1)], -20_000, D(1_000)),
        ("a conversion risks what it costs above its strike", [], [shares(100), put(200, 1), call(200, -1)], -20_010, D(10)),
        ("short shares outlive the call over them", [], [shares(-100), call(200, 1)], 19_600, None),
        ("short shares have no bound", [], [shares(-100)], 20_000, None),
        ("shares sold out free what they brought", [shares(100)], [shares(-100)], 20_000, D(-20_000)),
        ("more shares sold than held have no bound", [shares(100)], [shares(-101)], 20_200, None),
        ("closing a short frees its risk", [put(200, -1)], [put(200, 1)], -2_000, D(-18_000)),
        ("buying a naked call back adds nothing", [call(200, -2)], [call(200, 1)], -9_000, D(0)),
        ("a far call caps a naked one for its price", [call(200, -30)], [call(210, 30)], -3_000, D(3_000)),
        ("selling the protection out has no bound", [call(200, -1), call(210, 1)], [call(210, -1)], 100, None),
        ("selling a long out frees what it cost", [call(200, 1)], [call(200, -1)], 450, D(-450)),
        ("a calendar is closed beside a naked call", [call(230, -1), call(200, -1), call(200, 1, FAR)], [call(200, 1), call(200, -1, FAR)], 200, D(-200)),
        ("a long put is closed beside a naked call", [call(230, -1), put(200, 2)], [put(200, -2)], 300, D(-300)),
        ("a long call is closed beside married puts", [shares(200), put(190, 2), call(200, 1)], [call(200, -1)], 110, D(-110)),
        ("a long call is bought beside married puts", [shares(200), put(190, 2)], [call(200, 1)], -120, D(120)),
        ("one of many spreads is closed beside short puts", [put(200, -10), call(200, -30, FAR), call(210, 30, FAR)], [call(200, 1, FAR), call(210, -1, FAR)], -300, D(-700)),
        ("a cover is let go at one price and the rest lost at another", [call(180, 1, FAR), call(180, -1), put(210, -1, FAR)], [call(180, -1, FAR), call(200, 1, FAR), put(200, -1, FAR)], 0, D(22_000)),
        ("what buys shorts back covers nothing new", [call(200, -2, FAR), call(210, 3, FAR), put(200, -1, FAR)], [call(210, 1, FAR), call(200, 2, FAR), call(180, -2)], 0, D(6_000)),
        ("fewer shares behind calls that lack some already", [shares(150), call(210, -2)], [shares(-50)], 10_000, None),
        ("a later expiration of another root covers", [spx("SPX", -1)], [option(6000, Right.CALL, 1, FAR, "SPXW")], -900, D(900)),
    ],
)  # fmt: skip
def test_the_risk_an_order_adds_is_signed(
    name: str, held: list[Holding], added: list[Holding], cash: int, expected: Decimal | None
) -> None:
    """Limits look at this figure: a close must pass them, and a naked option must not."""
    assert risk_added(held, added, Decimal(cash)) == expected, name


def test_two_roots_of_one_day_do_not_cover_each_other() -> None:
    """SPX ends in the morning: after it the SPXW that it seemed to cover is naked until the close."""
    assert risk_added([], [spx("SPX", 1), spx("SPXW", -1)], D(0)) is None
    assert risk_added([], [spx("SPXW", 1), spx("SPX", -1)], D(0)) is None


def test_two_expirations_of_shorts_each_meet_their_own_worst_price() -> None:
    """Down to the first expiration, up to the second: both sides of the strangle can lose."""
    strangle = [put(200, -1), call(200, -1, FAR), call(210, 1, FAR)]

    assert floor_value(strangle) == Decimal(-20_000 - 1_000)


STRIKES = [180, 190, 200, 210]
LOT = 50
# So far beyond every strike that what is naked there loses more than all strikes together.
SKY = 1_000_000
NAKED = -SKY * LOT // 2
SPOTS = [0, *range(175, 220, 5), SKY]


def pays(symbol: Symbol, spot: int) -> int:
    """Return what one contract or share is worth; written anew, for an oracle must not agree."""
    if not isinstance(symbol, OptionSymbol):
        return spot
    strike = int(symbol.strike)
    return 100 * max(0, spot - strike if symbol.right is Right.CALL else strike - spot)


def worth(book: Mapping[Symbol, int], spot: int) -> int:
    return sum(count * pays(symbol, spot) for symbol, count in book.items())


def ends_near(symbol: Symbol) -> bool:
    return isinstance(symbol, OptionSymbol) and symbol.expiration == NEAR


def amounts(symbol: Symbol, held: int) -> range:
    """Return how much of it can be sold at once, or bought back: shares by the lot, no short option."""
    if not isinstance(symbol, OptionSymbol):
        return range(0, held + (1 if held > 0 else -1), LOT if held > 0 else -LOT)
    return range(max(held, 0) + 1)


def played_out(book: Mapping[Symbol, int]) -> int:
    """Return the least that the holder ends with, playing well against a price that is an enemy.

    First the price goes where it likes; what ends there is settled, and the holder may sell longs
    at their intrinsic value and trade shares. Then the price goes where it likes once more.
    """
    near = {symbol: count for symbol, count in book.items() if ends_near(symbol)}
    living = {symbol: count for symbol, count in book.items() if not ends_near(symbol)}
    sales = product(*(amounts(symbol, held) for symbol, held in living.items()))
    ways = [
        (sold, min(worth(without(living, sold), spot) for spot in SPOTS))
        for sold in (dict(zip(living, sale, strict=True)) for sale in sales)
    ]
    return min(
        worth(near, first) + max(worth(sold, first) + left for sold, left in ways)
        for first in SPOTS
    )


def without(book: Mapping[Symbol, int], sold: Mapping[Symbol, int]) -> dict[Symbol, int]:
    return {symbol: count - sold[symbol] for symbol, count in book.items()}


def book_of(*lists: Sequence[Holding]) -> dict[Symbol, int]:
    return {h.symbol: h.quantity for h in netted([h for each in lists for h in each])}


options = st.builds(
    option,
    st.sampled_from(STRIKES),
    st.sampled_from(Right),
    st.integers(-2, 2).filter(bool),
    st.sampled_from([NEAR, FAR]),
)
books = st.lists(options | st.sampled_from([shares(n) for n in (-100, 100, 150, 200)]), max_size=5)
orders = st.lists(options | st.sampled_from([shares(-100), shares(100)]), min_size=1, max_size=4)
cash_effects = st.integers(-3000, 3000).map(Decimal)


@settings(max_examples=200)
@given(books)
def test_no_play_of_the_price_ends_below_the_floor(book: list[Holding]) -> None:
    """What the limits take for sure must be sure on every path, with every expiration its own."""
    floor = floor_value(book)

    assert floor is None or played_out(book_of(book)) >= floor


@settings(max_examples=200)
@given(books, orders, cash_effects)
def test_the_risk_added_is_never_too_low(
    held: list[Holding], added: list[Holding], cash: Decimal
) -> None:
    """Too high costs an order; too low costs money."""
    before, after = played_out(book_of(held)), played_out(book_of(held, added))
    assume(before > NAKED)

    told, worse = risk_added(held, added, cash), before - after - cash

    # Out of what has no bound in the desk's eyes any price is a good one (short shares stand alone).
    least = min(worse, D(0)) if floor_value(held) is None else worse
    assert told is None or told >= least


@settings(max_examples=200)
@given(books, orders)
def test_a_book_without_bound_is_no_licence_for_more_of_it(
    held: list[Holding], added: list[Holding]
) -> None:
    """Beside one naked call a second one is refused as if it were the first."""
    before, after = played_out(book_of(held)), played_out(book_of(held, added))

    if after < before + NAKED:
        assert risk_added(held, added, D(0)) is None


@given(options, orders)
def test_what_covers_nothing_can_be_given_back(holding: Holding, others: list[Holding]) -> None:
    """Getting out must be possible, whatever else is in the book."""
    assume(floor_value(others) is not None)
    back = Holding(symbol=holding.symbol, quantity=-holding.quantity)

    assert risk_added([holding, *others], [back], D(0)) is not None

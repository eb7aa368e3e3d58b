"""What an order meets: what is held, and what orders at work still take from it or bring."""

from decimal import Decimal

import pytest

from strikedesk.domain.accounts import Position
from strikedesk.domain.broking import BrokerOrder, Preflight, Survey
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderRequest
from strikedesk.domain.payoff import Holding
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.orders.surroundings import Surroundings, surroundings_of
from tests.builders import a_leg, an_order
from tests.fakes.broker import ACCOUNT

CALL, PUT, OTHER = "AAPL261218C00200000", "AAPL261218P00190000", "MSFT261218C00400000"


def held(**quantities: int) -> tuple[Position, ...]:
    return tuple(
        Position(
            account_id=ACCOUNT.account_id,
            symbol=parse_symbol(symbol),
            quantity=quantity,
            multiplier=100,
            average_price=Decimal("1.00"),
        )
        for symbol, quantity in quantities.items()
    )


def at_work(
    *legs: Leg,
    number: int = 1,
    filled: int = 0,
    group: str | None = None,
    waits_for: str | None = None,
) -> BrokerOrder:
    return BrokerOrder(
        broker_order_id=f"b-{number}",
        client_order_id=f"c-{number}",
        order=an_order(*legs, net="-1.20"),
        state=OrderState.PARTIALLY_FILLED if filled else OrderState.WORKING,
        filled_units=filled,
        group_id=group,
        waits_for=waits_for,
    )


def seen(*working: BrokerOrder, positions: tuple[Position, ...] = ()) -> Survey:
    preflight = Preflight(
        buying_power_before=None, buying_power_after=None, margin_change=None, fees=None
    )
    return Survey(account=ACCOUNT, positions=positions, working=working, preflight=preflight)


def selling(symbol: str = CALL, quantity: int = 1) -> Leg:
    return a_leg(symbol, Action.SELL_TO_CLOSE, quantity)


def room_for(around: Surroundings, quantity: int) -> bool:
    """Whether so many calls may be sold to close beside what works already."""
    try:
        around.check_closes(an_order(selling(quantity=quantity), net="-1.20"))
    except Denied:
        return False
    return True


def quantities(book: list[Holding]) -> dict[Symbol, int]:
    return {holding.symbol: holding.quantity for holding in book}


def test_what_has_filled_of_an_order_at_work_is_promised_no_longer() -> None:
    """Four are held, and of five to be sold three were: two are promised, two are free."""
    around = Surroundings(
        positions=held(**{CALL: 4}), working=[at_work(selling(quantity=5), filled=3)]
    )

    assert room_for(around, 2)
    assert not room_for(around, 3)


def test_a_short_sale_at_work_promises_nothing_of_what_is_held() -> None:
    opening = at_work(a_leg(CALL, Action.SELL_TO_OPEN, 5))

    assert room_for(Surroundings(positions=held(**{CALL: 2}), working=[opening]), 2)


def test_closes_of_other_contracts_promise_nothing_of_this_one() -> None:
    around = Surroundings(positions=held(**{CALL: 2, PUT: 2}), working=[at_work(selling(PUT, 2))])

    assert room_for(around, 2)


def test_a_book_counts_what_is_left_of_an_order_and_in_whole_contracts() -> None:
    """Of six sold in units of three, one unit has filled; what is left may take the cover away."""
    order = at_work(
        a_leg(CALL, Action.SELL_TO_OPEN, 6), a_leg(PUT, Action.SELL_TO_OPEN, 2), filled=1
    )
    assert order.order.units == 2

    now, after = Surroundings(positions=held(**{CALL: 9}), working=[order]).books("AAPL")

    assert quantities(now) == {parse_symbol(CALL): 9}
    assert [(h.symbol.compact, h.quantity) for h in after] == [(CALL, 9), (CALL, -3), (PUT, -1)]
    assert all(type(holding.quantity) is int for holding in after)


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        (at_work(selling(), number=2, group="g-1"), False),
        (at_work(selling(), number=2, group="g-2"), True),
        (at_work(selling(), number=2), True),
        (at_work(selling(), number=2, group="g-1", waits_for="b-1"), True),
    ],
    ids=["its other side", "a side of another group", "an order alone", "what waits for it"],
)
def test_what_is_replaced_leaves_with_its_other_side_alone(
    other: BrokerOrder, *, counts: bool
) -> None:
    """The two sides of a group cannot both fill; anything else at work still may."""
    replaced = at_work(selling(), number=1, group="g-1")

    around = surroundings_of(seen(replaced, other), replaces="b-1")

    assert around.replaced == replaced
    assert (other in around.working) is counts
    assert replaced not in around.working


def test_an_order_alone_is_replaced_beside_all_others() -> None:
    """Two orders of no group are no sides of one."""
    replaced, other = at_work(selling(), number=1), at_work(selling(), number=2)

    around = surroundings_of(seen(replaced, other), replaces="b-1")

    assert list(around.working) == [other]


def test_only_closing_is_taking_back_what_is_held_and_no_more() -> None:
    around = Surroundings(positions=held(**{CALL: 2}), working=[])
    orders: dict[int, OrderRequest] = {
        quantity: an_order(selling(quantity=quantity), net="-1.20") for quantity in (2, 3)
    }

    assert around.only_closes(orders[2])
    assert not around.only_closes(orders[3])
    assert not around.only_closes(an_order(selling(PUT), net="-1.20"))


def test_a_book_is_of_one_underlying() -> None:
    """What is held or sold elsewhere takes no cover away, and what is hoped for gives none."""
    around = Surroundings(
        positions=held(**{CALL: 2, OTHER: 3}),
        working=[at_work(selling(OTHER)), at_work(a_leg(CALL), number=2)],
    )

    assert [quantities(book) for book in around.books("AAPL")] == [{parse_symbol(CALL): 2}]


def test_what_sells_counts_by_itself_and_all_together() -> None:
    """Each alone may fill, and so may all."""
    one, two = at_work(selling(), number=1), at_work(selling(PUT), number=2)
    positions = held(**{CALL: 2, PUT: 2})

    def sold(*orders: BrokerOrder) -> list[list[str]]:
        books = Surroundings(positions=positions, working=orders).books("AAPL")
        return [[holding.symbol.compact for holding in book[2:]] for book in books]

    assert sold(one) == [[], [CALL]]
    assert sold(one, two) == [[], [CALL], [PUT], [CALL, PUT]]


@pytest.mark.parametrize(("group", "left"), [("g-1", 2), (None, 1)])
def test_two_sides_of_a_group_promise_once_and_two_orders_twice(
    group: str | None, left: int
) -> None:
    """Only one of the sides can fill."""
    working = [at_work(selling(), number=number, group=group) for number in (1, 2)]
    around = Surroundings(positions=held(**{CALL: 3}), working=working)

    assert room_for(around, left)
    assert not room_for(around, left + 1)


def test_what_is_to_be_replaced_has_to_work() -> None:
    with pytest.raises(Denied) as denied:
        surroundings_of(seen(at_work(selling())), replaces="b-9")

    assert denied.value.reason is Reason.ORDER_NOT_WORKING
    assert denied.value.facts == {"broker_order_id": "b-9"}

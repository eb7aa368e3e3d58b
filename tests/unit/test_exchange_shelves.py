"""Shelves: orders for the same thing together, by the price that they take."""

from decimal import Decimal

from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange.shelves import Shelf, Shelves
from strikedesk.exchange.world import World
from tests.unit.exchange_floor import CALL, FAR_CALL, Floor, an_order

BUY, SELL = f"buy_to_open 1 {CALL}", f"sell_to_open 1 {FAR_CALL}"
LEG = parse_symbol(CALL)


def a_floor() -> Floor:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    floor.quote(FAR_CALL, "3.00", "3.20")
    return floor


def shelves_of(world: World) -> list[Shelf]:
    return [shelf for _, shelf in world.orders.shelves.of(LEG)]


def taking(shelf: Shelf, price: str) -> list[str]:
    return [order.order_id for order in shelf.at_or_above(Decimal(price))]


def test_spreads_of_the_same_legs_share_a_shelf_by_their_limits() -> None:
    floor = a_floor()
    ids = [floor.place(an_order(BUY, SELL, net=net)).broker_order_id for net in ("2", "1", "2")]

    (shelf,) = shelves_of(floor.world)

    assert taking(shelf, "1.50") == [ids[0], ids[2]]
    assert taking(shelf, "2.00") == [ids[0], ids[2]]
    assert taking(shelf, "2.01") == []
    assert taking(shelf, "-9") == [ids[1], ids[0], ids[2]]


def test_other_ratios_and_sides_stand_on_other_shelves() -> None:
    floor = a_floor()
    floor.place(an_order(BUY, SELL, net="1"))
    floor.place(an_order(f"buy_to_open 2 {CALL}", SELL, net="1"))
    floor.place(an_order(f"sell_to_open 1 {CALL}", f"buy_to_open 1 {FAR_CALL}", net="-4"))
    floor.place(an_order(BUY, net="5"))

    assert [len(shelf) for shelf in shelves_of(floor.world)] == [1, 1, 1, 1]


def test_a_seller_takes_what_is_not_less_than_it_asks() -> None:
    floor = a_floor()
    order_id = floor.place(an_order(f"sell_to_open 1 {CALL}", net="-7")).broker_order_id

    (shelf,) = shelves_of(floor.world)

    assert taking(shelf, "-7.01") == taking(shelf, "-7.00") == [order_id]
    assert taking(shelf, "-6.99") == []


def test_a_stop_stands_on_its_shelf_without_a_price() -> None:
    floor = a_floor()
    order_id = floor.place(an_order(BUY, stop="7.00", net="7.50")).broker_order_id

    (shelf,) = shelves_of(floor.world)

    assert taking(shelf, "0") == []
    assert [order.order_id for order in shelf.unpriced] == [order_id]


def test_a_fork_changes_without_its_original() -> None:
    """A preview tries out orders in a fork: the shelves of the world keep what stands on them."""
    floor = a_floor()
    kept = floor.place(an_order(BUY, SELL, net="1")).broker_order_id
    fork = floor.world.fork()

    placed = floor.place(an_order(BUY, SELL, net="2")).broker_order_id
    fork.orders.remove(kept)

    assert [taking(shelf, "0") for shelf in shelves_of(floor.world)] == [[kept, placed]]
    assert shelves_of(fork) == []
    assert set(fork.orders.symbols) == set()


def test_an_original_changes_without_its_fork() -> None:
    floor = a_floor()
    kept = floor.place(an_order(BUY, SELL, net="1")).broker_order_id
    fork = floor.world.fork()

    floor.cancel(kept)

    assert [taking(shelf, "0") for shelf in shelves_of(fork)] == [[kept]]
    assert set(floor.world.orders.symbols) == set()


def test_the_last_order_takes_its_shelf_down() -> None:
    shelves = Shelves()
    floor = a_floor()
    floor.place(an_order(BUY, SELL, net="1"))
    (order,) = floor.world.orders
    shelves.put(order)
    assert set(shelves.symbols) == {LEG, parse_symbol(FAR_CALL)}

    shelves.remove(order)

    assert set(shelves.symbols) == set()

"""The line at a price: who was there first is served first, and by no more than was traded."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.ports import WorldRows
from strikedesk.domain.states import OrderState
from strikedesk.exchange.rows import change_of, read_header, read_world, write_header
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, FAR_CALL, Floor, a_world, an_order, everything

BID = f"buy_to_open 5 {CALL}"
OFFER = f"sell_to_open 5 {CALL}"


@pytest.fixture
def floor() -> Floor:
    """Return a floor where the call is 6.00 for 20 at 6.20 for 20, and 100 have traded."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.market.tell(CALL, "6.00", "6.20", size=20, last="6.00", volume=100)
    floor.market.tell(FAR_CALL, "2.00", "2.10", size=20, last="2.00", volume=100)
    return floor


def filled(floor: Floor, order_id: str) -> int:
    return floor.order(order_id).filled_units


def ahead(floor: Floor, order_id: str) -> int | None:
    return floor.world.line.get(order_id)


def test_an_order_joins_behind_what_is_displayed_at_its_price(floor: Floor) -> None:
    """Twenty stand there: the next twenty that trade are theirs, and the one after is ours."""
    bid = floor.place(an_order(BID, net="6.00")).broker_order_id
    assert ahead(floor, bid) == 20

    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=120, size=20)
    assert (filled(floor, bid), ahead(floor, bid)) == (0, 0)
    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=123, size=20)

    assert filled(floor, bid) == 3
    assert floor.order(bid).average_net == Decimal("6.00")


def test_what_reaches_past_those_ahead_fills_in_the_same_trade(floor: Floor) -> None:
    bid = floor.place(an_order(BID, net="6.00")).broker_order_id

    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=122, size=20)

    assert filled(floor, bid) == 2


def test_an_offer_stands_in_a_line_of_its_own(floor: Floor) -> None:
    offer = floor.place(an_order(OFFER, net="-6.20")).broker_order_id

    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=200, size=20)
    assert (filled(floor, offer), ahead(floor, offer)) == (0, 20)
    floor.trade(CALL, "6.00", "6.20", last="6.20", volume=221, size=20)

    assert filled(floor, offer) == 1
    assert floor.order(offer).average_net == Decimal("-6.20")


def test_those_ahead_grow_fewer_when_less_is_displayed(floor: Floor) -> None:
    """Whoever left the line need not be served; whoever joins it joins behind."""
    bid = floor.place(an_order(BID, net="6.00")).broker_order_id

    floor.trade(CALL, "6.00", "6.20", last="6.20", volume=101, size=4)
    floor.trade(CALL, "6.00", "6.20", last="6.20", volume=102, size=90)

    assert ahead(floor, bid) == 4
    assert filled(floor, bid) == 0


def test_a_better_price_stands_behind_nobody(floor: Floor) -> None:
    """A sale at the bid of 6.00 would have met the order at 6.10 first."""
    bid = floor.place(an_order(BID, net="6.10")).broker_order_id
    assert ahead(floor, bid) == 0

    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=102, size=20)

    assert (filled(floor, bid), floor.order(bid).average_net) == (2, Decimal("6.10"))


def test_a_price_below_the_bid_learns_its_place_when_it_is_first_displayed(floor: Floor) -> None:
    """Nobody shows how many stand below the best bid; then fifty do."""
    bid = floor.place(an_order(BID, net="5.90")).broker_order_id
    assert ahead(floor, bid) is None

    floor.trade(CALL, "5.90", "6.10", last="6.00", volume=130, size=50)

    assert (filled(floor, bid), ahead(floor, bid)) == (0, 50)


def test_a_trade_beyond_the_price_fills_whoever_stood_there(floor: Floor) -> None:
    """The market fell through 6.00: nobody who stood there can be left."""
    bid = floor.place(an_order(BID, net="6.00")).broker_order_id

    floor.trade(CALL, "5.90", "6.10", last="5.90", volume=104, size=20)

    assert (filled(floor, bid), ahead(floor, bid)) == (4, 0)


def test_no_trade_no_fill(floor: Floor) -> None:
    """The bid may fall away beneath an order: it stands alone now, and nobody sold to it."""
    bid = floor.place(an_order(BID, net="6.00")).broker_order_id

    floor.trade(CALL, "5.90", "6.20", last="5.90", volume=100, size=20)

    assert (filled(floor, bid), ahead(floor, bid)) == (0, 0)


def test_orders_share_what_was_traded(floor: Floor) -> None:
    first = floor.place(an_order(BID, net="6.10")).broker_order_id
    second = floor.place(an_order(BID, net="6.10")).broker_order_id

    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=107, size=20)

    assert (filled(floor, first), filled(floor, second)) == (5, 2)


def test_a_market_without_volume_has_the_old_rule_alone() -> None:
    """End-of-day chains tell sizes of nobody: what rests waits for the other side."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    bid = floor.place(an_order(BID, net="6.10")).broker_order_id

    floor.market.tell(CALL, "6.00", "6.20", at=NOON + timedelta(minutes=1), last="6.00")
    floor.to(NOON + timedelta(minutes=1))

    assert filled(floor, bid) == 0


def test_a_market_without_sizes_has_the_old_rule_alone() -> None:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.market.tell(CALL, "6.00", "6.20", size=None, last="6.00", volume=100)
    bid = floor.place(an_order(BID, net="6.00")).broker_order_id

    at = NOON + timedelta(minutes=1)
    floor.market.tell(CALL, "6.00", "6.20", at=at, size=None, last="6.00", volume=300)
    floor.to(at)

    assert floor.state(bid) is OrderState.WORKING


def test_a_spread_stands_in_no_line(floor: Floor) -> None:
    """Nobody displays the size of its net price."""
    spread = floor.place(an_order(BID, f"sell_to_open 5 {FAR_CALL}", net="4.05")).broker_order_id

    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=900, size=20)
    floor.trade(FAR_CALL, "2.00", "2.10", last="2.10", volume=900, size=20)

    assert (filled(floor, spread), ahead(floor, spread)) == (0, None)


def test_a_spread_that_found_no_size_left_waits_for_the_next_quote(floor: Floor) -> None:
    """It is in reach, and somebody was faster."""
    floor.later(CALL, "6.00", "6.20", size=5)
    floor.place(an_order(BID, net="6.20"))
    spread = floor.place(an_order(BID, f"sell_to_open 5 {FAR_CALL}", net="4.20")).broker_order_id
    floor.later(FAR_CALL, "2.00", "2.10")
    assert filled(floor, spread) == 0

    floor.later(CALL, "6.00", "6.20")

    assert filled(floor, spread) == 5


def test_a_turn_comes_where_nobody_stands_on_the_other_side(floor: Floor) -> None:
    bid = floor.place(an_order(BID, net="6.00")).broker_order_id
    at = NOON + timedelta(minutes=1)

    floor.market.tell(CALL, "6.00", None, at=at, size=20, last="6.00", volume=121)
    floor.to(at)

    assert filled(floor, bid) == 1


def test_the_volume_of_a_new_session_begins_at_nothing(floor: Floor) -> None:
    """The first quote of Monday tells all that traded since its opening, fewer than on Friday."""
    bid = floor.place(an_order(BID, net="6.10", tif=TimeInForce.GTC)).broker_order_id
    monday = NOON + timedelta(days=3)

    floor.market.tell(CALL, "6.00", "6.20", at=monday, size=20, last="6.00", volume=3)
    floor.to(monday)

    assert filled(floor, bid) == 3


def test_what_was_traded_is_served_once_across_a_restart(floor: Floor) -> None:
    """The place in line and what was served are written down."""
    floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.10"))
    last = floor.place(an_order(BID, net="6.00")).broker_order_id
    floor.trade(CALL, "6.00", "6.20", last="6.00", volume=101, size=20)

    change = change_of(floor.world)
    again = read_world(
        WorldRows(header=change.header or {}, accounts=change.accounts, orders=change.orders)
    )

    assert again.served == floor.world.served != {}
    assert again.line == floor.world.line
    assert again.line[last] == 19


def test_an_older_world_has_served_nobody(floor: Floor) -> None:
    header = write_header(floor.world)
    del header["served"], header["latency_ms"]

    again = read_header(header)

    assert (again.served, again.frame.latency_ms) == ({}, 0)


PRICES = st.integers(595, 612).map(lambda cents: Decimal(cents) / 100)
STEPS = st.one_of(
    st.tuples(
        st.just("quote"),
        PRICES,
        st.integers(1, 6),
        st.integers(0, 9),
        st.integers(0, 9),
        st.booleans(),
    ),
    st.tuples(st.just("place"), PRICES, st.integers(1, 6), st.booleans()),
)


@dataclass
class Watched:
    """A floor, what the market shows of the call, and the orders in the order of their arrival.

    `room` is what was displayed or traded and nobody of ours had; by the sign of who takes it.
    """

    floor: Floor
    volume: int = 0
    last: Decimal = Decimal(6)
    best: dict[int, Decimal] = field(
        default_factory=lambda: {1: Decimal("6.20"), -1: Decimal("6.00")}
    )
    room: dict[int, int] = field(default_factory=lambda: {1: 5, -1: 5})
    resting: dict[str, tuple[int, Decimal]] = field(default_factory=dict[str, tuple[int, Decimal]])
    had: dict[str, int] = field(default_factory=dict[str, int])
    places: set[str] = field(default_factory=set[str])

    def live(self, step: tuple[object, ...]) -> None:
        """Let one thing happen; long and short of one contract cannot be held at once."""
        self.places = set(self.floor.world.line)
        match step:
            case ("quote", Decimal() as bid, int(wide), int(shown), int(more), bool(sold)):
                self.quote(bid, bid + Decimal(wide) / 100, shown, more, sold=sold)
            case ("place", Decimal() as price, int(units), bool(buys)):
                words = f"{'buy' if buys else 'sell'}_to_open {units} {CALL}"
                net = str(price if buys else -price)
                with suppress(Rejected):
                    order = self.floor.place(an_order(words, net=net, tif=TimeInForce.GTC))
                    self.resting[order.broker_order_id] = (1 if buys else -1, price)
            case _:
                raise AssertionError(step)

    def quote(self, bid: Decimal, ask: Decimal, shown: int, more: int, *, sold: bool) -> None:
        self.volume, self.last = self.volume + more, bid if sold else ask
        self.best, self.room = {1: ask, -1: bid}, {1: shown + more, -1: shown + more}
        told = {"last": str(self.last), "volume": self.volume, "size": shown}
        self.floor.trade(CALL, str(bid), str(ask), **told)  # type: ignore[arg-type] -- by name

    def fresh(self) -> dict[str, int]:
        """Return what each order was filled since this was asked before."""
        now = {order_id: filled(self.floor, order_id) for order_id in self.resting}
        fresh = {order_id: now[order_id] - self.had.get(order_id, 0) for order_id in now}
        self.had = now
        return {order_id: units for order_id, units in fresh.items() if units}

    def check(self, order_id: str) -> None:
        """Look at the newest fill of an order: its price, and who should have been first."""
        sign, price = self.resting[order_id]
        paid = self.floor.order(order_id).fills[-1].price
        market = self.best[sign] if (price - self.best[sign]) * sign >= 0 else self.last
        assert (price - paid) * sign >= 0
        assert (paid - market) * sign >= 0
        for earlier, told in self.resting.items():
            if earlier == order_id:
                break
            # One that nobody has told its place in the line has no turn in it yet: see `line`.
            has_place = earlier in self.places
            assert told != (sign, price) or not has_place or not self.floor.state(earlier).is_open


@example(
    steps=[
        ("quote", Decimal("5.95"), 1, 0, 0, False),
        ("place", Decimal("6.07"), 1, False),
        ("quote", Decimal("6.07"), 1, 0, 0, False),
        ("place", Decimal("6.07"), 1, False),
        ("quote", Decimal("6.01"), 6, 0, 1, False),
    ]
)
@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, min_size=4, max_size=30))
def test_nobody_fills_beyond_the_limit_the_market_or_those_before(
    steps: list[tuple[object, ...]],
) -> None:
    """Whatever is quoted: prices, sizes and the order of arrival hold."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.market.tell(CALL, "6.00", "6.20", size=5, last="6.00", volume=0)
    watched = Watched(floor)
    for step in steps:
        watched.live(step)
        for order_id, units in watched.fresh().items():
            watched.check(order_id)
            sign, _ = watched.resting[order_id]
            watched.room[sign] -= units
        assert min(watched.room.values()) >= 0


MOVES = st.tuples(
    st.integers(1, 60 * 30),
    st.integers(595, 612),
    st.integers(1, 5),
    st.integers(0, 9),
    st.integers(0, 40),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(
    moves=st.lists(MOVES, max_size=25, unique_by=lambda move: move[0]),
    wishes=st.lists(st.tuples(st.integers(595, 612), st.booleans()), min_size=1, max_size=4),
    stops=st.lists(st.integers(1, 60 * 30), max_size=6),
)
def test_looking_in_between_changes_nobodys_place(
    moves: list[tuple[int, int, int, int, int, bool]],
    wishes: list[tuple[int, bool]],
    stops: list[int],
) -> None:
    """Over a night, too: what has traded is told from quotes, and not from who looked when."""
    market = ScriptedMarket()
    market.tell("AAPL", "199.90", "200.10")
    market.tell(CALL, "6.03", "6.05", size=5, last="6.05", volume=10)
    for minute, cents, wide, size, volume, sold in moves:
        bid, ask = Decimal(cents) / 100, Decimal(cents + wide) / 100
        at = NOON + timedelta(minutes=minute)
        last = str(bid if sold else ask)
        market.tell(CALL, str(bid), str(ask), at=at, size=size, last=last, volume=volume)
    one, many = Floor(market=market, world=a_world()), Floor(market=market, world=a_world())
    for floor in (one, many):
        for cents, buys in wishes:
            words, sign = (BID, "") if buys else (OFFER, "-")
            net = f"{sign}{Decimal(cents) / 100}"
            with suppress(Rejected):  # Long and short of one contract cannot be held at once.
                floor.place(an_order(words, net=net, tif=TimeInForce.GTC))

    one.to(NOON + timedelta(hours=30))
    for minute in sorted(stops):
        many.to(NOON + timedelta(minutes=minute))
    many.to(NOON + timedelta(hours=30))

    assert everything(one.world) == everything(many.world)

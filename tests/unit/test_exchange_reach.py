"""Which orders a tick looks at: exactly those that a look at all of them would find."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import TimeInForce
from strikedesk.exchange import advance as advancing
from strikedesk.exchange.book import WorkingOrder, net_of
from strikedesk.exchange.line import side_of
from strikedesk.exchange.reach import stirred
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.world import World
from tests import proof
from tests.builders import NOON
from tests.unit.exchange_floor import CALL, CASH, FAR_CALL, MARGIN, PUT, Floor, an_order, everything

# What to order, and the net prices in cents that it may be wanted at; the calls are about 6 and 3.
WANTED = {
    f"buy_to_open 3 {CALL}": (580, 600, 610),
    f"sell_to_open 3 {CALL}": (-590, -600, -620),
    f"buy_to_open 5 {FAR_CALL}": (290, 300),
    f"buy_to_open 2 {CALL}; sell_to_open 2 {FAR_CALL}": (270, 290, 300, 310),
    f"sell_to_open 2 {CALL}; buy_to_open 2 {FAR_CALL}": (-310, -290, -270),
    f"buy_to_open 1 {CALL}; sell_to_open 2 {FAR_CALL}": (-20, 0, 20),
    f"buy 100 AAPL; sell_to_open 1 {CALL}": (19380, 19400, 19420),
}
NOT_TOLD = -1
CENTS = st.integers(NOT_TOLD, 6)
PLACES = st.sampled_from(
    [("place", words, cents) for words, each in WANTED.items() for cents in each]
)
STOPS = st.tuples(st.just("stop"), st.integers(585, 620))
QUOTES = st.tuples(
    st.just("quote"),
    st.sampled_from([CALL, FAR_CALL, PUT, "AAPL"]),
    *(CENTS, CENTS, CENTS),
    st.sampled_from([NOT_TOLD, 1, 4, 30]),
    st.integers(0, 3),
)
BASES = {CALL: 597, FAR_CALL: 297, PUT: 297, "AAPL": 19997}
HALTS = st.tuples(st.just("halt"), st.sampled_from([False, False, True]))
PASSES = st.tuples(st.just("pass"), st.sampled_from([1, 60 * 24 * 3]))
CANCELS = st.tuples(st.just("cancel"), st.integers(0, 20))
HISTORIES = st.lists(
    st.one_of(PLACES, PLACES, *[QUOTES] * 8, STOPS, HALTS, PASSES, CANCELS),
    min_size=20,
    max_size=50,
)

# A quote that stands from Friday to Monday, and from which all was taken on Friday.
OVER_A_WEEKEND: list[tuple[object, ...]] = [
    ("place", f"buy_to_open 1 {CALL}; sell_to_open 2 {FAR_CALL}", 0),
    ("quote", CALL, 0, 0, 0, 1, 0),
    ("place", f"sell_to_open 3 {CALL}", -590),
    ("pass", 60 * 24 * 3),
    ("quote", FAR_CALL, 2, 0, 0, NOT_TOLD, 0),
]


@pytest.mark.timeout(proof.seconds(120, 3_600))
@settings(max_examples=proof.examples(80, 5_000), deadline=None)
@given(history=HISTORIES)
def test_shelves_find_what_a_look_at_every_order_finds(history: list[tuple[object, ...]]) -> None:
    """The same orders in the same order, and those that stay have moved up in line as far."""

    def compared(world: World, screen: Screen) -> list[WorkingOrder]:
        scanned, found = world.fork(), stirred(world, screen)
        assert found == by_scan(scanned, screen)
        assert world.line == scanned.line
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(advancing, "stirred", compared)
        lived(history)


@pytest.mark.timeout(proof.seconds(120, 3_600))
@settings(max_examples=proof.examples(80, 5_000), deadline=None)
@given(history=HISTORIES)
@example(history=OVER_A_WEEKEND)
def test_a_look_at_every_order_would_change_nothing(history: list[tuple[object, ...]]) -> None:
    """What a tick passes over could not have filled: to give it a chance leaves the same world."""
    skipping = lived(history)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(advancing, "stirred", everyone)
        trying = lived(history)

    assert everything(skipping.world) == everything(trying.world)


def everyone(world: World, _screen: Screen) -> list[WorkingOrder]:
    return list(world.orders)


def by_scan(world: World, screen: Screen) -> list[WorkingOrder]:
    """Return what `stirred` is to return, by asking each order; others move up in line."""
    return [order for order in world.orders if _is_stirred(world, screen, order)]


def _is_stirred(world: World, screen: Screen, order: WorkingOrder) -> bool:
    if not order.arrived:
        return order.waits_for is None
    moved = [
        part.symbol
        for part in order.parts
        if part.symbol in screen.quotes and (screen.opens or not screen.is_still(part.symbol))
    ]
    if not moved or order.request.underlying in screen.halted:
        return False
    return _is_in_reach(screen, order) if len(order.parts) > 1 else _has_turn(world, screen, order)


def _is_in_reach(screen: Screen, order: WorkingOrder) -> bool:
    prices = {
        part.symbol: screen.quotes[part.symbol].natural(part.sign)
        for part in order.parts
        if part.symbol in screen.quotes
    }
    known = {symbol: price for symbol, price in prices.items() if price is not None}
    if len(known) < len(order.parts):
        return False
    return order.limit is None or net_of(order.parts, known) <= order.limit


def _has_turn(world: World, screen: Screen, order: WorkingOrder) -> bool:
    part, price = order.parts[0], order.rests_at
    quote = screen.quotes[part.symbol]
    if price is None:
        return True
    shown = [each for each in (quote.bid, quote.ask, quote.last) if each is not None]
    low, high = min(shown, default=Decimal(0)), max(shown, default=Decimal(0))
    if price < low if part.sign > 0 else price > high:
        return False
    side = side_of(quote, part.sign, screen.traded(part.symbol))
    if side.is_met(price):
        return True
    ahead, served = side.turn(price, world.line.get(order.order_id))
    if not served:
        world.stand(order.order_id, ahead)
    return served > 0


def lived(history: list[tuple[object, ...]]) -> Floor:
    """Return a floor where orders rest on all sides, and where all of this happened to them.

    What is refused did not happen.
    """
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    for symbol, cents in ((CALL, 600), (FAR_CALL, 300), (PUT, 300)):
        floor.quote(symbol, _usd(cents - 2), _usd(cents + 2), size=9)
    for words, nets in WANTED.items():
        _place(floor, words, min(nets))
    for step in history:
        try:
            _live(floor, step)
        except Rejected:
            continue
    return floor


def _live(floor: Floor, step: tuple[object, ...]) -> None:
    world = floor.world
    match step:
        case ("place", str(words), int(cents)):
            _place(floor, words, cents)
        case ("stop", int(cents)):
            floor.place(an_order(f"buy_to_open 1 {CALL}", stop=_usd(cents), tif=TimeInForce.GTC))
        case ("quote", str(symbol), int(bid), int(width), int(last), int(size), int(traded)):
            prices = [None if bid == NOT_TOLD else bid, None if width == NOT_TOLD else bid + width]
            prices.append(None if last == NOT_TOLD else last)
            _quote(floor, symbol, prices, None if size == NOT_TOLD else size, traded)
        case ("halt", True):
            floor.market.stopped, floor.market.resumes_at = frozenset({"AAPL"}), None
        case ("halt", False):
            # From now on: what was halted until now was so at the ticks that are over.
            floor.market.resumes_at = world.advanced_to + timedelta(seconds=1)
        case ("pass", int(minutes)):
            floor.to(world.advanced_to + timedelta(minutes=minutes))
        case ("cancel", int(place)):
            for order in list(world.orders)[place : place + 1]:
                floor.cancel(order.order_id, order.account_id)
        case _:
            raise AssertionError(step)


def _place(floor: Floor, words: str, cents: int) -> None:
    """Bid for one contract in one account; what sells any in another, so that both can rest."""
    account = MARGIN if "sell" in words else CASH
    order = an_order(*words.split("; "), net=_usd(cents), account=account, tif=TimeInForce.GTC)
    floor.place(order)


def _quote(
    floor: Floor, symbol: str, prices: list[int | None], size: int | None, traded: int
) -> None:
    """Quote a minute later: bid, ask and last in cents above the base, and what has traded."""
    at = floor.world.advanced_to + timedelta(minutes=1)
    bid, ask, last = (None if p is None else _usd(BASES[symbol] + p) for p in prices)
    volume = 3 * (at - NOON) // timedelta(minutes=1) + traded
    floor.market.tell(symbol, bid, ask, at=at, size=size, last=last, volume=volume)
    floor.to(at)


def _usd(cents: int) -> str:
    return str(Decimal(cents) / 100)

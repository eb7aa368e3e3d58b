"""The law of the books: over any history, every cent is accounted for."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.accounts import Transaction
from strikedesk.domain.errors import DeskError
from strikedesk.domain.orders import OrderRequest, TimeInForce
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange import orders
from strikedesk.exchange.accounts import multiplier_of
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, CASH, FAR_CALL, IRA, MARGIN, PUT, Floor, an_order

EXPIRY = date(2026, 12, 18)
INDEX_PUT = "SPXW261218P05000000"
SYMBOLS = ("AAPL", CALL, FAR_CALL, PUT, INDEX_PUT)

QUOTES = st.tuples(
    st.just("quote"), st.sampled_from(SYMBOLS), st.integers(0, 900), st.integers(1, 9)
)
PLACES = st.tuples(
    st.just("place"),
    st.sampled_from(
        [
            "buy 100 AAPL",
            "sell 50 AAPL",
            "buy 50 AAPL",
            "sell_to_close 30 AAPL",
            f"buy_to_open 3 {CALL}",
            f"sell_to_close 2 {CALL}",
            f"sell_to_open 1 {CALL}",
            f"buy_to_close 1 {CALL}",
            f"sell_to_open 2 {PUT}",
            f"buy_to_close 1 {PUT}",
            f"buy_to_open 1 {INDEX_PUT}",
            f"sell_to_open 1 {INDEX_PUT}",
            f"buy_to_open 2 {CALL}; sell_to_open 2 {FAR_CALL}",
            f"sell_to_open 4 {FAR_CALL}; buy_to_open 2 {CALL}",
            f"buy 100 AAPL; sell_to_open 1 {FAR_CALL}",
        ]
    ),
    st.sampled_from(["at once", "at once", "in time", "at market"]),
    st.sampled_from([MARGIN, CASH, IRA]),
)
PASSES = st.tuples(st.just("pass"), st.sampled_from([1, 60, 60 * 20, 60 * 24 * 9]))
CANCELS = st.tuples(st.just("cancel"), st.integers(0, 9))
HISTORIES = st.lists(
    st.one_of(PLACES, PLACES, PLACES, PLACES, QUOTES, PASSES, CANCELS), min_size=12, max_size=50
)


def a_floor(settled: int) -> Floor:
    """Return a floor where everything is quoted and will settle."""
    floor = Floor(market=ScriptedMarket(indices=frozenset({"SPX"})))
    floor.market.tell("SPX", None, None, last="5000")
    for symbol in SYMBOLS:
        floor.quote(symbol, "3.00", "3.10", size=5)
    floor.quote("AAPL", "199.90", "200.10", size=200)
    floor.market.settle("AAPL", EXPIRY, str(Decimal(settled) / 100))
    floor.market.settle("SPX", EXPIRY, str(Decimal(settled) / 4))
    return floor


def live(floor: Floor, step: tuple[object, ...]) -> None:
    """Let one thing happen; what the exchange refuses does not happen."""
    match step:
        case ("quote", str(symbol), int(cents), int(size)):
            price = Decimal(cents) / 100 + (190 if symbol == "AAPL" else 0)
            floor.later(symbol, str(price), str(price + Decimal("0.10")), size=size * 20)
        case ("place", str(words), str(when), str(account)):
            floor.place(_order(words.split("; "), when, account))
        case ("pass", int(minutes)):
            floor.to(floor.world.advanced_to + timedelta(minutes=minutes))
        case ("cancel", int(place)):
            working = list(floor.world.orders)
            order_id = working[place % len(working)].order_id if working else "none"
            account = working[place % len(working)].account_id if working else MARGIN
            orders.cancel(floor.world, floor.world.advanced_to, account, order_id)
        case _:
            raise AssertionError(step)


def _order(words: list[str], when: str, account: str) -> OrderRequest:
    """Return an order that fills at once, or only when its price comes."""
    sells = all(word.startswith("sell") for word in words)
    eager, patient = ("-0.05", "-9.00") if sells else ("300.00", "2.50")
    if when == "at market":
        return an_order(*words, account=account)
    net = eager if when == "at once" else patient
    return an_order(*words, net=net, account=account, tif=TimeInForce.GTC)


def held_by_book(lines: list[Transaction]) -> dict[Symbol, int]:
    """Return what the lines of a book say is held."""
    held: dict[Symbol, int] = {}
    for line in lines:
        if line.symbol is not None and line.quantity is not None:
            held[line.symbol] = held.get(line.symbol, 0) + line.quantity
    return {symbol: count for symbol, count in held.items() if count}


@settings(max_examples=200, deadline=None)
@given(history=HISTORIES, settled=st.integers(15_000, 25_000))
def test_every_cent_of_a_history_is_accounted_for(
    history: list[tuple[object, ...]], settled: int
) -> None:
    """Cash, cost, fees, profit and deposits balance; the book explains cash, fees and holdings."""
    floor = a_floor(settled)
    for step in history:
        try:
            live(floor, step)
        except DeskError:
            continue
    floor.to(NOON + timedelta(days=60))

    for account_id in (MARGIN, CASH, IRA):
        account, lines = floor.account(account_id), floor.lines(account_id)
        assert account.imbalance == 0
        assert sum(line.cash_effect for line in lines) == account.cash
        assert sum((line.fees or Decimal(0)) for line in lines) == account.fees
        assert held_by_book(lines) == {s: k.quantity for s, k in account.stakes.items()}
        assert all(_explains_itself(line) for line in lines)
        fees = [o.fees or 0 for o in floor.world.changes.ended if o.order.account_id == account_id]
        fees += [o.fees for o in floor.world.orders_of(account_id)]
        assert sum(fees) == sum(line.fees or 0 for line in lines if line.order_id is not None)
    assert floor.account(CASH).cash >= 0


def _explains_itself(line: Transaction) -> bool:
    """Whether a line's cash is its price times its quantity, less its fees."""
    if line.symbol is None or line.price is None or line.quantity is None:
        return line.kind.value == "deposit" or (line.kind.value, line.cash_effect) == ("other", 0)
    value = line.price * line.quantity * multiplier_of(line.symbol)
    return line.cash_effect == -value - (line.fees or Decimal(0))

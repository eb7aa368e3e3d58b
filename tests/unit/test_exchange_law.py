"""The law of the books, over random histories of trades, fills, dividends, splits and ends.

Whatever happened: cash + cost of what is held + fees - realised profit - dividends = deposits,
exactly; the lines of a book add up to its cash, its fees, its profit and its holdings. A short
form runs always, ten thousand histories with STRIKEDESK_TEST_PROOF=1.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.accounts import Transaction, TransactionKind
from strikedesk.domain.errors import DeskError
from strikedesk.domain.events import Dividend, MarketEvent, Split
from strikedesk.domain.orders import Action, OrderRequest, TimeInForce
from strikedesk.domain.ports import WorldRows
from strikedesk.domain.quotes import Settlement
from strikedesk.domain.symbols import OptionSymbol, Symbol, parse_option, parse_symbol
from strikedesk.domain.terms import ON_SHARES, ExerciseStyle, Terms
from strikedesk.exchange import orders
from strikedesk.exchange.accounts import multiplier_of
from strikedesk.exchange.advance import advance
from strikedesk.exchange.documents import write_account, write_order
from strikedesk.exchange.exercise import exercise
from strikedesk.exchange.rows import read_world, write_header
from strikedesk.exchange.splits import adjusted, adjusted_terms
from tests import proof
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import (
    CALL,
    CASH,
    FAR_CALL,
    IRA,
    MARGIN,
    PUT,
    Floor,
    a_value,
    an_order,
    everything,
)

EXPIRY = date(2026, 12, 18)
INDEX_PUT, AM_CALL = "SPXW261218P05000000", "SPX261218C05000000"
ODD_CALL, ODD_PUT = "AAPL1261218C00200000", "AAPL1261218P00200000"
HALVED_CALL, HALVED_PUT = "AAPL261218C00100000", "AAPL261218P00100000"
SYMBOLS = (
    "AAPL", CALL, FAR_CALL, PUT, INDEX_PUT, AM_CALL, ODD_CALL, ODD_PUT, HALVED_CALL, HALVED_PUT,
)  # fmt: skip
ORDERS = (
    "buy 100 AAPL",
    "buy 75 AAPL",
    "sell 50 AAPL",
    "sell_to_close 30 AAPL",
    f"buy_to_open 3 {CALL}",
    f"sell_to_close 2 {CALL}",
    f"sell_to_open 1 {CALL}",
    f"buy_to_close 1 {CALL}",
    f"sell_to_open 2 {PUT}",
    f"buy_to_close 1 {PUT}",
    f"buy_to_open 1 {INDEX_PUT}",
    f"sell_to_open 1 {INDEX_PUT}",
    f"buy_to_open 2 {AM_CALL}",
    f"buy_to_open 2 {CALL}; sell_to_open 2 {FAR_CALL}",
    f"sell_to_open 4 {FAR_CALL}; buy_to_open 2 {CALL}",
    f"buy 100 AAPL; sell_to_open 1 {FAR_CALL}",
    f"sell_to_close 1 {ODD_CALL}",
    f"buy_to_close 1 {ODD_PUT}",
    f"sell_to_close 3 {HALVED_CALL}",
    f"buy_to_close 1 {HALVED_PUT}",
)

QUOTES = st.tuples(
    st.just("quote"), st.sampled_from(SYMBOLS), st.integers(0, 900), st.integers(1, 9)
)
PLACES = st.tuples(
    st.just("place"),
    st.sampled_from(ORDERS),
    st.sampled_from(["at once", "at once", "in time", "at market"]),
    st.sampled_from([MARGIN, CASH, IRA]),
)
VALUES = st.tuples(
    st.just("value"),
    st.sampled_from([Action.BUY, Action.BUY, Action.SELL, Action.SELL_TO_CLOSE]),
    st.one_of(st.integers(500, 50_000), st.sampled_from([19_990, 20_010, 1_000_000])),
    st.sampled_from([MARGIN, CASH, IRA]),
)
PASSES = st.tuples(st.just("pass"), st.sampled_from([1, 60, 60 * 20, 60 * 24 * 9]))
CANCELS = st.tuples(st.just("cancel"), st.integers(0, 9))
EXERCISES = st.tuples(
    st.just("exercise"), st.sampled_from([CALL, PUT]), st.sampled_from([MARGIN, CASH])
)
SWINGS = st.tuples(st.just("swing"), st.sampled_from([120, 280]))
HISTORIES = st.lists(
    st.one_of(
        PLACES, PLACES, PLACES, PLACES, VALUES, VALUES, QUOTES, PASSES, CANCELS, EXERCISES, SWINGS
    ),
    min_size=12,
    max_size=50,
)
DAYS = st.dates(date(2026, 11, 21), date(2026, 12, 17))


def a_dividend(day: date, wait: int, mills: int) -> Dividend:
    """Return a dividend of so many tenths of a cent, paid after a wait."""
    pay_day = day + timedelta(days=wait)
    return Dividend(underlying="AAPL", day=day, pay_day=pay_day, amount=Decimal(mills) / 1000)


def a_split(day: date, ratio: tuple[int, int]) -> Split:
    """Return a split, new for old."""
    return Split(underlying="AAPL", day=day, new=ratio[0], old=ratio[1])


@st.composite
def events(draw: st.DrawFn) -> tuple[MarketEvent, ...]:
    """Draw up to two dividends and a split, or none."""
    dividends = st.builds(a_dividend, DAYS, st.integers(0, 20), st.integers(1, 2_000))
    splits = st.builds(a_split, DAYS, st.sampled_from([(2, 1), (3, 2), (1, 10)]))
    return (*draw(st.lists(dividends, max_size=2)), *draw(st.lists(splits, max_size=1)))


def a_floor(settled: int, scheduled: tuple[MarketEvent, ...]) -> Floor:
    """Return a floor where everything is quoted and will settle."""
    floor = Floor(market=ScriptedMarket(indices=frozenset({"SPX"}), scheduled=scheduled))
    floor.market.tell("SPX", None, None, last="5000")
    for symbol in SYMBOLS:
        floor.quote(symbol, "3.00", "3.10", size=5)
    floor.quote("AAPL", "199.90", "200.10", size=200)
    floor.market.settle("AAPL", EXPIRY, str(Decimal(settled) / 100))
    floor.market.settle("SPX", EXPIRY, str(Decimal(settled) / 4))
    floor.market.promised |= promises(scheduled)
    return floor


def promises(scheduled: tuple[MarketEvent, ...]) -> dict[OptionSymbol, Terms]:
    """Return the terms that are not the usual ones: in the morning, and after a split."""
    morning = Terms(style=ExerciseStyle.EUROPEAN, settlement=Settlement.AM, in_cash=True)
    terms = {parse_option(AM_CALL): morning}
    for split in scheduled:
        if isinstance(split, Split):
            for symbol in map(parse_option, (CALL, FAR_CALL, PUT, HALVED_CALL, HALVED_PUT)):
                terms[adjusted(symbol, split)] = adjusted_terms(ON_SHARES, split)
    return terms


def live(floor: Floor, step: tuple[object, ...]) -> None:
    """Let one thing happen; what the exchange refuses does not happen."""
    at = floor.world.advanced_to
    match step:
        case ("quote", str(symbol), int(cents), int(size)):
            price = Decimal(cents) / 100 + (190 if symbol == "AAPL" else 0)
            floor.later(symbol, str(price), str(price + Decimal("0.10")), size=size * 20)
        case ("swing", int(spot)):
            _swing(floor, spot)
        case ("place", str(words), str(when), str(account)):
            floor.place(_order(words.split("; "), when, account))
        case ("value", Action() as action, int(cents), str(account)):
            floor.place(a_value(str(Decimal(cents) / 100), action, account=account))
        case ("exercise", str(symbol), str(account)):
            contract = parse_option(symbol)
            exercise(floor.world, floor.market, at, account, contract=contract, quantity=1)
        case ("pass", int(minutes)):
            floor.to(at + timedelta(minutes=minutes))
        case ("cancel", int(place)):
            working = list(floor.world.orders)
            order_id = working[place % len(working)].order_id if working else "none"
            account = working[place % len(working)].account_id if working else MARGIN
            orders.cancel(floor.world, at, account, order_id)
        case _:
            raise AssertionError(step)


def _swing(floor: Floor, spot: int) -> None:
    """Send the shares far off: one side of the 200 is worth its intrinsic, the other nothing."""
    dear, cheap = (CALL, PUT) if spot > 200 else (PUT, CALL)
    inside = abs(spot - 200)
    floor.later("AAPL", f"{spot}.00", f"{spot}.10", size=200)
    floor.later(dear, f"{inside}.00", f"{inside}.20")
    floor.later(cheap, "0.01", "0.02")


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


def parts_by_book(lines: list[Transaction]) -> dict[Symbol, Decimal]:
    """Return what the lines of a book say is held in parts of shares."""
    parts: dict[Symbol, Decimal] = {}
    for line in lines:
        if line.symbol is not None and line.fraction is not None:
            parts[line.symbol] = parts.get(line.symbol, Decimal(0)) + line.fraction
    return {symbol: part for symbol, part in parts.items() if part}


def play(floor: Floor, history: list[tuple[object, ...]]) -> None:
    for step in history:
        try:
            live(floor, step)
        except DeskError:
            continue


@pytest.mark.timeout(proof.seconds(120, 3_600))
@settings(max_examples=proof.examples(300, 10_000), deadline=None)
@given(history=HISTORIES, settled=st.integers(15_000, 25_000), scheduled=events())
def test_every_cent_of_a_history_is_accounted_for(
    history: list[tuple[object, ...]], settled: int, scheduled: tuple[MarketEvent, ...]
) -> None:
    """Cash, cost, fees, profit, dividends and deposits balance; the book explains all of them."""
    floor = a_floor(settled, scheduled)
    play(floor, history)
    check_books(floor)
    floor.to(NOON + timedelta(days=60))
    check_books(floor)


def check_books(floor: Floor) -> None:
    """Hold the law over each account and its book."""
    for account_id in (MARGIN, CASH, IRA):
        account, lines = floor.account(account_id), floor.lines(account_id)
        assert account.imbalance == 0
        assert sum(line.cash_effect for line in lines) == account.cash
        assert sum((line.fees or Decimal(0)) for line in lines) == account.fees
        assert sum((line.realized or Decimal(0)) for line in lines) == account.realized
        paid = [line.cash_effect for line in lines if line.kind is TransactionKind.DIVIDEND]
        assert sum(paid) == account.dividends
        assert held_by_book(lines) == {s: k.quantity for s, k in account.stakes.items()}
        assert parts_by_book(lines) == {s: p.quantity for s, p in account.pieces.items()}
        assert all(0 < piece.quantity < 1 for piece in account.pieces.values())
        assert all(_explains_itself(line) for line in lines)
        fees = [o.fees or 0 for o in floor.world.changes.ended if o.order.account_id == account_id]
        fees += [o.fees for o in floor.world.orders_of(account_id)]
        assert sum(fees) == sum(line.fees or 0 for line in lines if line.order_id is not None)
    assert floor.account(CASH).cash >= 0


def _explains_itself(line: Transaction) -> bool:
    """Whether a line's cash is its price times its quantity, less its fees.

    An adjusted contract pays a round sum for an odd number of shares: their price is rounded.
    """
    if line.symbol is None or line.price is None or line.moved is None:
        if line.kind is TransactionKind.OTHER:
            return line.cash_effect == 0
        return line.kind in {
            TransactionKind.DEPOSIT, TransactionKind.DIVIDEND, TransactionKind.SPLIT,
        }  # fmt: skip
    value = line.price * line.moved * multiplier_of(line.symbol)
    slack = abs(line.moved) * Decimal("0.000001")
    if line.fraction is not None:
        slack = Decimal("0.005")  # Cash moves in cents.
    return abs(line.cash_effect + value + (line.fees or 0)) <= slack


@pytest.mark.timeout(proof.seconds(120, 3_600))
@settings(max_examples=proof.examples(60, 1_000), deadline=None)
@given(
    history=HISTORIES,
    settled=st.integers(15_000, 25_000),
    scheduled=events(),
    stops=st.lists(st.integers(1, 60 * 24 * 60), max_size=8),
    effort=st.integers(1, 900),
)
def test_stops_and_restarts_on_the_way_leave_the_same_world(
    history: list[tuple[object, ...]],
    settled: int,
    scheduled: tuple[MarketEvent, ...],
    stops: list[int],
    effort: int,
) -> None:
    """A dividend that is owed, a split and an assignment come once, whoever looks in between."""
    one, many, tired = (a_floor(settled, scheduled) for _ in range(3))
    for floor in (one, many, tired):
        play(floor, history)
    since, until = one.world.advanced_to, one.world.advanced_to + timedelta(days=60)

    one.to(until)
    for minute in sorted(stops):
        many.to(since + timedelta(minutes=minute))
        restart(many)
    many.to(until)
    while not advance(tired.world, tired.market, until, effort=effort):
        restart(tired)

    assert everything(one.world) == everything(many.world) == everything(tired.world)


def restart(floor: Floor) -> None:
    """Read the world anew from what is stored of it; what was written to the book stays written."""
    world, changes = floor.world, floor.world.changes
    rows = WorldRows(
        header=write_header(world),
        accounts={key: write_account(account) for key, account in world.accounts.items()},
        orders={
            order.order_id: {**write_order(order), "ahead": world.line.get(order.order_id)}
            for order in world.orders
        },
    )
    floor.world = read_world(rows)
    floor.world.changes = changes


def test_the_symbols_are_those_that_splits_lead_to() -> None:
    """Else the histories would trade contracts that nobody can hold."""
    for ratio, symbol, becomes in ((2, CALL, HALVED_CALL), (2, PUT, HALVED_PUT)):
        split = Split(underlying="AAPL", day=EXPIRY, new=ratio, old=1)
        assert adjusted(parse_option(symbol), split) == parse_symbol(becomes)

"""Documents: what is written comes back digit by digit; what is damaged is named."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import AccountKind, OptionLevel, Transaction, TransactionKind
from strikedesk.domain.broking import BrokerOrder, Fill
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.ports import WorldRows
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.exchange import documents, fields
from strikedesk.exchange.accounts import Move, PaperAccount, Piece, Receivable, Stake, Today
from strikedesk.exchange.book import WorkingOrder, parts_of
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.membership import Membership, Pending, Wish
from strikedesk.exchange.rows import change_of, read_header, read_world, write_header
from strikedesk.exchange.world import Counter, Frame, Taken, World
from tests.builders import NOON, an_order_by_value
from tests.unit.exchange_floor import CALL, Floor, an_order

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
INSTANTS = st.timedeltas(timedelta(days=-4000), timedelta(days=4000)).map(lambda gap: NOON + gap)
TEXTS = st.text(max_size=20)
COUNTS = st.integers(-(10**6), 10**6)
PARTS = st.integers(-(10**9), 10**9).map(lambda steps: Decimal(steps) / 100_000)
CENTS = st.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100)
OPTIONS = st.builds(
    OptionSymbol,
    st.sampled_from(["AAPL", "SPXW"]),
    st.dates(date(2014, 1, 1), date(2040, 1, 1)),
    st.sampled_from(Right),
    st.integers(1, 10**6).map(lambda thousandths: Decimal(thousandths) / 1000),
)
SYMBOLS = st.one_of(OPTIONS, st.sampled_from([EquitySymbol("AAPL"), EquitySymbol("BRK.B")]))
RECEIVABLES = st.builds(
    Receivable,
    underlying=st.just("AAPL"),
    shares=COUNTS | PARTS,
    per_share=AMOUNTS,
    amount=AMOUNTS,
    day=st.dates(),
    pay_day=st.dates(),
)
MOVES = st.dictionaries(
    SYMBOLS, st.builds(Move, quantity=COUNTS | PARTS, amount=AMOUNTS), max_size=3
)
DAYS = st.builds(Today, day=st.dates(), moves=MOVES, dividends=AMOUNTS)
FILLS = st.lists(
    st.builds(
        Fill,
        fill_id=TEXTS,
        at=INSTANTS,
        symbol=SYMBOLS,
        signed_quantity=COUNTS | PARTS,
        price=AMOUNTS,
        fees=AMOUNTS,
    ),
    max_size=3,
).map(tuple)
LEGS = st.lists(
    st.builds(
        Leg,
        symbol=OPTIONS.map(lambda o: OptionSymbol("AAPL", o.expiration, o.right, o.strike)),
        action=st.sampled_from([a for a in Action if a.opens is not None]),
        quantity=st.integers(1, 10**6),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda leg: leg.symbol,
).map(tuple)


@st.composite
def requests(draw: st.DrawFn) -> OrderRequest:
    """Draw any lawful order."""
    if draw(st.integers(0, 9)) == 0:
        value = 5 + draw(CENTS)
        return an_order_by_value(str(value), account_id=draw(TEXTS))
    legs = draw(LEGS)
    stops = draw(st.booleans()) and len(legs) == 1
    limits = draw(st.booleans())
    dated = draw(st.booleans()) and (limits or stops)
    kinds = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }
    return OrderRequest(
        account_id=draw(TEXTS),
        legs=legs,
        order_type=kinds[limits, stops],
        limit_net=draw(CENTS) if limits else None,
        stop_trigger=draw(CENTS) if stops else None,
        time_in_force=TimeInForce.GTD if dated else TimeInForce.DAY,
        gtd_date=draw(st.dates()) if dated else None,
    )


def through_json(document: dict[str, Json]) -> dict[str, Json]:
    """Return what a store gives back."""
    return json.loads(json.dumps(document))


@given(
    account=st.builds(
        PaperAccount,
        account_id=st.just("A1"),
        handle=TEXTS,
        nickname=TEXTS,
        kind=st.sampled_from(AccountKind),
        cash=AMOUNTS,
        deposits=AMOUNTS,
        realized=AMOUNTS,
        fees=AMOUNTS,
        dividends=AMOUNTS,
        stakes=st.dictionaries(
            SYMBOLS, st.builds(Stake, quantity=COUNTS, cost=AMOUNTS, opened_at=INSTANTS), max_size=4
        ),
        receivables=st.lists(RECEIVABLES, max_size=2).map(tuple),
        today=st.none() | DAYS,
        option_level=st.one_of(st.none(), st.sampled_from(OptionLevel)),
        intraday=st.booleans(),
        called=st.one_of(st.none(), AMOUNTS),
        pieces=st.dictionaries(
            SYMBOLS, st.builds(Piece, quantity=PARTS, cost=AMOUNTS, opened_at=INSTANTS), max_size=2
        ),
    )
)
def test_an_account_comes_back_as_it_was(account: PaperAccount) -> None:
    back = documents.read_account("A1", through_json(documents.write_account(account)))

    assert back == account
    assert str(back.cash) == str(account.cash)


def test_documents_of_before_dividends_are_read_as_what_they_meant() -> None:
    """A world of last year opens today: nothing was owed, and no line told its profit."""
    floor = Floor()
    written = documents.write_account(floor.account())
    line = documents.write_line(floor.lines()[0])
    for new in ("dividends", "receivables", "today"):
        del written[new]
    del line["realized"]

    assert documents.read_account("PAPER0001", written) == floor.account()
    assert documents.read_line(line) == floor.lines()[0]


def test_what_has_nothing_to_do_with_values_is_written_as_ever() -> None:
    """A program of before reads a world of today in which nobody traded by value."""
    floor = Floor()
    order = documents.write_request(an_order("buy 1 AAPL", net="200.10"))

    assert "pieces" not in documents.write_account(floor.account())
    assert "fraction" not in documents.write_line(floor.lines()[0])
    assert "value" not in order


def test_an_account_that_was_written_before_there_were_levels_can_do_what_it_could() -> None:
    document = documents.write_account(Floor().account())
    old = {key: document[key] for key in document.keys() - {"level", "intraday", "called"}}

    back = documents.read_account("A1", old)

    assert (back.level, back.intraday, back.called) == (OptionLevel.NAKED, False, None)


MEMBERSHIPS = st.builds(
    Membership,
    group_id=TEXTS,
    kind=st.sampled_from(GroupKind),
    place=st.integers(1, 3),
)


@st.composite
def working_orders(draw: st.DrawFn) -> WorkingOrder:
    """Draw any working order."""
    request = draw(requests())
    closing = tuple(leg.action.opens is False for leg in request.legs)
    return WorkingOrder(
        order_id="o-1",
        number=draw(st.integers(0, 10**9)),
        client_order_id=draw(TEXTS),
        request=request,
        parts=parts_of(request, closing),
        created_at=draw(INSTANTS),
        updated_at=draw(INSTANTS),
        expires_at=draw(st.none() | INSTANTS),
        reserved=draw(AMOUNTS),
        arrived=draw(st.booleans()),
        triggered=draw(st.booleans()),
        filled=draw(st.integers(0, request.units)),
        net_sum=draw(AMOUNTS),
        fees=draw(AMOUNTS),
        fills=draw(FILLS),
        replaces=draw(st.none() | TEXTS),
        group=draw(st.none() | MEMBERSHIPS),
        waits_for=draw(st.none() | TEXTS),
        cut=draw(st.integers(0, 10**6)),
        slot=draw(st.none() | TEXTS),
        pending=draw(st.none() | st.builds(Pending, wish=st.sampled_from(Wish), due=INSTANTS)),
    )


def test_an_order_of_an_older_world_is_tied_to_nothing() -> None:
    """What was written before there were groups, lines and latencies stays readable."""
    order = Floor()
    order.quote("AAPL", "199.90", "200.10")
    resting = order.place(an_order("buy 1 AAPL", net="150.00")).broker_order_id
    document = documents.write_order(next(iter(order.world.orders)))
    for field in ("group", "waits_for", "cut", "slot", "pending"):
        del document[field]

    back = documents.read_order(resting, document)

    assert back == next(iter(order.world.orders))


@given(order=working_orders())
def test_a_working_order_comes_back_as_it_was(order: WorkingOrder) -> None:
    """A restart must not lose a stop that was triggered, or a place in the queue."""
    assert documents.read_order("o-1", through_json(documents.write_order(order))) == order


@given(
    order=st.builds(
        BrokerOrder,
        broker_order_id=TEXTS,
        client_order_id=st.none() | TEXTS,
        order=requests(),
        state=st.sampled_from(OrderState),
        filled_units=st.integers(0, 10**6),
        average_net=st.none() | AMOUNTS,
        fees=st.none() | AMOUNTS,
        fills=FILLS,
        replaces=st.none() | TEXTS,
        replaced_by=st.none() | TEXTS,
        reject_code=st.none() | TEXTS,
        message=st.none() | TEXTS,
        created_at=st.none() | INSTANTS,
        updated_at=st.none() | INSTANTS,
        group_id=st.none() | TEXTS,
        waits_for=st.none() | TEXTS,
    )
)
def test_an_ended_order_comes_back_as_it_was(order: BrokerOrder) -> None:
    assert documents.read_ended(through_json(documents.write_ended(order))) == order


@given(
    line=st.builds(
        Transaction,
        transaction_id=TEXTS,
        account_id=TEXTS,
        at=INSTANTS,
        kind=st.sampled_from(TransactionKind),
        description=TEXTS,
        cash_effect=AMOUNTS,
        symbol=st.none() | SYMBOLS,
        quantity=st.none() | COUNTS,
        price=st.none() | AMOUNTS,
        fees=st.none() | AMOUNTS,
        order_id=st.none() | TEXTS,
        realized=st.none() | AMOUNTS,
    )
)
def test_a_line_of_the_book_comes_back_as_it_was(line: Transaction) -> None:
    assert documents.read_line(through_json(documents.write_line(line))) == line


@pytest.mark.parametrize(
    "clock",
    [
        VenueClock(),
        VenueClock.frozen(NOON),
        VenueClock.starting(NOON, datetime(2026, 12, 1, tzinfo=UTC)),
    ],
    ids=["real", "frozen", "offset"],
)
def test_a_header_comes_back_as_it_was(clock: VenueClock) -> None:
    frame = Frame(name="w", tag="t", opened_at=NOON, clock=clock, source={"seed": 7})
    taken: dict[Counter, Taken] = {(EquitySymbol("AAPL"), -1): Taken(at=NOON, quantity=3)}
    world = World(frame=frame, advanced_to=NOON, sequence=9, taken=taken)

    assert read_header(through_json(write_header(world))) == world


def test_the_clock_is_written_as_others_read_it() -> None:
    """The header is shared with whoever moves the clock."""
    wall = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)

    assert VenueClock().document() == {"mode": "real"}
    assert VenueClock.starting(NOON, wall).document() == {"mode": "offset", "behind_s": 3600}
    assert VenueClock.frozen(NOON).document() == {"mode": "frozen", "at": NOON.isoformat()}
    assert VenueClock.starting(NOON, wall).instant(wall) == NOON
    assert VenueClock.frozen(NOON).instant(wall) == NOON


def test_a_world_comes_back_from_its_rows() -> None:
    """What changed goes out as rows; all of them together are the world again."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20", size=3)
    floor.place(an_order(f"buy_to_open 5 {CALL}", net="6.20"))
    floor.place(an_order("buy 10 AAPL", net="100.00"))
    change = change_of(floor.world)
    assert change.header is not None

    rows = WorldRows(
        header=through_json(dict(change.header)),
        accounts={key: through_json(dict(d)) for key, d in change.accounts.items()},
        orders={key: through_json(dict(change.orders[key])) for key in reversed([*change.orders])},
    )
    back = read_world(rows)

    assert write_header(back) == write_header(floor.world)
    assert list(back.orders) == list(floor.world.orders)
    assert back.accounts == floor.world.accounts
    assert back.orders.reserved("PAPER0001") == floor.world.orders.reserved("PAPER0001")


def test_a_world_in_which_nothing_happened_changes_nothing() -> None:
    assert change_of(Floor().world.fork()).is_empty


def test_an_order_that_ended_leaves_the_rows_and_becomes_a_line() -> None:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    order = floor.place(an_order("buy 10 AAPL", net="100.00"))
    floor.world = floor.world.fork()

    floor.later("AAPL", "99.00", "99.10")

    change = change_of(floor.world)
    assert change.orders == {order.broker_order_id: {}}
    ended = change.lines[-1]
    assert (ended.line_id, ended.account_id) == (order.broker_order_id, "PAPER0001/orders")
    assert documents.read_ended(ended.document).order == order.order


DAMAGE: list[tuple[str, Json]] = [
    ("cash", "a lot"),
    ("cash", 12.5),
    ("kind", "offshore"),
    ("level", "five"),
    ("intraday", "sometimes"),
    ("called", "soon"),
    ("handle", None),
    ("stakes", "none"),
    ("stakes", [["AAPL", 1]]),
    ("stakes", [["AAPL", True, "1", NOON.isoformat()]]),
    ("stakes", [["AAPL", 1, "1", "yesterday"]]),
    ("stakes", [["AAPL", 1, "1", "2026-11-20T16:00:00"]]),
    ("dividends", 3),
    ("receivables", "none"),
    ("receivables", [["AAPL", 1, "1", "1", "2026-11-20", "some day"]]),
    ("today", []),
    ("today", {"day": None, "dividends": "0", "moves": []}),
]


@pytest.mark.parametrize(("field", "value"), DAMAGE)
def test_a_damaged_document_is_named_and_not_guessed_at(field: str, value: Json) -> None:
    """A balance that cannot be read must stop the desk, not become a zero."""
    account = Floor().account()
    document = {**documents.write_account(account), field: value}

    with pytest.raises(Misconfigured) as misconfigured:
        documents.read_account("A1", document)

    assert misconfigured.value.reason is Reason.DATABASE_UNREADABLE


@pytest.mark.parametrize(
    "document",
    [
        {"arrived": "yes"},
        {"request": []},
        {"closing": []},
        {"request": {"gtd": "soon"}},
        {"group": ["w-1", "ocotillo", 1]},
        {"group": ["w-1"]},
        {"pending": ["cancel", "soon"]},
    ],
)
def test_a_damaged_order_is_named_too(document: dict[str, Json]) -> None:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.place(an_order("buy 10 AAPL", net="100.00"))
    (order,) = floor.world.orders
    written = documents.write_order(order)
    for key, value in document.items():
        whole = written[key]
        merged = (
            {**whole, **value} if isinstance(whole, dict) and isinstance(value, dict) else value
        )
        written[key] = merged

    with pytest.raises(Misconfigured):
        documents.read_order("o-1", written)


def test_a_clock_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Misconfigured):
        read_header({**write_header(Floor().world), "clock": {"mode": "backwards"}})


def test_a_field_is_named_in_what_is_damaged() -> None:
    assert fields.damaged("cash").facts == {"what": "paper world", "field": "cash"}

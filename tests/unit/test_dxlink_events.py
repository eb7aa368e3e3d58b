"""Events in DXLink: the newest of each symbol, whatever the server sends and however it lies."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.tastytrade.dxlink.kinds import CHANNELS, FIELDS, Cell, Item, Kind
from tests.unit.dxlink_wire import AT, Side, bid_of, event, quote, said, told

SYMBOLS = ("SPY", ".SPY261218C600", "AAPL", "/ESZ26:XCME")
CELLS = st.one_of(
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "", "Q", None, True]),
)
TICKS = st.tuples(st.sampled_from((*SYMBOLS, "STRANGER")), CELLS)


@given(st.lists(st.lists(TICKS, max_size=8), max_size=6), st.sets(st.sampled_from(SYMBOLS)))
def test_the_newest_event_of_each_wanted_symbol_stands_and_nothing_else(
    messages: Sequence[Sequence[tuple[str, Cell]]], wanted: set[str]
) -> None:
    """A server that tells of other symbols takes up no memory, and a reader hears what is its."""
    side = Side()
    watch = side.watch(*map(bid_of, wanted))
    for ticks in messages:
        side.hear(told(Kind.QUOTE, *(quote(*tick) for tick in ticks)))

    newest = {symbol: bid for ticks in messages for symbol, bid in ticks if symbol in wanted}
    for symbol in (*SYMBOLS, "STRANGER"):
        kept = side.shelf.newest(bid_of(symbol))
        assert (None if kept is None else kept.row[1]) == newest.get(symbol)
    assert watch.news() == set(map(bid_of, newest))
    assert side.dialogue.misread == 0


@given(st.permutations(["eventType", *FIELDS[Kind.QUOTE]]), st.data())
def test_events_are_read_in_the_order_that_the_server_announced(
    order: list[str], data: st.DataObject
) -> None:
    """FEED_CONFIG decides, also where it adds a field or leaves one out."""
    order = order[: data.draw(st.integers(len(order) - 2, len(order)))]
    cells = {"eventType": "Quote", "eventSymbol": "SPY", "bidPrice": 1.25, "askPrice": 2.5}
    side = Side()
    side.watch(bid_of("SPY"))
    side.hear(
        said("FEED_CONFIG", CHANNELS[Kind.QUOTE], eventFields={"Quote": order}),
        said(
            "FEED_DATA",
            CHANNELS[Kind.QUOTE],
            data=["Quote", [cells.get(name, 7) for name in order]],
        ),
    )

    expected = Decimal("1.25") if {"bidPrice", "eventSymbol"} <= set(order) else None
    if "eventSymbol" in order:
        assert side.bid("SPY") == expected


def test_an_order_without_symbols_or_with_two_is_not_believed() -> None:
    """Events that cannot be told apart would be told of the wrong symbol."""
    side = Side()
    side.watch(bid_of("SPY"))
    for fields in ([], ["bidPrice"], ["eventSymbol", "eventSymbol"]):
        side.hear(said("FEED_CONFIG", CHANNELS[Kind.QUOTE], eventFields={"Quote": fields}))
    side.hear(said("FEED_CONFIG", 77, eventFields={"Nonsense": ["eventSymbol"]}))

    side.hear(told(Kind.QUOTE, quote("SPY", 1.5)))

    assert side.bid("SPY") == Decimal("1.5")


@pytest.mark.parametrize("nothing", ["NaN", "Infinity", "-Infinity", None, "", True, "1.5"])
def test_what_is_no_finite_number_is_unknown(nothing: Cell) -> None:
    """Unknown is None and never 0: a size of NaN is no size of nothing."""
    side = Side()
    side.watch(bid_of("SPX"))
    side.hear(
        told(
            Kind.QUOTE, event(Kind.QUOTE, "SPX", bidPrice=nothing, bidSize=nothing, bidTime=nothing)
        )
    )

    newest = side.shelf.newest(bid_of("SPX"))
    assert newest is not None
    assert (newest.price("bidPrice"), newest.count("bidSize")) == (None, None)
    assert (newest.figure("bidPrice"), newest.instant("bidTime")) == (None, None)


def test_a_figure_is_what_was_written_and_an_instant_is_utc() -> None:
    side = Side()
    option = Item(Kind.GREEKS, ".SPY261218C600")
    side.watch(option)
    side.hear(
        told(
            Kind.GREEKS,
            event(Kind.GREEKS, option.symbol, price=0.1, delta=-0.25, time=1_795_000_000_123),
        )
    )

    newest = side.shelf.newest(option)
    assert newest is not None
    assert (newest.symbol, newest.heard_at) == (option.symbol, AT)
    assert (newest.price("price"), newest.figure("delta")) == (Decimal("0.1"), -0.25)
    assert newest.instant("time") == datetime(2026, 11, 18, 11, 6, 40, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("time", [0, -1, 10**18])
def test_a_time_that_is_none_is_no_instant(time: int) -> None:
    """The feed writes 0 where it knows no time; an hour of 1970 would look very stale."""
    side = Side()
    side.watch(bid_of("SPY"))
    side.hear(told(Kind.QUOTE, event(Kind.QUOTE, "SPY", bidTime=time)))

    newest = side.shelf.newest(bid_of("SPY"))
    assert newest is not None
    assert newest.instant("bidTime") is None


def test_words_are_words_and_what_a_feed_writes_for_none_is_none() -> None:
    side = Side()
    side.watch(Item(Kind.PROFILE, "SPY"))
    side.hear(
        told(Kind.PROFILE, event(Kind.PROFILE, "SPY", tradingStatus="HALTED", description="\x00"))
    )

    newest = side.shelf.newest(Item(Kind.PROFILE, "SPY"))
    assert newest is not None
    assert (newest.text("tradingStatus"), newest.text("description")) == ("HALTED", None)


def test_two_kinds_may_come_in_one_message() -> None:
    side = Side()
    side.watch(bid_of("SPY"), Item(Kind.TRADE, "SPY"))
    cells = quote("SPY", 1.5), event(Kind.TRADE, "SPY", price=1.75)
    side.hear(said("FEED_DATA", 1, data=["Quote", cells[0], "Trade", cells[1]]))

    trade = side.shelf.newest(Item(Kind.TRADE, "SPY"))
    assert trade is not None
    assert (side.bid("SPY"), trade.price("price")) == (Decimal("1.5"), Decimal("1.75"))


def test_a_reader_that_never_looks_keeps_no_more_than_it_wants() -> None:
    """A million messages unread are one mark for each symbol."""
    side = Side()
    watch = side.watch(bid_of("SPY"), bid_of("AAPL"))
    for place in range(1_000):
        side.hear(told(Kind.QUOTE, quote("SPY", place), quote("AAPL", place)))

    assert watch.unread < 200
    assert watch.news() == {bid_of("SPY"), bid_of("AAPL")}
    assert watch.news() == frozenset()
    assert side.rung == 1_000


def test_what_several_want_is_asked_for_once_and_forgotten_with_the_last() -> None:
    side = Side()
    first, second = side.watch(bid_of("SPY")), side.watch(bid_of("SPY"), bid_of("AAPL"))
    side.hear(told(Kind.QUOTE, quote("SPY", 1.5)))
    side.shelf.leave(first)
    assert side.bid("SPY") == Decimal("1.5")
    side.shelf.leave(second)

    assert side.bid("SPY") is None
    assert not side.shelf.items
    assert side.wants == [{"SPY"}, {"SPY", "AAPL"}, set()]


JSON = st.recursive(
    CELLS | st.text(max_size=5),
    lambda deeper: (
        st.lists(deeper, max_size=4)
        | st.dictionaries(st.sampled_from(["data", "channel", "state", "eventFields"]), deeper)
    ),
    max_leaves=12,
)
TYPES = ("SETUP", "AUTH_STATE", "CHANNEL_OPENED", "FEED_CONFIG", "FEED_DATA", "ERROR", "KEEPALIVE")
FRAMES = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | JSON},
    optional={"channel": st.integers(0, 13) | JSON, "data": JSON, "state": JSON}
    | {"eventFields": JSON, "error": JSON, "keepaliveTimeout": JSON, "message": JSON},
)


@given(st.lists(FRAMES.map(json.dumps).map(str.encode) | st.binary(max_size=40), max_size=6))
def test_no_message_raises_or_is_answered_with_its_own_text(messages: list[bytes]) -> None:
    """A hostile or broken server ends no loop, and what it wrote goes nowhere."""
    side = Side()
    side.watch(bid_of("SPY"))
    for message in messages:
        for answer in side.hear(message):
            assert answer["type"] in {"AUTH", "CHANNEL_REQUEST", "FEED_SETUP", "FEED_SUBSCRIPTION"}


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[" * 100_000,
        b'{"type":"KEEPALIVE","channel":0,"deep":' + b"[" * 100_000,
        b'{"type":"FEED_DATA","channel":1,"data":["Quote",[NaN]]}',
        b'{"type":"FEED_DATA","channel":1,"data":["Quote",[1e999]]}',
        b'{"type":"FEED_DATA","channel":1,"data":["Quote",[' + b"9" * 5000 + b"]]}",
        b'{"type":"FEED_DATA","channel":1,"data":["Quote",["SPY",1]]}',
        b'{"type":"FEED_DATA","channel":1,"data":["Quote","Quote"]}',
        b'{"type":"FEED_DATA","channel":1,"data":["Quote"]}',
        b'{"type":"FEED_DATA","channel":1,"data":["Nonsense",[]]}',
        b'{"type":"FEED_DATA","channel":1,"data":[{"eventSymbol":"SPY"}]}',
        b"\xff\xfe",
    ],
)
def test_a_frame_that_cannot_be_read_is_counted_and_passed_over(broken: bytes) -> None:
    """Where an event begins is not known in a list of the wrong length: none of it is believed."""
    side = Side()
    side.watch(bid_of("SPY"))

    assert side.hear(broken) == []
    assert (side.dialogue.misread, side.dialogue.end) == (1, None)
    side.hear(told(Kind.QUOTE, quote("SPY", 1.5)))
    assert side.bid("SPY") == Decimal("1.5")

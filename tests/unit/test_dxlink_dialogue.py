"""A conversation in DXLink: each thing is said when the server is ready for it, and not before."""

import json
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.tastytrade.dxlink.dialogue import End
from strikedesk.brokers.tastytrade.dxlink.frames import SYMBOLS_A_FRAME
from strikedesk.brokers.tastytrade.dxlink.kinds import CHANNELS, FIELDS, Item, Kind
from strikedesk.brokers.tastytrade.dxlink.reading import FaultCode
from tests.unit.dxlink_wire import TOKEN, Side, bid_of, said

UNAUTHORIZED = said("AUTH_STATE", state="UNAUTHORIZED")
QUOTES = CHANNELS[Kind.QUOTE]


def test_the_whole_way_to_the_first_subscription() -> None:
    """The order of the protocol: a channel before AUTHORIZED would be refused."""
    side = Side()
    side.watch(bid_of("SPY"))

    assert [json.loads(frame) for frame in side.dialogue.begin()] == [
        {
            "type": "SETUP",
            "channel": 0,
            "version": "0.1-DXF-JS/0.3.0",
            "keepaliveTimeout": 60,
            "acceptKeepaliveTimeout": 60,
        }
    ]
    assert side.hear(said("SETUP", keepaliveTimeout=45)) == []
    assert side.dialogue.silence_max_s == 45
    assert side.hear(UNAUTHORIZED) == [
        {"type": "AUTH", "channel": 0, "token": TOKEN.reveal()},
    ]
    assert side.hear(said("AUTH_STATE", state="AUTHORIZED")) == [
        {
            "type": "CHANNEL_REQUEST",
            "channel": QUOTES,
            "service": "FEED",
            "parameters": {"contract": "AUTO"},
        }
    ]
    assert side.hear(said("CHANNEL_OPENED", QUOTES)) == [
        {
            "type": "FEED_SETUP",
            "channel": QUOTES,
            "acceptAggregationPeriod": 0.1,
            "acceptDataFormat": "COMPACT",
            "acceptEventFields": {"Quote": [*FIELDS[Kind.QUOTE]]},
        },
        {
            "type": "FEED_SUBSCRIPTION",
            "channel": QUOTES,
            "add": [{"type": "Quote", "symbol": "SPY"}],
            "reset": True,
        },
    ]


def test_every_kind_has_an_odd_channel_of_its_own() -> None:
    """Even ones are the server's, and some servers tell one kind a channel."""
    assert sorted(CHANNELS.values()) == [1, 3, 5, 7, 9, 11]


@given(st.integers(0, 3 * SYMBOLS_A_FRAME + 1))
def test_a_large_subscription_goes_out_in_pieces_that_say_everything_once(count: int) -> None:
    """A frame that is too large closes the connection with 1009."""
    side = Side()
    side.watch(*(bid_of(f"S{place}") for place in range(count)))
    side.let_in()
    opened = side.hear(said("CHANNEL_OPENED", QUOTES))
    pieces = [*map(loads, map(json.dumps, opened[1:]))]

    added = [symbol for _, _, symbols, _ in pieces for symbol in symbols or ()]
    assert sorted(added) == sorted(f"S{place}" for place in range(count))
    assert all(len(symbols or ()) <= SYMBOLS_A_FRAME for _, _, symbols, _ in pieces)
    resets = [piece.get("reset", False) for piece in opened[1:]]
    assert resets == [place == 0 for place in range(len(pieces))]


def test_what_is_wanted_later_is_asked_for_then_and_what_is_not_is_taken_back() -> None:
    side = Side()
    side.watch(bid_of("SPY"))
    side.let_in()
    side.hear(said("CHANNEL_OPENED", QUOTES))

    spy = side.watch(Item(Kind.TRADE, "SPY"), bid_of("AAPL"))
    assert [*map(loads, side.dialogue.change())] == [
        ("CHANNEL_REQUEST", CHANNELS[Kind.TRADE], None, None),
        ("FEED_SUBSCRIPTION", QUOTES, ["AAPL"], None),
    ]
    side.shelf.leave(spy)
    assert [*map(loads, side.dialogue.change())] == [
        ("FEED_SUBSCRIPTION", QUOTES, None, ["AAPL"]),
    ]
    assert [*side.dialogue.change()] == []


def test_what_was_forgotten_and_is_wanted_again_is_asked_for_again() -> None:
    """A server tells what changed; what it told before is gone here."""
    side = Side()
    watch = side.watch(bid_of("SPY"), bid_of("AAPL"))
    side.watch(bid_of("AAPL"))
    side.let_in()
    side.hear(said("CHANNEL_OPENED", QUOTES))
    side.shelf.leave(watch)
    side.shelf.join(watch)

    assert [*map(loads, side.dialogue.change())] == [
        ("FEED_SUBSCRIPTION", QUOTES, None, ["SPY"]),
        ("FEED_SUBSCRIPTION", QUOTES, ["SPY"], None),
    ]


def test_before_the_server_let_us_in_a_change_says_nothing() -> None:
    """What is wanted by then is asked for all at once, when the channel opens."""
    side = Side()
    side.watch(bid_of("SPY"))

    assert [*side.dialogue.change()] == []


def test_candles_are_asked_for_from_an_instant_on() -> None:
    side = Side()
    side.watch(Item(Kind.CANDLE, "SPY{=5m}"), from_ms=1_790_000_000_000)
    side.let_in()
    _, subscription = side.hear(said("CHANNEL_OPENED", CHANNELS[Kind.CANDLE]))

    assert subscription["add"] == [
        {"type": "Candle", "symbol": "SPY{=5m}", "fromTime": 1_790_000_000_000}
    ]


def test_being_asked_for_the_token_again_is_its_refusal() -> None:
    """Showing it again and again would look like an attack."""
    side = Side()
    side.hear(UNAUTHORIZED)

    assert side.hear(UNAUTHORIZED) == []
    assert side.dialogue.end is End.TOKEN_REFUSED


@pytest.mark.parametrize(
    ("error", "code", "end"),
    [
        ("UNAUTHORIZED", FaultCode.UNAUTHORIZED, End.TOKEN_REFUSED),
        ("TIMEOUT", FaultCode.TIMEOUT, End.FAULT),
        ("please call 555-0100", FaultCode.UNKNOWN, End.FAULT),
    ],
)
def test_an_error_ends_the_conversation_by_its_code_and_its_prose_is_not_read(
    error: str, code: FaultCode, end: End
) -> None:
    side = Side()

    assert side.hear(said("ERROR", error=error, message="secret prose")) == []
    assert (side.dialogue.fault, side.dialogue.end) == (code, end)


def test_a_closed_channel_ends_the_conversation_and_a_stranger_does_not() -> None:
    side = Side()
    side.watch(bid_of("SPY"))
    side.let_in()
    side.hear(said("CHANNEL_CLOSED", CHANNELS[Kind.GREEKS]), said("CHANNEL_CLOSED", 99))
    assert side.dialogue.end is None

    side.hear(said("CHANNEL_CLOSED", QUOTES))

    assert side.dialogue.end is End.CHANNEL_CLOSED


def test_a_channel_that_was_not_asked_for_or_is_open_already_is_not_filled() -> None:
    side = Side()
    side.watch(bid_of("SPY"))
    side.let_in()
    side.hear(said("CHANNEL_OPENED", QUOTES))

    assert side.hear(said("CHANNEL_OPENED", QUOTES)) == []
    assert side.hear(said("CHANNEL_OPENED", CHANNELS[Kind.TRADE])) == []
    assert side.hear(said("CHANNEL_OPENED", 2)) == []


Piece: TypeAlias = tuple[str, int, list[str] | None, list[str] | None]


def loads(frame: str) -> Piece:
    """Return type, channel, and the symbols that come and go."""
    read = json.loads(frame)
    added, removed = (
        [named["symbol"] for named in read[verb]] if verb in read else None
        for verb in ("add", "remove")
    )
    return read["type"], read["channel"], added, removed

"""What we say in DXLink: JSON texts, ready to send."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from strikedesk.brokers.tastytrade.dxlink.kinds import CHANNELS, FIELDS, Item, Kind
from strikedesk.domain.secret import Secret

# The newest protocol that the reference client announces; a server answers with its own.
VERSION: Final = "0.1-DXF-JS/0.3.0"
# A server closes the connection (1009) on a frame that is too large for it.
SYMBOLS_A_FRAME: Final = 500
# How long the server may let changes of one symbol gather before it tells the newest.
AGGREGATION_S: Final = 0.1

Started: TypeAlias = Mapping[Item, int]  # Candles are told from an instant on: ms since 1970.

_encode: Final = msgspec.json.Encoder().encode


def setup(keepalive_s: int) -> str:
    """Begin: both sides promise to say something within `keepalive_s`."""
    return _text(
        {
            "type": "SETUP",
            "channel": 0,
            "version": VERSION,
            "keepaliveTimeout": keepalive_s,
            "acceptKeepaliveTimeout": keepalive_s,
        }
    )


def auth(token: Secret) -> str:
    """Show the quote token."""
    return _text({"type": "AUTH", "channel": 0, "token": token.reveal()})


def keepalive() -> str:
    """Say that we are here."""
    return _text({"type": "KEEPALIVE", "channel": 0})


def channel_request(kind: Kind) -> str:
    """Ask for the channel of a kind."""
    return _text(
        {
            "type": "CHANNEL_REQUEST",
            "channel": CHANNELS[kind],
            "service": "FEED",
            "parameters": {"contract": "AUTO"},
        }
    )


def feed_setup(kind: Kind) -> str:
    """Ask for flat lists of the fields that we read, in our order."""
    return _text(
        {
            "type": "FEED_SETUP",
            "channel": CHANNELS[kind],
            "acceptAggregationPeriod": AGGREGATION_S,
            "acceptDataFormat": "COMPACT",
            "acceptEventFields": {kind.value: FIELDS[kind]},
        }
    )


def subscriptions(
    kind: Kind,
    *,
    add: Sequence[Item] = (),
    remove: Sequence[Item] = (),
    started: Started,
    reset: bool = False,
) -> Iterator[str]:
    """Change what is told of a kind, in as many frames as it takes; what leaves goes first.

    `reset` forgets whatever the server had of the channel, with the first frame alone.
    """
    for verb, items in (("remove", remove), ("add", add)):
        for begin in range(0, len(items), SYMBOLS_A_FRAME):
            named = [_named(item, started) for item in items[begin : begin + SYMBOLS_A_FRAME]]
            frame = {"type": "FEED_SUBSCRIPTION", "channel": CHANNELS[kind], verb: named}
            yield _text(frame | ({"reset": True} if reset else {}))
            reset = False


def _named(item: Item, started: Started) -> dict[str, object]:
    named: dict[str, object] = {"type": item.kind.value, "symbol": item.symbol}
    return named | ({"fromTime": started[item]} if item in started else {})


def _text(frame: Mapping[str, object]) -> str:
    return _encode(frame).decode()

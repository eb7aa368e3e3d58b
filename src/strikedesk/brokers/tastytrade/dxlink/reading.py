"""What a server says in DXLink, read by its exact shape.

Law: nothing that a server sends raises here, and no text of it but symbols and words of fields
goes further: of an error, the code is kept where it is one that the protocol knows.
"""

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from strikedesk.brokers.tastytrade.dxlink.kinds import Cell


class _Shape(msgspec.Struct, frozen=True, rename="camel", tag_field="type"):
    """A frame; members that it does not name are skipped."""

    channel: int


class Setup(_Shape, frozen=True, tag="SETUP"):
    """The server's promise: something within so many seconds."""

    keepalive_timeout: float = 60.0


class AuthState(_Shape, frozen=True, tag="AUTH_STATE"):
    """Whether the server knows who we are. UNAUTHORIZED once is how it asks for the token."""

    state: str


class ChannelOpened(_Shape, frozen=True, tag="CHANNEL_OPENED"):
    """A channel is there to be set up."""


class ChannelClosed(_Shape, frozen=True, tag="CHANNEL_CLOSED"):
    """A channel is gone."""


class FeedConfig(_Shape, frozen=True, tag="FEED_CONFIG"):
    """In which order fields come from now on; absent until the first event of a kind."""

    event_fields: dict[str, tuple[str, ...]] | None = None


class FeedData(_Shape, frozen=True, tag="FEED_DATA", gc=False):
    """Events: a kind's name, then its cells end to end; this may repeat."""

    data: list[str | list[Cell]]


class KeepAlive(_Shape, frozen=True, tag="KEEPALIVE"):
    """The server is there."""


class Fault(_Shape, frozen=True, tag="ERROR"):
    """The server does not go on. Its message is prose, and is not read."""

    error: str


Frame: TypeAlias = (
    Setup | AuthState | ChannelOpened | ChannelClosed | FeedConfig | FeedData | KeepAlive | Fault
)


class FaultCode(StrEnum):
    """The errors that the protocol knows."""

    UNSUPPORTED_PROTOCOL = "UNSUPPORTED_PROTOCOL"
    TIMEOUT = "TIMEOUT"
    UNAUTHORIZED = "UNAUTHORIZED"
    INVALID_MESSAGE = "INVALID_MESSAGE"
    BAD_ACTION = "BAD_ACTION"
    UNKNOWN = "UNKNOWN"


_CODES: Final = frozenset(FaultCode)
_decode: Final = msgspec.json.Decoder(Frame).decode


def read(message: bytes) -> Frame | None:
    """Return the frame that a message is, or None for one that is none we know."""
    try:
        return _decode(message)
    except (ValueError, RecursionError):  # Malformed, of another shape, no UTF-8; nested too deep.
        return None


def fault_code(fault: Fault) -> FaultCode:
    """Return the code of an error; what is no known code is UNKNOWN."""
    return FaultCode(fault.error) if fault.error in _CODES else FaultCode.UNKNOWN

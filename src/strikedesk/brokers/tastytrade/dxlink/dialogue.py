"""One conversation in DXLink, without a socket: what was heard comes in, what to say goes out.

    SETUP > AUTH_STATE UNAUTHORIZED > AUTH > AUTHORIZED > CHANNEL_REQUEST > CHANNEL_OPENED
          > FEED_SETUP, FEED_SUBSCRIPTION > FEED_DATA, for as long as both sides say something

Law: nothing that is heard raises. A frame that cannot be read is counted and passed over; what
ends the conversation stands in `end`.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Final

from strikedesk.brokers.tastytrade.dxlink import frames
from strikedesk.brokers.tastytrade.dxlink.kinds import KIND_OF_CHANNEL, Item, Kind, Layout
from strikedesk.brokers.tastytrade.dxlink.reading import (
    AuthState,
    ChannelClosed,
    ChannelOpened,
    Fault,
    FaultCode,
    FeedConfig,
    FeedData,
    Frame,
    Setup,
    fault_code,
    read,
)
from strikedesk.brokers.tastytrade.dxlink.shelf import Shelf
from strikedesk.domain.secret import Secret

KEEPALIVE_S: Final = 60

_NONE: Final[Sequence[str]] = ()


class End(Enum):
    """Why a conversation is over, and what the next one needs."""

    TOKEN_REFUSED = "a new token"  # noqa: S105 -- what is needed, not one
    FAULT = "another try"
    CHANNEL_CLOSED = "a new conversation"


class Dialogue:
    """What we say, and what we understand. It tells the shelf; the shelf's items are asked for.

    `ready` turns true once, `misread` counts frames that were none, `silence_max_s` is
    how long the server lets us be silent.
    """

    def __init__(self, *, token: Secret, shelf: Shelf) -> None:
        """Name the token, and where to put what is told."""
        self._token = token
        self._shelf = shelf
        self._shown = False
        self._asked: set[Kind] = set()
        self._open: set[Kind] = set()
        self._told: dict[Kind, frozenset[Item]] = {kind: frozenset() for kind in Kind}
        self._layouts = {kind.value: Layout.ours(kind) for kind in Kind}
        self.ready = False
        self.end: End | None = None
        self.fault: FaultCode | None = None
        self.misread = 0
        self.silence_max_s = float(KEEPALIVE_S)

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.end is not None

    def alive(self) -> Sequence[str]:
        """Return a sign of life."""
        return (frames.keepalive(),)

    def begin(self) -> Sequence[str]:
        """Return what to say first."""
        return (frames.setup(KEEPALIVE_S),)

    def change(self) -> Sequence[str]:
        """Return what to say now that the shelf wants more, or less, than the server was told."""
        if not self.ready:
            return _NONE
        left, wanted = self._shelf.left(), self._shelf.items
        said = [*self._requests({item.kind for item in wanted})]
        for kind in self._open:
            told, want = self._told[kind], frozenset(_of(kind, wanted))
            kept = told & want - left
            said += self._subscribed(kind, add=want - kept, remove=told - kept)
        return said

    def hear(self, message: bytes, at: datetime) -> Sequence[str]:
        """Take in what the server said at `at`; return what to answer."""
        frame = read(message)
        if isinstance(frame, FeedData):
            self._take(frame, at)
            return _NONE
        if frame is None:
            self.misread += 1
            return _NONE
        return self._answer(frame)

    def _answer(self, frame: Frame) -> Sequence[str]:
        match frame:
            case Setup():
                self.silence_max_s = max(1.0, frame.keepalive_timeout)
            case AuthState():
                return self._identify(frame.state)
            case ChannelOpened():
                return self._furnish(frame.channel)
            case ChannelClosed() if KIND_OF_CHANNEL.get(frame.channel) in self._asked:
                self.end = self.end or End.CHANNEL_CLOSED
            case FeedConfig():
                self._configure(frame)
            case Fault():
                self._break_off(fault_code(frame))
            case _:
                pass
        return _NONE

    def _identify(self, state: str) -> Sequence[str]:
        """Show the token when first asked; being asked again is its refusal."""
        if state == "AUTHORIZED":
            self.ready = True
            return self._requests(self._shelf.kinds)
        if self._shown:
            self.end = self.end or End.TOKEN_REFUSED
            return _NONE
        self._shown = True
        return (frames.auth(self._token),)

    def _requests(self, kinds: Iterable[Kind]) -> Sequence[str]:
        wanting = [kind for kind in Kind if kind in set(kinds) - self._asked]
        self._asked.update(wanting)
        return [frames.channel_request(kind) for kind in wanting]

    def _furnish(self, channel: int) -> Sequence[str]:
        """Set up a channel that we asked for, and fill it with all that is wanted by now."""
        kind = KIND_OF_CHANNEL.get(channel)
        if kind not in self._asked - self._open or kind is None:
            return _NONE
        self._open.add(kind)
        filled = self._subscribed(kind, add=_of(kind, self._shelf.items), reset=True)
        return [frames.feed_setup(kind), *filled]

    def _subscribed(
        self,
        kind: Kind,
        *,
        add: Collection[Item],
        remove: Collection[Item] = (),
        reset: bool = False,
    ) -> Iterable[str]:
        self._told[kind] = self._told[kind].difference(remove).union(add)
        return frames.subscriptions(
            kind,
            add=sorted(add, key=_symbol),
            remove=sorted(remove, key=_symbol),
            started=self._shelf.started,
            reset=reset,
        )

    def _configure(self, frame: FeedConfig) -> None:
        """Read in the server's order from now on. An order that hides symbols is not believed."""
        for name, fields in (frame.event_fields or {}).items():
            known = self._layouts.get(name)
            told = None if known is None else Layout(known.kind, fields)
            if told is not None and told.lawful:
                self._layouts[name] = told

    def _break_off(self, code: FaultCode) -> None:
        self.fault = code
        refused = code is FaultCode.UNAUTHORIZED
        self.end = self.end or (End.TOKEN_REFUSED if refused else End.FAULT)

    def _take(self, frame: FeedData, at: datetime) -> None:
        """Put events where they belong: names of kinds and lists of cells take turns."""
        data = frame.data
        if len(data) % 2:
            self.misread += 1
        for name, cells in zip(data[::2], data[1::2], strict=False):
            layout = self._layouts.get(name) if isinstance(name, str) else None
            if layout is None or isinstance(cells, str) or len(cells) % layout.width:
                self.misread += 1
            else:
                self._shelf.take(layout, cells, at)


def _of(kind: Kind, items: Iterable[Item]) -> Sequence[Item]:
    return [item for item in items if item.kind is kind]


def _symbol(item: Item) -> str:
    return item.symbol

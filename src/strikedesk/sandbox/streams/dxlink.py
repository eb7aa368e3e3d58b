"""The DXLink side of one connection: what a client says, and what it is answered.

Source: the protocol as servers speak it since June 2026: first AUTHORIZED, then a channel, then
its set-up, and what comes too early is refused. Channels that a client opens have odd numbers.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from strikedesk.domain.ledger import Json
from strikedesk.sandbox.streams.kinds import FIELDS, UNTOLD, Cell, Known, Subscription, cells_of

VERSION: Final = "1.0-1.2.1-20240722-153442"
KEEPALIVE_S: Final = 60
AGGREGATION_S: Final = 0.1
EVENTS_A_FRAME: Final = 100
SUBSCRIPTIONS_MAX: Final = 100_000

_SERVICE: Final = "FEED"
_KINDS: Final = FIELDS.keys() | UNTOLD
_AGGREGATIONS_S: Final = (0.1, 60.0)


class Refused(Exception):
    """What a client said is against the protocol. `ends`: the connection is over with it."""

    def __init__(self, error: str, message: str, *, channel: int = 0, ends: bool = False) -> None:
        """Say why, by the protocol's code."""
        super().__init__(message)
        self.error = error
        self.message = message
        self.channel = channel
        self.ends = ends


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """One channel: what is wanted on it, how it is told, and what was told last."""

    number: int
    contract: str
    aggregation_s: float = AGGREGATION_S
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    wanted: dict[Subscription, int] = field(default_factory=dict[Subscription, int])
    told: dict[Subscription, Known] = field(default_factory=dict[Subscription, Known])
    configured: set[str] = field(default_factory=set[str])

    def fields_of(self, kind: str) -> tuple[str, ...]:
        """Return the fields of a kind in the order that the client wants."""
        return self.fields.get(kind, FIELDS[kind])

    def tell(self, events: Mapping[Subscription, Known]) -> list[str]:
        """Return the frames for what is new of these."""
        news = {each: known for each, known in events.items() if self.told.get(each) != known}
        self.told |= news
        return self.tell_all([*news.items()])

    def tell_all(self, events: Sequence[tuple[Subscription, Known]]) -> list[str]:
        """Return the frames for events, each kind by itself, said first how it is told."""
        frames = list[str]()
        for kind in dict.fromkeys(each.kind for each, _ in events):
            frames += self._configuration(kind)
            of_kind = [(each, known) for each, known in events if each.kind == kind]
            for begin in range(0, len(of_kind), EVENTS_A_FRAME):
                frames.append(self._data(kind, of_kind[begin : begin + EVENTS_A_FRAME]))
        return frames

    def _configuration(self, kind: str) -> list[str]:
        """Say in which order fields come, before the first event of a kind."""
        if kind in self.configured:
            return []
        self.configured.add(kind)
        return [self.config({kind: [*self.fields_of(kind)]})]

    def config(self, event_fields: Json = None) -> str:
        """Say how data comes."""
        told = {"eventFields": event_fields} if event_fields else {}
        return frame(
            "FEED_CONFIG",
            self.number,
            dataFormat="COMPACT",
            aggregationPeriod=self.aggregation_s,
            **told,
        )

    def _data(self, kind: str, events: Collection[tuple[Subscription, Known]]) -> str:
        fields = self.fields_of(kind)
        cells: list[Cell] = []
        for each, known in events:
            cells += cells_of(each, known, fields)
        return frame("FEED_DATA", self.number, data=[kind, cells])


class Desk:
    """What one client has said so far. `heard` answers, and raises `Refused`."""

    def __init__(self, may_stream: Callable[[str], bool]) -> None:
        """Begin before the first word; `may_stream` knows the tokens."""
        self._may_stream = may_stream
        self._set_up = False
        self.authorized = False
        self.channels: dict[int, Channel] = {}

    def heard(self, text: str) -> list[str]:
        """Take in one message; return what to answer.

        Raises:
            Refused: it is no message, or comes at the wrong time.
        """
        said = _read(text)
        kind, channel = said.get("type"), said.get("channel")
        if not isinstance(kind, str) or not isinstance(channel, int) or isinstance(channel, bool):
            raise Refused("INVALID_MESSAGE", "A message has a type and a channel.")
        match kind:
            case "SETUP":
                return self._setup()
            case "AUTH":
                return self._auth(said)
            case "KEEPALIVE":
                return []
            case _:
                return self._of_channel(kind, channel, said)

    def _setup(self) -> list[str]:
        self._set_up = True
        setup = frame(
            "SETUP",
            0,
            keepaliveTimeout=KEEPALIVE_S,
            acceptKeepaliveTimeout=KEEPALIVE_S,
            version=VERSION,
        )
        return [setup, frame("AUTH_STATE", 0, state="UNAUTHORIZED")]

    def _auth(self, said: Mapping[str, Json]) -> list[str]:
        token = said.get("token")
        if not self._set_up:
            raise Refused("BAD_ACTION", "SETUP comes first.", ends=True)
        if not isinstance(token, str) or not self._may_stream(token):
            return [frame("AUTH_STATE", 0, state="UNAUTHORIZED")]
        self.authorized = True
        return [frame("AUTH_STATE", 0, state="AUTHORIZED", userId="sandbox")]

    def _of_channel(self, kind: str, number: int, said: Mapping[str, Json]) -> list[str]:
        if not self.authorized:
            raise Refused("UNAUTHORIZED", "Not authorized.", ends=True)
        if number % 2 == 0:
            raise Refused(
                "BAD_ACTION", "Protocol violation with an even channel usage.", channel=number
            )
        if kind == "CHANNEL_REQUEST":
            return self._open(number, said)
        if number not in self.channels:
            raise Refused("BAD_ACTION", "The channel is not open.", channel=number)
        match kind:
            case "CHANNEL_CANCEL":
                del self.channels[number]
                return [frame("CHANNEL_CLOSED", number)]
            case "FEED_SETUP":
                return self._furnish(self.channels[number], said)
            case "FEED_SUBSCRIPTION":
                return _subscribe(self.channels[number], said)
            case _:
                raise Refused("INVALID_MESSAGE", "Unknown type of message.", channel=number)

    def _open(self, number: int, said: Mapping[str, Json]) -> list[str]:
        if said.get("service") != _SERVICE:
            raise Refused("BAD_ACTION", "There is one service: FEED.", channel=number)
        given = _object(said.get("parameters"))
        contract = given.get("contract")
        opened = Channel(number=number, contract=contract if isinstance(contract, str) else "AUTO")
        self.channels[number] = opened
        parameters: Json = {"contract": opened.contract, "subFormat": "LIST"}
        return [frame("CHANNEL_OPENED", number, service=_SERVICE, parameters=parameters)]

    def _furnish(self, channel: Channel, said: Mapping[str, Json]) -> list[str]:
        period = said.get("acceptAggregationPeriod")
        if isinstance(period, int | float) and not isinstance(period, bool):
            least, most = _AGGREGATIONS_S
            channel.aggregation_s = min(max(float(period), least), most)
        for kind, names in _object(said.get("acceptEventFields")).items():
            if kind in FIELDS and isinstance(names, list) and "eventSymbol" in names:
                channel.fields[kind] = tuple(name for name in names if isinstance(name, str))
                channel.configured.discard(kind)
        return [channel.config()]


def _subscribe(channel: Channel, said: Mapping[str, Json]) -> list[str]:
    """Change what is wanted. What is added again is told again."""
    if said.get("reset") is True:
        channel.wanted.clear()
        channel.told.clear()
    for each, _ in _subscriptions(channel, said.get("remove")):
        channel.wanted.pop(each, None)
        channel.told.pop(each, None)
    for each, from_ms in _subscriptions(channel, said.get("add")):
        channel.wanted[each] = from_ms
        channel.told.pop(each, None)
    if len(channel.wanted) > SUBSCRIPTIONS_MAX:
        raise Refused("BAD_ACTION", "Too many subscriptions.", channel=channel.number, ends=True)
    return []


def _subscriptions(channel: Channel, given: Json) -> list[tuple[Subscription, int]]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise Refused("INVALID_MESSAGE", "add and remove are lists.", channel=channel.number)
    found: list[tuple[Subscription, int]] = []
    for entry in given:
        named = _object(entry)
        kind, symbol, from_ms = named.get("type"), named.get("symbol"), named.get("fromTime", 0)
        if kind not in _KINDS or not isinstance(kind, str) or not isinstance(symbol, str):
            raise Refused("INVALID_MESSAGE", "A type and a symbol.", channel=channel.number)
        since = from_ms if isinstance(from_ms, int) and not isinstance(from_ms, bool) else 0
        found.append((Subscription(kind, symbol), since))
    return found


def frame(type_: str, channel: int, **members: Json) -> str:
    """Write a message."""
    return json.dumps({"type": type_, "channel": channel, **members}, separators=(",", ":"))


def is_data(text: str) -> bool:
    """Whether a message that we wrote tells events."""
    return text.startswith('{"type":"FEED_DATA"')


def error_of(refused: Refused) -> str:
    """Write what is told to a client that was refused."""
    return frame("ERROR", refused.channel, error=refused.error, message=refused.message)


def _read(text: str) -> Mapping[str, Json]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("INVALID_MESSAGE", "Not JSON.", ends=True) from None
    if not isinstance(said, dict):
        raise Refused("INVALID_MESSAGE", "Not an object.", ends=True)
    return cast("Mapping[str, Json]", said)


def _object(given: Json) -> Mapping[str, Json]:
    return given if isinstance(given, dict) else {}

"""DXLink messages read and handed on, beside a dictionary for every event, as clients usually do.

Both sides read the same bytes and end with the newest event of each symbol; ours also tells a
reader which symbols have news. The last lines are beside the independent SDK, which makes objects
of all events: ours decoded, and then read to the end as the desk's quotes and Greeks. One process,
by turns, the median of several runs; on a busy machine the rates of both fall together.
Run: `python -m benchmarks.dxlink_parse`.
"""

import json
import random
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from tastytrade import dxfeed

from benchmarks.report import Figure, report
from strikedesk.brokers.tastytrade.dxlink.dialogue import Dialogue
from strikedesk.brokers.tastytrade.dxlink.kinds import CHANNELS, FIELDS, Cell, Item, Kind
from strikedesk.brokers.tastytrade.dxlink.meaning import greeks_of, quote_of
from strikedesk.brokers.tastytrade.dxlink.shelf import Shelf, Watch
from strikedesk.domain.quotes import Feed
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import parse_symbol

EVENTS_A_RUN: Final = 200_000
TURNS: Final = 7
AT: Final = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)

SDK_EVENTS: Final = {Kind.QUOTE: dxfeed.Quote, Kind.GREEKS: dxfeed.Greeks}

Hear: TypeAlias = Callable[[bytes], object]


def main() -> None:
    """Measure each size and kind by turns."""
    figures = [
        figure
        for kind, events in (
            (Kind.QUOTE, 1),
            (Kind.QUOTE, 10),
            (Kind.QUOTE, 100),
            (Kind.GREEKS, 10),
        )
        for figure in measured(kind, events)
    ]
    figures += against_the_sdk(Kind.QUOTE) + against_the_sdk(Kind.GREEKS)
    report("dxlink_parse", figures, floor="json.loads, then a dict for each event; last, the SDK")


def measured(kind: Kind, events: int) -> list[Figure]:
    """Return the rates of both sides, and how they compare."""
    message = feed_data(kind, events)
    ours, floor = list[float](), list[float]()
    for _ in range(TURNS):
        ours.append(rate(strided(kind, events), message, events))
        floor.append(rate(dicts(kind), message, events))
    bound = {10: ">= 3 x", 100: ">= 1.5 M/s"}.get(events, "") if kind is Kind.QUOTE else ""
    return [
        Figure(
            name=f"{kind.value}, {events} a message ({len(message)} B)",
            ours=statistics.median(ours) / 1e6,
            floor=statistics.median(floor) / 1e6,
            unit="M/s",
            held_to=bound,
        )
    ]


def against_the_sdk(kind: Kind) -> list[Figure]:
    """Return how fast a hundred events are decoded, and become what our desk works with.

    The SDK makes its own objects of every event, which is all of its work in both lines.
    """
    events, names = 100, SDK_EVENTS[kind].model_json_schema()["properties"].keys()
    message, theirs = feed_data(kind, events), feed_data(kind, events, tuple(names))
    decoded, read, floor = list[float](), list[float](), list[float]()
    for _ in range(TURNS):
        decoded.append(rate(strided(kind, events), message, events, EVENTS_A_RUN // 10))
        read.append(rate(meant(kind, events), message, events, EVENTS_A_RUN // 10))
        floor.append(rate(sdk(kind), theirs, events, EVENTS_A_RUN // 10))
    return [
        Figure(
            name=f"{kind.value}, {what}, {events} a message",
            ours=statistics.median(ours) / 1e6,
            floor=statistics.median(floor) / 1e6,
            unit="M/s",
            held_to=bound,
        )
        for what, ours, bound in (
            ("decoded", decoded, ">= 2 x"),
            ("read to the end", read, ">= 1 x"),
        )
    ]


def meant(kind: Kind, events: int) -> Hear:
    """Return our side, which makes of every event what the desk works with."""
    shelf = Shelf(lambda: None)
    symbols = {
        Item(kind, symbol(place)): parse_symbol(f"SPXW261218C{1000 * (5000 + 5 * place):08d}")
        for place in range(events)
    }
    watch = Watch(symbols, lambda: None)
    shelf.join(watch)
    dialogue = Dialogue(token=Secret("a token of nobody"), shelf=shelf)

    def hear(message: bytes) -> None:
        dialogue.hear(message, AT)
        for item in watch.news():
            event = shelf.newest(item)
            assert event is not None
            if kind is Kind.GREEKS:
                greeks_of(event)
            else:
                quote_of(symbols[item], event, None, None, Feed.REALTIME)

    return hear


def sdk(kind: Kind) -> Hear:
    """Return the SDK's side: its reading of a message, and its events."""
    of = SDK_EVENTS[kind]
    return lambda message: of.from_stream(json.loads(message)["data"][1])


def rate(hear: Hear, message: bytes, events: int, in_all: int = EVENTS_A_RUN) -> float:
    """Return the events that a second of this process reads."""
    rounds = in_all // events
    begun = time.process_time()
    for _ in range(rounds):
        hear(message)
    return rounds * events / (time.process_time() - begun)


def strided(kind: Kind, events: int) -> Hear:
    """Return our side, with one reader of everything."""
    shelf = Shelf(lambda: None)
    items = [Item(kind, symbol(place)) for place in range(events)]
    shelf.join(Watch(items, lambda: None))
    dialogue = Dialogue(token=Secret("a token of nobody"), shelf=shelf)
    return lambda message: dialogue.hear(message, AT)


def dicts(kind: Kind) -> Hear:
    """Return the usual side: what each event says by name, kept by symbol."""
    names, width = FIELDS[kind], len(FIELDS[kind])
    newest = dict[Cell, Mapping[str, Cell]]()

    def hear(message: bytes) -> None:
        cells: list[Cell] = json.loads(message)["data"][1]
        for begin in range(0, len(cells), width):
            event = dict(zip(names, cells[begin : begin + width], strict=True))
            newest[event["eventSymbol"]] = event

    return hear


def feed_data(kind: Kind, events: int, fields: tuple[str, ...] = ()) -> bytes:
    """Return a message as servers send it, the same in every run; in our fields, or in others."""
    chance = random.Random(kind.value)  # noqa: S311 -- prices of nothing
    cells = list[Cell]()
    for place in range(events):
        cells += [symbol(place), *(_cell(name, chance) for name in (fields or FIELDS[kind])[1:])]
    frame = {"type": "FEED_DATA", "channel": CHANNELS[kind], "data": [kind.value, cells]}
    return json.dumps(frame, separators=(",", ":")).encode()


def symbol(place: int) -> str:
    """Return the streamer symbol of a contract."""
    return f".SPXW261218C{5000 + 5 * place}"


def _cell(name: str, chance: random.Random) -> Cell:
    if name in {"sequence", "timeNanoPart", "eventFlags", "index"}:
        return 0
    if name.endswith("Code"):
        return "Q"
    if name.endswith("Size"):
        return "NaN" if chance.random() < 0.1 else chance.randrange(500)
    if name.lower().endswith("time"):
        return 0 if name != "time" else 1_796_000_000_000
    if name.endswith("Price") or name == "price":
        return round(chance.uniform(0.05, 300), 2)
    return chance.uniform(-1, 1)


if __name__ == "__main__":
    main()

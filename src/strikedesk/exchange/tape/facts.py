"""What is on a tape, counted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from strikedesk.domain.symbols import EquitySymbol, OptionSymbol
from strikedesk.exchange.tape.layout import MISSING, Source
from strikedesk.exchange.tape.tape import Record, Tape


class Standing(StrEnum):
    """Which sides a row of a contract quotes; the value says it after a count."""

    TWO_SIDED = "quotes with both sides"
    CROSSED = "quotes whose bid is above their ask"
    BID_ONLY = "quotes with a bid and no ask"
    ASK_ONLY = "quotes with an ask and no bid"
    NO_SIDE = "rows without bid and ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeFacts:
    """A tape at a glance.

    `derived` names the underlyings with prices that were derived and not recorded; `standing`
    counts the rows of contracts by the sides they quote.
    """

    name: str
    digest: str
    notes: tuple[str, ...]
    begins_at: datetime
    ends_at: datetime
    sessions: int
    underlyings: tuple[str, ...]
    derived: tuple[str, ...]
    contracts: int
    expirations: int
    rows: int
    standing: Mapping[Standing, int]


def describe(tape: Tape) -> TapeFacts:
    """Count what is on a tape."""
    contracts = [symbol for symbol in tape.tracks if isinstance(symbol, OptionSymbol)]
    counted = Counter(map(_standing, _records(tape, contracts)))
    return TapeFacts(
        name=tape.name,
        digest=tape.digest,
        notes=tape.notes,
        begins_at=tape.begins_at,
        ends_at=tape.ends_at,
        sessions=len(tape.sessions),
        underlyings=tuple(sorted({symbol.underlying for symbol in tape.tracks})),
        derived=tuple(sorted(_derived(tape))),
        contracts=len(contracts),
        expirations=len({(symbol.root, symbol.expiration) for symbol in contracts}),
        rows=sum(len(track.instants) for track in tape.tracks.values()),
        standing={kind: counted[kind] for kind in Standing},
    )


def _derived(tape: Tape) -> Iterator[str]:
    for symbol, track in tape.tracks.items():
        if isinstance(symbol, EquitySymbol) and track.source is not Source.RECORDED:
            yield symbol.ticker


def _records(tape: Tape, contracts: list[OptionSymbol]) -> Iterator[Record]:
    for contract in contracts:
        track = tape.tracks[contract]
        yield from map(track.record, range(len(track.instants)))


def _standing(record: Record) -> Standing:
    if record.bid == MISSING:
        return Standing.NO_SIDE if record.ask == MISSING else Standing.ASK_ONLY
    if record.ask == MISSING:
        return Standing.BID_ONLY
    return Standing.TWO_SIDED if record.bid <= record.ask else Standing.CROSSED

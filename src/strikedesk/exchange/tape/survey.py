"""What is on a tape, and what is odd about it, so that nobody trusts it more than it deserves.

Nothing here changes a tape: what is odd stays as it was recorded.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from strikedesk.domain.calendar import session_on, sessions_between
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.exchange.tape.layout import MISSING, PRICE_UNIT, Source
from strikedesk.exchange.tape.tape import Record, Tape, TapeSession, Track, instant

# Told how many symbols are done, of how many.
Progress: TypeAlias = Callable[[int, int], None]

_JUMP: Final = 1.3  # From one session's last mark to the next one's, either way.
_SLACK: Final = 0.005  # Of the spot: the half spread of what is deep in the money.
_WIDE: Final = 0.5  # Of the ask.
_DIME: Final = PRICE_UNIT // 10


class Odd(StrEnum):
    """A kind of oddity; the value says it after a count."""

    NO_BID = "quotes with an ask and no bid"
    NO_ASK = "quotes with a bid and no ask"
    LAST_ALONE = "rows of contracts with a last price and no quote: nothing fills on them"
    NOTHING = "rows without bid, ask and last: the quote was gone"
    WORTHLESS = "quotes with a bid of 0: nobody pays anything"
    LOCKED = "quotes whose bid is their ask"
    CROSSED = "quotes whose bid is above their ask"
    WIDE = "quotes above 0.10 whose spread is more than half of their ask"
    BELOW_EXERCISE = "asks below what exercise brings at the underlying's price of that moment"
    VOLUME_FELL = "volumes below an earlier one of the same session"
    INTEREST_MOVED = "open interests that change within a session"
    OUTSIDE_HOURS = "rows outside the exchange's regular hours"
    NO_SESSION = "rows on days on which the exchange had no session"
    NO_END = "contracts that expire on a day without a session"
    NO_PRICE = "underlyings without any price of their own"
    DERIVED = "underlyings whose price is derived, at least in part"
    JUMP = "sessions of an underlying that begin with another price scale, as after a split"
    NO_SETTLEMENT = "contracts that expire on the tape and find no price to settle at"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTold:
    """A session of a tape. Units: `silence_s` seconds, the longest without a row of anything."""

    day: date
    begins_at: datetime
    ends_at: datetime
    rows: int
    contracts: int
    underlyings: tuple[str, ...]
    silence_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A tape, read whole. `missing` are the exchange's sessions in between that it lacks."""

    rows: int
    contracts: int
    underlyings: tuple[str, ...]
    sessions: tuple[SessionTold, ...]
    missing: tuple[date, ...]


def survey_of(tape: Tape) -> Survey:
    """Return what is on a tape: sessions, underlyings, rows, gaps and times."""
    days = {session.day for session in tape.sessions}
    between = sessions_between(tape.sessions[0].day, tape.sessions[-1].day)
    return Survey(
        rows=sum(len(track.instants) for track in tape.tracks.values()),
        contracts=sum(isinstance(symbol, OptionSymbol) for symbol in tape.tracks),
        underlyings=tuple(sorted({symbol.underlying for symbol in tape.tracks})),
        sessions=tuple(_told(tape, session) for session in tape.sessions),
        missing=tuple(each.day for each in between if each.day not in days),
    )


def oddities_of(tape: Tape, progress: Progress | None = None) -> Mapping[Odd, int]:
    """Return what is odd about a tape, in the order of the kinds; what is not there is left out."""
    check = _Check(tape)
    for done, track in enumerate(tape.tracks.values(), start=1):
        check.track(track)
        if progress is not None:
            progress(done, len(tape.tracks))
    check.underlyings()
    return {kind: check.odd[kind] for kind in Odd if check.odd[kind]}


@dataclass(slots=True)
class _Check:
    """Counts while reading. Records are in the units of `Record`."""

    tape: Tape
    odd: Counter[Odd] = field(default_factory=Counter[Odd])

    def track(self, track: Track) -> None:
        """Look at every record of a symbol."""
        contract = track.symbol if isinstance(track.symbol, OptionSymbol) else None
        if contract is not None:
            self._note(Odd.NO_END, when=session_on(contract.expiration) is None)
            self._note(Odd.NO_SETTLEMENT, when=self._unsettled(contract))
        for session in self.tape.sessions:
            records = _records(track, session)
            self._hours(records, session)
            self._counts(records)
            for record in records:
                self._prices(record, contract)

    def underlyings(self) -> None:
        """Look at the prices of the underlyings."""
        for ticker in {symbol.underlying for symbol in self.tape.tracks}:
            track = self.tape.tracks.get(EquitySymbol(ticker))
            self._note(Odd.NO_PRICE, when=track is None)
            if track is not None:
                self._note(Odd.DERIVED, when=track.source is Source.PARITY)
                self._jumps(track)

    def _prices(self, record: Record, contract: OptionSymbol | None) -> None:
        bid, ask = record.bid != MISSING, record.ask != MISSING
        if bid and ask:
            self._spread(record)
        elif ask:
            self._note(Odd.NO_BID)
        elif bid:
            self._note(Odd.NO_ASK)
        elif contract is not None or record.last == MISSING:
            self._note(Odd.NOTHING if record.last == MISSING else Odd.LAST_ALONE)
        if contract is not None and ask:
            self._note(Odd.BELOW_EXERCISE, when=self._below_exercise(record, contract))

    def _spread(self, record: Record) -> None:
        self._note(Odd.WORTHLESS, when=record.bid == 0)
        self._note(Odd.LOCKED, when=record.bid == record.ask)
        self._note(Odd.CROSSED, when=record.bid > record.ask)
        wide = record.ask > _DIME and record.ask - record.bid > _WIDE * record.ask
        self._note(Odd.WIDE, when=wide)

    def _below_exercise(self, record: Record, contract: OptionSymbol) -> bool:
        session = next(each for each in self.tape.sessions if each.first <= record.at <= each.last)
        track = self.tape.tracks.get(EquitySymbol(contract.underlying))
        standing = None if track is None else track.standing(session.first, record.at)
        if standing is None or standing.mark_twice == MISSING:
            return False
        spot, strike = standing.mark_twice / 2, float(contract.strike) * PRICE_UNIT
        brings = spot - strike if contract.right is Right.CALL else strike - spot
        return record.ask < brings - _SLACK * spot

    def _hours(self, records: Sequence[Record], session: TapeSession) -> None:
        hours = session_on(session.day)
        if hours is None:
            self.odd[Odd.NO_SESSION] += len(records)
            return
        opens, closes = hours.opens_at.timestamp(), hours.closes_at.timestamp()
        self.odd[Odd.OUTSIDE_HOURS] += sum(not opens <= each.at <= closes for each in records)

    def _counts(self, records: Sequence[Record]) -> None:
        for earlier, later in pairwise(records):
            known = MISSING not in {earlier.volume, later.volume}
            self._note(Odd.VOLUME_FELL, when=known and later.volume < earlier.volume)
            interests = {earlier.open_interest, later.open_interest}
            self._note(Odd.INTEREST_MOVED, when=len(interests - {MISSING}) > 1)

    def _jumps(self, track: Track) -> None:
        last = [track.standing(each.first, each.last) for each in self.tape.sessions]
        marks = [each.mark_twice for each in last if each is not None and each.mark_twice > 0]
        for earlier, later in pairwise(marks):
            self._note(Odd.JUMP, when=not 1 / _JUMP <= later / earlier <= _JUMP)

    def _unsettled(self, contract: OptionSymbol) -> bool:
        """Whether the tape has the contract's last day, and no price of its underlying on it."""
        for session in self.tape.sessions:
            if session.day == contract.expiration:
                track = self.tape.tracks.get(EquitySymbol(contract.underlying))
                record = None if track is None else track.standing(session.first, session.last)
                return record is None or record.mark_twice == MISSING
        return False

    def _note(self, odd: Odd, *, when: bool = True) -> None:
        if when:
            self.odd[odd] += 1


def _told(tape: Tape, session: TapeSession) -> SessionTold:
    here = [(track, _places(track, session)) for track in tape.tracks.values()]
    present = [(track, places) for track, places in here if len(places)]
    instants = sorted({track.instants[place] for track, places in present for place in places})
    return SessionTold(
        day=session.day,
        begins_at=instant(session.first),
        ends_at=instant(session.last),
        rows=sum(len(places) for _, places in present),
        contracts=sum(isinstance(track.symbol, OptionSymbol) for track, _ in present),
        underlyings=tuple(sorted({track.symbol.underlying for track, _ in present})),
        silence_s=max((later - earlier for earlier, later in pairwise(instants)), default=0),
    )


def _places(track: Track, session: TapeSession) -> range:
    return track.places(session.first, session.last + 1)


def _records(track: Track, session: TapeSession) -> Sequence[Record]:
    return tuple(track.record(place) for place in _places(track, session))

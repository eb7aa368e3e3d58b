"""From files in the layout of LEAN to one tape."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.tape.lean.bars import DailyBars, read_bars
from strikedesk.exchange.tape.lean.chains import convert_chain
from strikedesk.exchange.tape.lean.minutes import convert_minutes, derived_prices, thinned
from strikedesk.exchange.tape.lean.report import Report, Tally
from strikedesk.exchange.tape.lean.sessions import underlying_rows
from strikedesk.exchange.tape.lean.sources import (
    BarsFile,
    Kind,
    SessionFile,
    members_of,
    recognise,
)
from strikedesk.exchange.tape.writer import TapeWriter, new_tape

# Called with what is done, of how much, and the file's name.
Progress: TypeAlias = Callable[[int, int, str], None]

NOTES: Final = (
    "Made by strikedesk from files in the layout of the LEAN engine. Prices in USD.",
    "Times are those of clocks in New York; a quote is dated at the end of its minute.",
    "source=parity: not recorded. The underlying's price as the calls and puts of the first",
    "expiration after the session agree on it: strike + call - put, median of the five pairs",
    "nearest the money. Every other figure was recorded; an empty cell was not.",
)
_SHORTEST: Final = timedelta(minutes=1)


def convert(
    paths: Sequence[Path],
    out: Path,
    *,
    every: timedelta | None = None,
    progress: Progress | None = None,
) -> Report:
    """Write one tape from chains, quotes by the minute and daily bars; gzipped if named `.gz`.

    Units: `every` keeps the last quote of each such stretch; None keeps all.
    Law: `out` appears whole or is left as it was; one contract's session is in memory at a time.

    Raises:
        Denied: INVALID_ARGUMENT, without a session among the files or with too short a stretch.
        Misconfigured: TAPE_UNREADABLE, with the file, the line, the column and why.
    """
    if every is not None and every < _SHORTEST:
        raise Denied(Reason.INVALID_ARGUMENT, argument="every", at_least="1 minute")
    files = [recognise(path) for path in paths]
    sessions = sorted(
        (file for file in files if isinstance(file, SessionFile)),
        key=lambda file: (file.day, file.underlying, file.kind),
    )
    if not sessions:
        raise Denied(
            Reason.INVALID_ARGUMENT,
            argument="SRC",
            why="daily bars alone make no tape: add a chain or quotes",
        )
    if len({(file.day, file.underlying) for file in sessions}) < len(sessions):
        why = "two files of one underlying and session"
        raise Denied(Reason.INVALID_ARGUMENT, argument="paths", why=why)
    bars = read_bars(file for file in files if isinstance(file, BarsFile))
    work = _Work(sessions, every=every, progress=progress)
    with new_tape(out, NOTES) as writer:
        for file in sessions:
            work.convert(file, bars.get(file.underlying, DailyBars()), writer)
    days = {file.day for file in sessions}
    return work.tally.report(files=len(files), sessions=len(days), rows=writer.rows)


class _Work:
    """What is common to the files of one conversion: options, counts, progress."""

    def __init__(
        self,
        sessions: Sequence[SessionFile],
        *,
        every: timedelta | None,
        progress: Progress | None,
    ) -> None:
        self.tally = Tally()
        self._every = every
        self._progress = progress
        self._done = 0
        self._all = sum(map(_size, sessions))

    def convert(self, file: SessionFile, bars: DailyBars, writer: TapeWriter) -> None:
        """Write one session of one underlying."""
        by_minute = file.kind is Kind.MINUTES
        derived = derived_prices(file) if by_minute else ()
        for row in thinned(underlying_rows(file, bars, derived, self.tally), self._every):
            writer.write(row)
        if by_minute:
            convert_minutes(
                file, writer, self.tally, every=self._every, done=lambda: self._step(file)
            )
        else:
            convert_chain(file, bars, writer, self.tally)
            self._step(file)

    def _step(self, file: SessionFile) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._all, file.path.name)


def _size(file: SessionFile) -> int:
    """Return how many steps a file takes: one for each contract of an archive."""
    return len(members_of(file.path)) if file.kind is Kind.MINUTES else 1

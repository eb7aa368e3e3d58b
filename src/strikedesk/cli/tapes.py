"""`strikedesk tape`: make tapes of recorded chains, and tell what is on one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange.tape.lean.convert import convert
from strikedesk.exchange.tape.lean.report import Report
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.exchange.tape.tape import Tape, instant

# Told how much is done, of how much, and of which file.
Progress: TypeAlias = Callable[[int, int, str], None]

_STRETCH: Final = re.compile(r"(\d{1,4})(m|h)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is on a tape: figures by name, and its sessions."""

    figures: Sequence[tuple[str, str]]
    sessions: Sequence[tuple[str, str, str]]


def make_tape(sources: Sequence[Path], out: Path, every: str | None, progress: Progress) -> Report:
    """Convert recorded files to one tape.

    Raises:
        Denied: INVALID_ARGUMENT, for a stretch that is none or files that hold no session.
        Misconfigured: TAPE_UNREADABLE, with the file, the line, the column and why.
    """
    stretch = None if every is None else _stretch(every)
    return convert(sources, out, every=stretch, progress=progress)


def told(report: Report, out: Path) -> list[str]:
    """Return what became of the files, and everything odd about them, a line each."""
    made = f"{out}: {report.rows:,} rows of {report.contracts:,} contracts"
    counted = [f"  odd: {count:,} {odd.value}" for odd, count in report.odd.items()]
    head = f"{made} in {report.sessions} sessions, from {report.files} files."
    return [head, *counted, *(f"  {remark}" for remark in report.remarks)]


def contents(path: Path) -> Contents:
    """Read a tape whole and say what it holds.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    tape = read_tape(path)
    return Contents(figures=_figures(tape), sessions=_sessions(tape))


def _figures(tape: Tape) -> list[tuple[str, str]]:
    shares = [symbol.ticker for symbol in tape.tracks if isinstance(symbol, EquitySymbol)]
    rows = sum(len(track.instants) for track in tape.tracks.values())
    return [
        ("underlyings", " ".join(sorted(shares))),
        ("contracts", f"{len(tape.tracks) - len(shares):,}"),
        ("rows", f"{rows:,}"),
        ("digest", tape.digest[:16]),
        *(("note", note) for note in tape.notes),
    ]


def _sessions(tape: Tape) -> list[tuple[str, str, str]]:
    return [
        (session.day.isoformat(), _clock(session.first), _clock(session.last))
        for session in tape.sessions
    ]


def _clock(seconds: int) -> str:
    return f"{instant(seconds):%H:%M:%S} UTC"


def _stretch(text: str) -> timedelta:
    found = _STRETCH.fullmatch(text)
    if found is None:
        raise Denied(Reason.INVALID_ARGUMENT, argument="--every", give="15m or 1h")
    number = int(found.group(1))
    return timedelta(hours=number) if found.group(2) == "h" else timedelta(minutes=number)

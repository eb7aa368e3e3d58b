"""`strikedesk tape`: make tapes of recorded chains, and tell what is on one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.tape.lean.convert import convert
from strikedesk.exchange.tape.lean.report import Report
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.exchange.tape.survey import Survey, oddities_of, survey_of
from strikedesk.exchange.tape.tape import Tape

# Told how much is done, of how much, and of which file.
Progress: TypeAlias = Callable[[int, int, str], None]

_STRETCH: Final = re.compile(r"(\d{1,4})(m|h)")


SESSION_COLUMNS: Final = (
    "session", "from (UTC)", "to (UTC)", "rows", "contracts", "longest gap", "underlyings"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is on a tape: figures by name, and its sessions in `SESSION_COLUMNS`."""

    figures: Sequence[tuple[str, str]]
    sessions: Sequence[Sequence[str]]


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


def contents(path: Path, progress: Callable[[int, int], None]) -> Contents:
    """Read a tape whole and say what it holds.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    tape = read_tape(path, progress)
    survey = survey_of(tape)
    return Contents(figures=_figures(tape, survey), sessions=_sessions(survey))


def check(path: Path, progress: Callable[[int, int], None]) -> list[str]:
    """Read a tape whole and say what is odd about it, a line each.

    Raises:
        Misconfigured: TAPE_UNREADABLE, with the file, the line, the column and why.
    """
    tape = read_tape(path, progress)
    survey, odd = survey_of(tape), oddities_of(tape, progress)
    head = f"{path}: {survey.rows:,} rows in {len(survey.sessions)} sessions, every one read."
    gaps = [] if not survey.missing else [f"  odd: {_missing(survey)}"]
    found = [f"  odd: {count:,} {kind.value}" for kind, count in odd.items()]
    return [head, *(gaps + found or ["  Nothing is odd about it."])]


def _figures(tape: Tape, survey: Survey) -> list[tuple[str, str]]:
    return [
        ("underlyings", " ".join(survey.underlyings)),
        ("contracts", f"{survey.contracts:,}"),
        ("rows", f"{survey.rows:,}"),
        ("gaps", _missing(survey) if survey.missing else "no session is missing in between"),
        ("digest", tape.digest[:16]),
        *(("note", note) for note in tape.notes),
    ]


def _sessions(survey: Survey) -> list[tuple[str, ...]]:
    return [
        (
            session.day.isoformat(),
            f"{session.begins_at:%H:%M:%S}",
            f"{session.ends_at:%H:%M:%S}",
            f"{session.rows:,}",
            f"{session.contracts:,}",
            str(timedelta(seconds=session.silence_s)),
            " ".join(session.underlyings),
        )
        for session in survey.sessions
    ]


def _missing(survey: Survey) -> str:
    return f"{len(survey.missing):,} sessions missing in between, the first on {survey.missing[0]}"


def _stretch(text: str) -> timedelta:
    found = _STRETCH.fullmatch(text)
    if found is None:
        raise Denied(Reason.INVALID_ARGUMENT, argument="--every", give="15m or 1h")
    number = int(found.group(1))
    return timedelta(hours=number) if found.group(2) == "h" else timedelta(minutes=number)

"""`strikedesk audit`: whether the trail is whole. Nothing here writes to it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.settings import load
from strikedesk.store.chain import ChainHead, Fault
from strikedesk.wiring import open_store

if TYPE_CHECKING:
    from strikedesk.store.trail import BadLine, TrailReport

# Told how many lines were looked at and how many there are.
Progress: TypeAlias = Callable[[int, int], None]

_HEAD: Final = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)
_WHAT: Final = {
    Fault.UNREADABLE: "holds what cannot be read",
    Fault.MISSING: "is missing",
    Fault.ADDED: "is one that the desk never wrote",
    Fault.PREVIOUS: "does not follow from the line before (previous_digest)",
    Fault.CONTENT: "does not say what was sealed (digest)",
    Fault.HEAD: "is not the one that the head names (order_event_head)",
    Fault.NOTED: "is not the line of the head that you noted: the trail was written anew",
}


async def verify(noted: str | None, progress: Progress) -> "TrailReport":
    """Walk the trail of the owner's database.

    Raises:
        Denied: INVALID_ARGUMENT, for a head that is none, or of a line that was pruned.
    """
    from strikedesk.store.trail import SqlTrail  # noqa: PLC0415 -- needs SQLAlchemy

    witness = None if noted is None else read_head(noted)
    async with open_store(load()) as database:
        report = await SqlTrail(database).verify(progress=progress, witness=witness)
    if witness is not None and witness.sequence < report.anchor.sequence:
        raise Denied(
            Reason.INVALID_ARGUMENT,
            rule="noted_is_of_a_line_still_here",
            pruned_through=report.anchor.sequence,
            use="a later head, or the export that the pruning wrote",
        )
    return report


def told(report: "TrailReport") -> list[str]:
    """Return what the owner is told of a walk."""
    if report.bad is not None:
        return [
            f"strikedesk: {sentence(report.bad)}.",
            f"Whole before it: {span(report)}.",
            "Restore a backup, or ask who did it: what lies behind that line is not looked at.",
        ]
    if report.lines == 0:
        return ["The audit trail is empty."]
    head = written(report.head)
    return [
        f"The audit trail is whole: {span(report)}.",
        *_pruned(report),
        f"Its head is {head}",
        "Keep that outside this machine: `strikedesk audit verify --noted HEAD` shows later",
        "whether anything up to it was cut off or written anew.",
    ]


def _pruned(report: "TrailReport") -> list[str]:
    through = report.anchor.sequence
    told = f"The lines up to {through:,} were pruned: `audit prune` wrote them to a file."
    return [told] if through else []


def sentence(bad: "BadLine") -> str:
    """Return what is wrong, and with which line."""
    of = f" (order {bad.order_id})" if bad.order_id else ""
    return f"line {bad.sequence} of the audit trail{of} {_WHAT[bad.fault]}"


def span(report: "TrailReport") -> str:
    """Return how many lines are whole, and from when to when."""
    if report.first_at is None or report.last_at is None:
        return "no line"
    return f"{counted(report.lines)}, {_utc(report.first_at)} to {_utc(report.last_at)} UTC"


def counted(number: int, what: str = "line") -> str:
    """Return how many there are, in words that fit one as well as many."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def written(head: ChainHead) -> str:
    """Return a head as one word, which `read_head` reads back."""
    return f"{head.sequence}:{head.digest}"


def read_head(text: str) -> ChainHead:
    """Read a head that `audit verify` told.

    Raises:
        Denied: INVALID_ARGUMENT.
    """
    match = _HEAD.fullmatch(text.strip())
    if match is None:
        raise Denied(
            Reason.INVALID_ARGUMENT, rule="noted_is_a_head", use="NUMBER:SHA256 as verify tells it"
        )
    return ChainHead(sequence=int(match[1]), digest=match[2])


def day(instant: datetime) -> str:
    """Return the day of an instant, in UTC."""
    return f"{instant:%Y-%m-%d}"


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}"

"""The hash chain of the audit trail: each line seals itself and, through it, every line before.

Standard library only, so that anybody can check an exported trail.
"""

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from strikedesk.domain.canonical import canonical_json
from strikedesk.domain.ledger import Json, Note, OrderEvent
from strikedesk.domain.replay import instant
from strikedesk.domain.value_class import value_class


@value_class
class ChainHead:
    """The last line of a chain. Law: an empty chain is at sequence 0."""

    sequence: int
    digest: str


_NONE: Final = "null"
_NO_BODY: Final = f'"body":{_NONE}'
GENESIS: Final = ChainHead(sequence=0, digest="0" * 64)


class Fault(StrEnum):
    """What does not match, at the first line where something does not."""

    UNREADABLE = "unreadable"  # its time or its body is no time, no JSON
    MISSING = "missing"  # it is gone
    ADDED = "added"  # its number is one that the trail never gave
    PREVIOUS = "previous_digest"  # it does not follow from the line before
    CONTENT = "digest"  # what it says, or its own digest, is not what was sealed
    HEAD = "head"  # the head kept beside the lines is lost, or not the last line's
    NOTED = "noted"  # it is whole, and not the line of the head that the owner noted


def seal(note: Note, *, order_id: str | None, behind: ChainHead) -> OrderEvent:
    """Return the line that `note` becomes behind the head of a chain."""
    sequence = behind.sequence + 1
    told = _told(note, sequence, order_id, behind.digest)
    return OrderEvent(
        sequence=sequence,
        order_id=order_id,
        at=note.at,
        actor=note.actor,
        path=note.path,
        kind=note.kind,
        body=note.body,
        previous_digest=behind.digest,
        digest=hashlib.sha256(_text_of(told, note.body).encode("ascii")).hexdigest(),
    )


def _text_of(told: Mapping[str, Json], body: Mapping[str, Json]) -> str:
    """Return the canonical text of a line, around that of its body, which may be written already.

    Within a text there is no quotation mark that is not escaped, so that its place is found.
    """
    before, place, after = canonical_json({**told, "body": None}).partition(_NO_BODY)
    return f"{before}{place[: -len(_NONE)]}{canonical_json(body)}{after}"


def exported(event: OrderEvent) -> dict[str, Json]:
    """Return a line as it leaves the house: what was sealed, and beside it the digest over that."""
    told = _told(_note_of(event), event.sequence, event.order_id, event.previous_digest)
    return {**told, "digest": event.digest}


def _told(note: Note, sequence: int, order_id: str | None, previous_digest: str) -> dict[str, Json]:
    """Return what a digest is taken of, as the canonical text of it."""
    return {
        "previous_digest": previous_digest,
        "sequence": sequence,
        "order_id": order_id,
        "at": instant(note.at),
        "actor": note.actor,
        "path": note.path,
        "kind": note.kind,
        "body": note.body,
    }


def _note_of(event: OrderEvent) -> Note:
    return Note(at=event.at, actor=event.actor, path=event.path, kind=event.kind, body=event.body)


def head_of(event: OrderEvent) -> ChainHead:
    """Return the head of the chain that ends with `event`."""
    return ChainHead(sequence=event.sequence, digest=event.digest)


def follows(event: OrderEvent, *, behind: ChainHead) -> bool:
    """Whether `event` is the very line that was sealed behind this head."""
    return event == seal(_note_of(event), order_id=event.order_id, behind=behind)


def misplaced(sequence: int, *, behind: ChainHead) -> Fault | None:
    """Return what the number of the next line that was found says of the lines before it."""
    if sequence > behind.sequence + 1:
        return Fault.MISSING
    return Fault.ADDED if sequence <= behind.sequence else None


def fault_of(event: OrderEvent, *, behind: ChainHead) -> Fault | None:
    """Return what is wrong with the next line; None where it follows.

    Raises:
        ValueError, RecursionError: its body is nothing that could have been sealed.
    """
    if event.previous_digest != behind.digest:
        return Fault.PREVIOUS
    return None if follows(event, behind=behind) else Fault.CONTENT


def where_ends_differ(last: ChainHead, noted: ChainHead) -> int | None:
    """Return the first line that was lost or added at the end; None where both heads agree."""
    if last == noted:
        return None
    if last.sequence == noted.sequence:
        return max(1, last.sequence)
    return min(last.sequence, noted.sequence) + 1


def fault_at_end(last: ChainHead, noted: ChainHead) -> Fault | None:
    """Return what `where_ends_differ` found."""
    if last == noted:
        return None
    if last.sequence == noted.sequence:
        return Fault.HEAD
    return Fault.MISSING if last.sequence < noted.sequence else Fault.ADDED


def first_bad_line(events: Iterable[OrderEvent], *, head: ChainHead) -> int | None:
    """Return the first sequence that was altered, lost or added; None when `head` is reached.

    `events` come in ascending order from the first line on.
    """
    last = GENESIS
    for event in events:
        if not follows(event, behind=last):
            return last.sequence + 1
        last = head_of(event)
    return where_ends_differ(last, head)

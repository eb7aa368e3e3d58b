"""A paper world in a file: a line of JSON for each part of it. See docs/paper-worlds.md.

Law: reading what was written gives an equal world; a file that is not whole is refused with the
line and the reason, and nothing that was read of it is used. Written under its name only when it is
whole. The sum in its last line finds damage, not forgery.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from strikedesk.domain.errors import Denied, DeskError, Misconfigured
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import WholeWorld, WorldLine, WorldRows
from strikedesk.domain.reasons import Reason
from strikedesk.exchange import fields
from strikedesk.exchange.documents import read_ended, read_line
from strikedesk.exchange.fields import Document
from strikedesk.exchange.rows import read_world

FORMAT: Final = "strikedesk-world"
VERSION: Final = 1
_NO_PART: Final = "that is no part of a world"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldFile:
    """A world as it was when its own time was `at`."""

    name: str
    at: datetime
    whole: WholeWorld


def write_world_file(path: Path, file: WorldFile) -> None:
    """Write a world; what was there stays until the new file is whole.

    Raises:
        Denied: INVALID_ARGUMENT, when it cannot be written.
    """
    partial, digest = path.with_name(f"{path.name}.partial"), hashlib.sha256()
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as out:
            for part in _parts(file):
                line = json.dumps(part, separators=(",", ":"), ensure_ascii=False) + "\n"
                digest.update(line.encode())
                out.write(line)
            out.write(json.dumps({"sha256": digest.hexdigest()}) + "\n")
        partial.replace(path)
    except OSError as error:
        use = "a folder that is there and yours"
        raise Denied(
            Reason.INVALID_ARGUMENT, rule="snapshot_can_be_written", file=path.name, use=use
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def read_world_file(path: Path) -> WorldFile:
    """Read a world and prove it whole: every part is decoded once.

    Raises:
        Misconfigured: SNAPSHOT_UNREADABLE.
    """
    reading = _Reading(path)
    for number, document in _documents(path):
        try:
            told = reading.take(document)
        except (DeskError, ValueError, ArithmeticError) as error:
            raise _unreadable(path, _NO_PART, line=number) from error
        if told is not None:
            raise _unreadable(path, told, line=number)
    return reading.finished()


def _parts(file: WorldFile) -> Iterator[Document]:
    rows, lines = file.whole.rows, file.whole.lines
    counts = {"accounts": len(rows.accounts), "orders": len(rows.orders), "lines": len(lines)}
    head = {"format": FORMAT, "version": VERSION, "world": file.name, "at": file.at.isoformat()}
    yield {**head, **counts}
    yield {"header": rows.header}
    for key, document in rows.accounts.items():
        yield {"account": key, "document": document}
    for key, document in rows.orders.items():
        yield {"order": key, "document": document}
    for line in lines:
        yield {
            "line": line.line_id,
            "book": line.account_id,
            "at": line.at.isoformat(),
            "document": line.document,
        }


def _documents(path: Path) -> Iterator[tuple[int, Document]]:
    """Yield the parts with the numbers of their lines, once the sum was found right at the end."""
    for number, text in enumerate(_summed(path), start=1):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _unreadable(path, "that is no JSON", line=number) from error
        if not isinstance(document, dict):
            raise _unreadable(path, "that is no JSON object", line=number)
        yield number, cast("Document", document)


def _summed(path: Path) -> Sequence[str]:
    """Return the lines before the last, which is their sum."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is no UTF-8 text") from error
    except OSError as error:
        raise _unreadable(path, "it cannot be opened") from error
    *lines, last, after = [*text.split("\n"), ""] if not text.endswith("\n") else text.split("\n")
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    if after or last != json.dumps({"sha256": digest}):
        why = "it was cut short or changed: the sum in its last line does not fit"
        raise _unreadable(path, why, line=len(lines) + 1)
    return lines


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    path: Path
    head: Document = field(default_factory=dict[str, Json])
    header: Document = field(default_factory=dict[str, Json])
    accounts: dict[str, Document] = field(default_factory=dict[str, Document])
    orders: dict[str, Document] = field(default_factory=dict[str, Document])
    lines: dict[str, WorldLine] = field(default_factory=dict[str, WorldLine])

    def take(self, part: Document) -> str | None:
        """Read one line; return what is wrong with it where that can be said.

        Raises:
            DeskError, ValueError, ArithmeticError: it is no part of a world.
        """
        match part:
            case {"format": str(name), "version": int(version)} if not self.head:
                self.head = part
                return _strange(name, version)
            case _ if not self.head:
                return "it does not begin as a world does"
            case {"header": Mapping()} if not self.header:
                self.header = fields.part(part, "header")
            case {"account": str(key), "document": Mapping()}:
                self.accounts[key] = fields.part(part, "document")
            case {"order": str(key), "document": Mapping()}:
                self.orders[key] = fields.part(part, "document")
            case {"line": str(key), "book": str(book)} if key not in self.lines:
                self.lines[key] = _line(key, book, part)
            case _:
                return _NO_PART
        return None

    def finished(self) -> WorldFile:
        """Return the world.

        Raises:
            Misconfigured: SNAPSHOT_UNREADABLE.
        """
        rows = WorldRows(header=self.header, accounts=self.accounts, orders=self.orders)
        try:
            read_world(rows)
            self._check_counts()
            return WorldFile(
                name=fields.text(self.head, "world"),
                at=fields.instant(self.head, "at"),
                whole=WholeWorld(rows=rows, lines=tuple(self.lines.values())),
            )
        except (DeskError, ValueError, ArithmeticError) as error:
            why = "its accounts, orders and header make no world"
            raise _unreadable(self.path, why) from error

    def _check_counts(self) -> None:
        for name in ("accounts", "orders", "lines"):
            if fields.whole(self.head, name) != len(getattr(self, name)):
                raise ValueError(name)


def _strange(name: str, version: int) -> str | None:
    if name != FORMAT:
        return "it does not begin as a world does"
    return None if version == VERSION else f"version {version}, and this program reads {VERSION}"


def _line(key: str, book: str, part: Document) -> WorldLine:
    document = fields.part(part, "document")
    (read_ended if "request" in document else read_line)(document)
    return WorldLine(line_id=key, account_id=book, at=fields.instant(part, "at"), document=document)


def _unreadable(path: Path, why: str, *, line: int | None = None) -> Misconfigured:
    return Misconfigured(Reason.SNAPSHOT_UNREADABLE, file=path.name, line=line, why=why)

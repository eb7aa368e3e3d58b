"""`strikedesk audit export`: the trail as a file, for whoever checks or reads it elsewhere."""

import asyncio
import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from strikedesk.cli.auditing import Progress, counted, sentence, span, written
from strikedesk.cli.trail_forms import Format
from strikedesk.cli.whole_file import written_whole
from strikedesk.domain.canonical import canonical_json
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, OrderEvent
from strikedesk.domain.reasons import Reason
from strikedesk.logs.known import Known
from strikedesk.logs.redaction import Redactor
from strikedesk.logs.scrubber import Scrubber
from strikedesk.settings import Settings, load
from strikedesk.store.chain import exported
from strikedesk.wiring import open_store

if TYPE_CHECKING:
    from _hashlib import HASH

    from strikedesk.store.trail import TrailReport

COLUMNS: Final = (
    "sequence", "at", "order_id", "actor", "path", "kind", "body", "previous_digest", "digest",
    "redacted",
)  # fmt: skip
# A cell that begins so is a formula to a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Lines from `since` on, before `until`, up to the number `through`; UTC, None = no bound."""

    since: datetime | None = None
    until: datetime | None = None
    through: int | None = None

    def holds(self, event: OrderEvent) -> bool:
        """Whether a line is of it."""
        after = self.since is None or event.at >= self.since
        before = self.until is None or event.at < self.until
        return after and before and (self.through is None or event.sequence <= self.through)


@dataclass(slots=True, kw_only=True)
class Export:
    """A file that is being written: how many lines, how many of them masked, and its SHA-256."""

    file: BinaryIO
    form: Format
    redactor: Redactor
    lines: int = 0
    masked: int = 0
    sum: "HASH" = field(default_factory=hashlib.sha256)

    def begin(self) -> None:
        """Write what stands above the lines."""
        if self.form is Format.CSV:
            self._write(_cells(COLUMNS))

    def add(self, line: OrderEvent) -> None:
        """Write a line, without what must not leave."""
        told = without_secrets(exported(line), self.redactor)
        self.lines += 1
        self.masked += "redacted" in told
        self._write(_csv_row(told) if self.form is Format.CSV else _json_row(told))

    def warned(self) -> list[str]:
        """Return what to tell of lines that had to be masked."""
        told = f"{counted(self.masked)} held what looks like a secret, which is masked there."
        return [told] if self.masked else []

    def told(self, out: Path) -> str:
        """Return what the owner is told of the file."""
        return f"{out}: {counted(self.lines)}; SHA-256 {self.sum.hexdigest()}"

    def _write(self, text: str) -> None:
        raw = text.encode()
        self.sum.update(raw)
        self.file.write(raw)


def export(out: Path, form: Format, stretch: Stretch, progress: Progress) -> list[str]:
    """Write the lines of a time to a new file. Returns what to tell the owner.

    Raises:
        Denied: INVALID_ARGUMENT, when `out` exists; else as `exported_file`.
    """
    new_file(out)
    done, report = exported_file(out, form, stretch, load(), progress)
    return [
        done.told(out),
        f"The whole trail was verified: {span(report)}. Its head is {written(report.head)}",
        *done.warned(),
    ]


def new_file(out: Path) -> None:
    """Refuse a file that is there already.

    Raises:
        Denied: INVALID_ARGUMENT.
    """
    if out.exists():
        raise Denied(Reason.INVALID_ARGUMENT, rule="export_file_is_new", file=out.name)


def exported_file(
    out: Path, form: Format, stretch: Stretch, settings: Settings, progress: Progress
) -> "tuple[Export, TrailReport]":
    """Write the lines of a stretch, and verify the whole trail on the way.

    Raises:
        Denied: DATABASE_UNREADABLE, with the line that is bad: such a trail is not exported.
    """
    with written_whole(out.absolute()) as file:
        done = Export(file=file, form=form, redactor=_redactor(settings))
        report = asyncio.run(_write(settings, done, stretch, progress))
    return done, report


async def _write(
    settings: Settings, done: Export, stretch: Stretch, progress: Progress
) -> "TrailReport":
    from strikedesk.store.trail import SqlTrail, TrailCheck  # noqa: PLC0415 -- needs SQLAlchemy

    done.begin()
    check = TrailCheck()
    async with (
        open_store(settings) as database,
        aclosing(SqlTrail(database).lines(check, progress=progress)) as lines,
    ):
        async for line in lines:
            if stretch.holds(line):
                done.add(line)
    if check.bad is not None:
        raise Denied(Reason.DATABASE_UNREADABLE, problem=sentence(check.bad))
    return check.report()


def without_secrets(told: dict[str, Json], redactor: Redactor) -> dict[str, Json]:
    """Return a line as it may leave: one that had to be masked says so, and proves no digest."""
    text = canonical_json(told)
    masked = redactor.masked(text)
    return told if masked == text else {**json.loads(masked), "redacted": True}


def _redactor(settings: Settings) -> Redactor:
    secrets = (settings.vault_key, settings.database_url, settings.redis_url)
    known = Known()
    for secret in secrets:
        if secret is not None:
            known.hear(secret)
    return Redactor(Scrubber(known))


def _json_row(told: Mapping[str, Json]) -> str:
    return f"{canonical_json(told)}\n"


def _csv_row(told: Mapping[str, Json]) -> str:
    plain = {**told, "body": canonical_json(told["body"])}
    return _cells([plain.get(name) for name in COLUMNS])


def _cells(row: Sequence[Json]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in row])
    return text.getvalue()


def _harmless(cell: Json) -> Json:
    """Keep a spreadsheet from taking a text for a formula: an apostrophe goes before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

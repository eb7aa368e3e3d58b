"""A halt by a file: what the owner can do when nothing of the desk answers any more."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from strikedesk.domain.ledger import Halt, HeldBy, Note
from strikedesk.domain.ports import Clock, HaltSwitch

_LIES: Final = "a file HALT lies in the desk's home folder"
_UNSEEN: Final = "whether a file HALT lies in the desk's home folder cannot be told"


class FiledHaltSwitch:
    """See `HaltSwitch`. A stored switch that is engaged also while there is a certain file.

    Law: anything of that name halts, also a folder or a link to nowhere, and so does whatever
    keeps us from looking. The switch is all that `engage` and `release` move; the file is put and
    removed by hand.
    """

    def __init__(self, stored: HaltSwitch, file: Path, *, clock: Clock) -> None:
        """Hold this switch and watch this file; the clock dates what has no date of its own."""
        self._stored = stored
        # A path that is text already: it is looked at twice for every order.
        self._file, self._folder = str(file), str(file.parent)
        self._clock = clock

    async def engaged(self) -> Halt | None:
        """See `HaltSwitch.engaged`. The file is looked for last, a moment before a send."""
        stored = await self._stored.engaged()
        filed = self._filed()
        if filed is None or stored is None:
            return stored or filed
        return replace(stored, held_by=HeldBy.BOTH)

    async def engage(self, halt: Halt) -> None:
        """See `HaltSwitch.engage`."""
        await self._stored.engage(halt)

    async def release(self, note: Note) -> None:
        """See `HaltSwitch.release`. While the file lies there trading stays halted."""
        await self._stored.release(note)

    def _filed(self) -> Halt | None:
        try:
            seen = os.lstat(self._file)
        except FileNotFoundError:
            # Without its folder nobody can tell: a disk that is not mounted has no files.
            there = os.path.isdir(self._folder)  # noqa: PTH112 -- a text, as above
            return None if there else self._halt(_UNSEEN, None)
        except (OSError, ValueError):
            return self._halt(_UNSEEN, None)
        return self._halt(_LIES, seen.st_mtime)

    def _halt(self, why: str, put_at: float | None) -> Halt:
        return Halt(since=self._dated(put_at), actor="file", why=why, held_by=HeldBy.FILE)

    def _dated(self, put_at: float | None) -> datetime:
        """Return when the file was put there, as far as its date makes sense."""
        now = self._clock.now()
        try:
            return now if put_at is None else min(now, datetime.fromtimestamp(put_at, UTC))
        except (OSError, OverflowError, ValueError):
            return now

"""The scans there are: those that come with the desk, and those that somebody saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import Clock, SavedScan, SavedScans
from strikedesk.domain.reasons import Reason
from strikedesk.quant.strategies.patterns import Pattern
from strikedesk.scan.definition import Scan
from strikedesk.scan.library import starter_texts
from strikedesk.scan.reading import UNNAMED, is_scan_name, scan_of
from strikedesk.scan.toml_table import BadScanError

SCANS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfScan:
    """A scan of the shelf. `scan` is None where its text does not load: `problem` says why.

    `updated_at` is None of a starter.
    """

    name: str
    definition: str
    scan: Scan | None
    problem: str | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanBook:
    """Reads and edits the scans. Starters are read only.

    `patterns` tells which strategies have a name now.
    """

    scans: SavedScans
    clock: Clock
    patterns: Callable[[], Sequence[Pattern]]

    async def all(self) -> tuple[ShelfScan, ...]:
        """Return saved scans, then starters, each by name."""
        starters = (self._shelf(name, text, None) for name, text in starter_texts().items())
        return (*await self.saved(), *starters)

    async def saved(self) -> tuple[ShelfScan, ...]:
        """Return the saved scans alone, by name."""
        return tuple(
            self._shelf(each.name, each.definition, each.updated_at)
            for each in await self.scans.all()
        )

    async def named(self, name: str) -> ShelfScan:
        """Return one scan.

        Raises:
            Denied: INVALID_ARGUMENT when there is none of that name.
        """
        found = await self.all()
        scan = next((each for each in found if each.name == name.casefold()), None)
        if scan is None:
            there_are = ", ".join(each.name for each in found)
            raise Denied(Reason.INVALID_ARGUMENT, argument="name", there_are=there_are)
        return scan

    async def loaded(self, name: str) -> Scan:
        """Return one scan, ready to run.

        Raises:
            Denied: INVALID_ARGUMENT when there is none of that name, or it does not load.
        """
        found = await self.named(name)
        if found.scan is None:
            raise Denied(Reason.INVALID_ARGUMENT, argument="name", problem=found.problem)
        return found.scan

    async def save(self, definition: str) -> Scan:
        """Keep a scan under the name it gives itself, in the place of one of that name.

        Raises:
            Denied: INVALID_ARGUMENT for a text that does not load (with the line), has no name or a
                starter's, cannot run by itself as it says, or when there are `SCANS_MAX` others.
        """
        scan = self.read(definition)
        if (problem := _why_not_kept(scan)) is not None:
            raise Denied(Reason.INVALID_ARGUMENT, argument="definition", problem=problem)
        saved = SavedScan(name=scan.name, definition=definition, updated_at=self.clock.now())
        if not await self.scans.save(saved, SCANS_MAX):
            raise Denied(Reason.INVALID_ARGUMENT, argument="definition", scans_at_most=SCANS_MAX)
        return scan

    async def remove(self, name: str) -> None:
        """Drop a saved scan.

        Raises:
            Denied: INVALID_ARGUMENT when none is saved under that name.
        """
        if not is_scan_name(name.casefold()) or not await self.scans.remove(name.casefold()):
            saved = ", ".join(each.name for each in await self.scans.all()) or "none"
            raise Denied(Reason.INVALID_ARGUMENT, argument="remove", saved_are=saved)

    def read(self, definition: str) -> Scan:
        """Return the scan that a text defines.

        Raises:
            Denied: INVALID_ARGUMENT, with the line and what is wrong there.
        """
        try:
            return scan_of(definition, self.patterns())
        except BadScanError as bad:
            raise Denied(
                Reason.INVALID_ARGUMENT, argument="definition", line=bad.line, problem=bad.problem
            ) from None

    def _shelf(self, name: str, definition: str, updated_at: datetime | None) -> ShelfScan:
        scan, problem = None, None
        try:
            scan = scan_of(definition, self.patterns())
        except BadScanError as bad:
            problem = str(bad)
        return ShelfScan(
            name=name, definition=definition, scan=scan, problem=problem, updated_at=updated_at
        )


def _why_not_kept(scan: Scan) -> str | None:
    """Say what to change in a scan that loads before it can be kept."""
    if scan.name == UNNAMED or scan.name in starter_texts():
        return 'give it a name of its own, as name = "my condor" in its first line'
    if scan.lacks_account:
        return 'it runs by itself: say under [portfolio] for whom, as account = "paper-margin"'
    return None

"""Saved scans made of memory."""

from dataclasses import dataclass, field

from strikedesk.domain.ports import SavedScan


@dataclass(slots=True)
class MemorySavedScans:
    """Keeps scans for the life of the process."""

    scans: dict[str, SavedScan] = field(default_factory=dict[str, SavedScan])

    async def all(self) -> tuple[SavedScan, ...]:
        """See `SavedScans.all`."""
        return tuple(self.scans[name] for name in sorted(self.scans))

    async def save(self, scan: SavedScan, most: int) -> bool:
        """See `SavedScans.save`."""
        if len(self.scans.keys() - {scan.name}) >= most:
            return False
        self.scans[scan.name] = scan
        return True

    async def remove(self, name: str) -> bool:
        """See `SavedScans.remove`."""
        return self.scans.pop(name, None) is not None

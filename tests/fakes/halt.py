"""A halt switch made of memory."""

from dataclasses import dataclass

from strikedesk.domain.ledger import Halt, Note


@dataclass(slots=True)
class MemoryHalt:
    """Holds the halt in force, for the life of the process."""

    halt: Halt | None = None

    async def engaged(self) -> Halt | None:
        """See `HaltSwitch.engaged`."""
        return self.halt

    async def engage(self, halt: Halt) -> None:
        """See `HaltSwitch.engage`."""
        self.halt = self.halt or halt

    async def release(self, note: Note) -> None:
        """See `HaltSwitch.release`."""
        self.halt = None

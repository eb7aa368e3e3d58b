"""A halt switch made of memory."""

from dataclasses import dataclass, field

from strikedesk.domain.accounts import Environment
from strikedesk.domain.ledger import Halt, Note

Place = tuple[str, Environment]


@dataclass(slots=True)
class MemoryHalt:
    """Holds the halt in force, and what failed in a row, for the life of the process.

    `stays`: something holds it that no release moves.
    """

    halt: Halt | None = None
    stays: bool = False
    failed: dict[Place, list[str]] = field(default_factory=dict[Place, list[str]])

    async def engaged(self) -> Halt | None:
        """See `HaltSwitch.engaged`."""
        return self.halt

    async def engage(self, halt: Halt) -> None:
        """See `HaltSwitch.engage`."""
        self.halt = self.halt or halt

    async def release(self, note: Note) -> None:
        """See `HaltSwitch.release`."""
        if self.halt is not None:
            self.failed.clear()
        self.halt = self.halt if self.stays else None

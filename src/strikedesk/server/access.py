"""What calling a tool can do: its annotations, and the scope it needs."""

from dataclasses import dataclass
from typing import Final

from mcp.types import ToolAnnotations


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What calling a tool can do.

    Law: whatever is not `reads_only` needs the scope `trade`, and is absent from a read-only
    server. `open_world` says that somebody else's system is asked.
    """

    reads_only: bool
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = True

    @property
    def annotations(self) -> ToolAnnotations:
        """The hints that a client shows or asks by."""
        return ToolAnnotations(
            read_only_hint=self.reads_only,
            destructive_hint=self.destructive,
            idempotent_hint=self.idempotent,
            open_world_hint=self.open_world,
        )


READS: Final = Access(reads_only=True)
RECALLS: Final = Access(reads_only=True, open_world=False)
# A preview changes nothing at the broker, but it writes a row and mints the nonce that confirms
# it: called twice it makes two.
PREVIEWS: Final = Access(reads_only=False, idempotent=False)
EDITS: Final = Access(reads_only=False, destructive=True, open_world=False)
STOPS: Final = Access(reads_only=False, open_world=False)
# Confirming again with the same nonce returns the recorded outcome, hence idempotent.
MOVES_MONEY: Final = Access(reads_only=False, destructive=True)

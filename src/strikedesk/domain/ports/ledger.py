"""The memory of the order path, and its stop."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import Approval
from strikedesk.domain.breaker import FailuresInRow
from strikedesk.domain.ledger import (
    Halt,
    Note,
    OrderEvent,
    OrderRecord,
    PreviewRecord,
    Progress,
)
from strikedesk.domain.usage import Allowance, Used, Window


class Ledger(Protocol):
    """The memory of the order path. Every method is one durable transaction.

    Durable means committed with a sync to disk before the method returns.
    """

    async def open_preview(self, preview: PreviewRecord, note: Note) -> None:
        """Write the order row (previewed), its preview and its nonce; of a group, every row.

        Law: as long as a group has not left, and while nobody knows what came of it, whatever moves
        its first row moves those of its others that stand where it stood, in the same transaction;
        each row has a line of its own in the trail. See `Progress.others`.
        """
        ...

    async def preview(self, preview_id: str) -> PreviewRecord | None:
        """Return a preview with its order row as it stands now."""
        ...

    async def claim(
        self,
        preview_id: str,
        *,
        nonce_hash: str,
        binding: str,
        progress: Progress,
        now: datetime,
        note: Note,
        approval: Approval | None = None,
        allowance: Allowance | None = None,
    ) -> OrderRecord | None:
        """Spend the nonce and move its order row, in one transaction; for exactly one caller ever.

        An `approval` is written in the same transaction, for a row that is to await consent.

        Returns the row as it stands after. None, and nothing is written, unless the row is still
        previewed and the nonce is live, matches both hashes, has not expired, and was not created
        after `now` (a clock that went backwards). With an `allowance`, what the order uses is
        written down too, after `admit` heard what others have used; no claim comes in between.

        Raises:
            Denied: APPROVALS_FULL: so many orders await consent already; nothing is written.
            What `allowance.admit` raises; then nothing is written.
        """
        ...

    async def used(self, window: Window) -> Used:
        """Return what confirmed orders have used up of the owner's limits."""
        ...

    async def approval(self, order_id: str) -> Approval | None:
        """Return what a person is, or was, asked about this order."""
        ...

    async def consent(
        self,
        order_id: str,
        *,
        digest: str,
        progress: Progress,
        now: datetime,
        note: Note,
        allowance: Allowance | None = None,
    ) -> OrderRecord | None:
        """Move an order on that a person agreed to; for exactly one caller ever.

        None, and nothing is written, unless the row awaits consent, and its approval is current at
        `now` and for the text of this digest. An `allowance` is taken as `claim` takes one.
        """
        ...

    async def set_code(self, order_id: str, code_hash: str, note: Note) -> bool:
        """Make this the one code that approves; False when the order does not await consent."""
        ...

    async def try_code(self, order_id: str, code_hash: str, note: Note) -> bool:
        """Whether the code is right; a wrong one costs a try and is noted. Without tries, never."""
        ...

    async def mark_unheard(self, order_id: str, why: str, note: Note) -> None:
        """Keep, once, that the client's question led nowhere: it counts for nothing from now on."""
        ...

    async def void(self, preview_id: str, progress: Progress, note: Note) -> None:
        """Kill a live nonce and close its order row, which never left; no-op when spent."""
        ...

    async def advance(
        self, order_id: str, progress: Progress, *, only_from: Collection[str], note: Note
    ) -> OrderRecord | None:
        """Move an order if its state is among `only_from`; return the row as it stands after.

        None when it stood in any other state: nothing was written. This is how `submitting` is
        entered by one process only. So many failures in a row halt trading, in the transaction
        that records the last of them.
        """
        ...

    async def failures_in_row(self, broker: str, environment: Environment) -> FailuresInRow:
        """Return how many orders failed there one after the other since the last that did not."""
        ...

    async def append(self, order_id: str | None, note: Note) -> None:
        """Add a line to the audit trail without changing an order."""
        ...

    async def order(self, order_id: str) -> OrderRecord | None:
        """Return an order by the desk's id."""
        ...

    async def others(self, order_id: str) -> Sequence[OrderRecord]:
        """Return the other orders of the group that this one is the first of, in their order."""
        ...

    async def order_by_client_id(self, client_order_id: str) -> OrderRecord | None:
        """Return an order by the id that the broker was given."""
        ...

    async def order_by_broker_id(self, broker: str, broker_order_id: str) -> OrderRecord | None:
        """Return the newest place or replace row that the broker knows by this id."""
        ...

    async def orders(
        self,
        *,
        account_id: str | None,
        states: Collection[str] | None,
        limit: int,
        offset: int,
        broker: str | None = None,
    ) -> tuple[Sequence[OrderRecord], int]:
        """Return a page, newest first, and how many there are; previews that never left too."""
        ...

    async def events(self, order_id: str) -> Sequence[OrderEvent]:
        """Return the audit lines of one order, oldest first."""
        ...

    async def verify(self) -> int | None:
        """Walk the hash chain; return the sequence of the first bad line, or None."""
        ...


class HaltSwitch(Protocol):
    """The stop. Whatever cannot be read counts as halted."""

    async def engaged(self) -> Halt | None:
        """Return the halt in force, read anew, or None when trading is allowed."""
        ...

    async def engage(self, halt: Halt) -> None:
        """Stop. Idempotent: an earlier halt stays as it was."""
        ...

    async def release(self, note: Note) -> None:
        """Allow trading again. Called by the owner's command and page only."""
        ...

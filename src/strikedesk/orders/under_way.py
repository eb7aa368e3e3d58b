"""Under way: submissions on their way in this process, who waits for them, and whose turn it is."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeAlias
from weakref import WeakValueDictionary

from strikedesk.domain.ledger import OrderRecord, TicketKind

# One lock for each book (account and underlying) that somebody sells from now.
_Turns: TypeAlias = WeakValueDictionary[tuple[str, str], asyncio.Lock]


@dataclass(slots=True)
class _Submission:
    """One preview on its way, and how many callers wait for it."""

    task: asyncio.Task[OrderRecord]
    waiting: int = 0
    begun: bool = False


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Runs each submission once, for all who ask meanwhile, as a task that outlives them.

    As long as it has not begun to spend its nonce, the last of them to leave takes it along.
    """

    _submissions: dict[str, _Submission] = field(default_factory=dict[str, _Submission])
    _turns: _Turns = field(default_factory=_Turns)

    def __contains__(self, preview_id: str) -> bool:
        """Whether the preview is on its way."""
        return preview_id in self._submissions

    async def share(
        self, preview_id: str, run: Callable[[], Coroutine[None, None, OrderRecord]]
    ) -> OrderRecord:
        """Return what comes of `run`, or of the one that is on its way for this preview."""
        submission = self._submissions.get(preview_id) or self._started(preview_id, run)
        submission.waiting += 1
        try:
            return await asyncio.shield(submission.task)
        finally:
            submission.waiting -= 1
            if not submission.waiting and not submission.begun:
                self._forget(preview_id, submission.task)
                submission.task.cancel()

    def begin(self, preview_id: str) -> None:
        """Let nobody take the submission back from now on."""
        self._submissions[preview_id].begun = True

    def turn(
        self, record: OrderRecord, others: Sequence[OrderRecord] = ()
    ) -> AbstractAsyncContextManager[object]:
        """Let orders of one book that sell go one after the other: each must see the one before.

        Two calls over the same shares, confirmed at once, would both be covered else.
        """
        legs = [leg for row in (record, *others) for leg in row.order.legs]
        sells = any(leg.action.sign < 0 for leg in legs)
        if record.kind is TicketKind.CANCEL or not sells:
            return nullcontext()
        return self._turns.setdefault((record.account_id, record.order.underlying), asyncio.Lock())

    async def drain(self) -> None:
        """Wait for all of them to end."""
        while self._submissions:
            await asyncio.wait([each.task for each in self._submissions.values()])

    def _started(
        self, preview_id: str, run: Callable[[], Coroutine[None, None, OrderRecord]]
    ) -> _Submission:
        submission = _Submission(task=asyncio.create_task(run()))
        self._submissions[preview_id] = submission
        submission.task.add_done_callback(lambda task: self._forget(preview_id, task))
        return submission

    def _forget(self, preview_id: str, task: asyncio.Task[OrderRecord]) -> None:
        """Drop a submission that is over, and no other that took its place."""
        submission = self._submissions.get(preview_id)
        if submission is not None and submission.task is task:
            del self._submissions[preview_id]

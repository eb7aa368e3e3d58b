"""`strikedesk orders`: what was sent, what is in doubt, and the owner's word on that."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from strikedesk.cli.consenting import outcome
from strikedesk.cli.office import DOOR, OWNER, open_office
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.states import OrderState
from strikedesk.orders.book import SENT
from strikedesk.orders.reconcile import is_in_doubt
from strikedesk.orders.settle import InDoubt, Settler
from strikedesk.settings import load
from strikedesk.wiring import open_desk

SHOWN_MAX: Final = 200
KEPT: Final = "Nothing was changed."


async def listed(*, unsettled: bool) -> tuple[Sequence[OrderRecord], int]:
    """Return what was sent, newest first, from the ledger alone; or only what is in doubt.

    Beside the rows: how many more there are that were not looked at.
    """
    states = {OrderState.SUBMITTING, OrderState.UNKNOWN} if unsettled else SENT
    async with open_office() as office:
        rows, total = await office.ledger.orders(
            account_id=None, states=states, limit=SHOWN_MAX, offset=0
        )
        now = office.clock.now()
    found = [row for row in rows if not unsettled or is_in_doubt(row, now)]
    return found, total - len(rows)


async def settle(order_id: str, *, placed: str | None, agree: Callable[[str], bool]) -> str:
    """Ask the broker, then the owner, and settle by the owner's word; return what came of it.

    `placed` is the broker's number of the order; None = it never got there.

    Raises:
        Denied: see `Settler`.
    """
    async with _settler() as settler:
        doubt = await settler.look(order_id.strip())
        if not isinstance(doubt, InDoubt):
            return f"There is nothing to settle. {_told(doubt)}"
        if not agree(_question(doubt, placed)):
            return KEPT
        if placed is None:
            return _told(await settler.not_placed(doubt))
        return _told(await settler.placed(doubt, placed))


@asynccontextmanager
async def _settler() -> AsyncGenerator[Settler]:
    """Open the desk; where its broker cannot be opened, the owner's word must do without it."""
    async with AsyncExitStack() as stack:
        try:
            desk = await stack.enter_async_context(open_desk(load()))
        except DeskError:
            office = await stack.enter_async_context(open_office())
            ledger, clock, reconciler = office.ledger, office.clock, None
        else:
            ledger, clock, reconciler = desk.ledger, desk.clock, desk.reconciler
        yield Settler(ledger=ledger, clock=clock, reconciler=reconciler, actor=OWNER, path=DOOR)


def _question(doubt: InDoubt, placed: str | None) -> str:
    as_what = "never placed" if placed is None else f"the broker's order {placed}"
    return (
        f"{doubt.text}\n\nIts broker was asked, if it answers, and did not tell what came of it.\n"
        f"Look at the broker's own site before you go on: nothing is sent, but what is taken for "
        f"{as_what}\nis believed from now on."
    )


def _told(row: OrderRecord) -> str:
    if row.state in SENT:
        return outcome(row)
    return f"Order {row.order_id} was not placed: {row.state.value.replace('_', ' ')}."

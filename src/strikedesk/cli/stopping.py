"""`strikedesk halt` and `resume`: the owner's stop. No tool of the server can resume."""

from collections.abc import Sequence
from typing import Final

from strikedesk.cli.office import DOOR, OWNER, Office, open_office
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Halt, HeldBy, OrderRecord
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.settings import load
from strikedesk.wiring import open_desk

WHY_LENGTH_MAX: Final = 200


async def halt(why: str) -> str:
    """Stop all trading; an earlier halt stays as it was. Returns what to tell the owner.

    Raises:
        Denied: INVALID_ARGUMENT, when `why` is long or cannot be shown.
    """
    if len(why) > WHY_LENGTH_MAX or not why.isprintable():
        raise Denied(Reason.INVALID_ARGUMENT, argument="--why", characters_max=WHY_LENGTH_MAX)
    async with open_office() as office:
        before = await office.halt.engaged()
        new = Halt(since=office.clock.now(), actor=OWNER, why=why)
        await office.halt.engage(new)
        if before is None or before.held_by is HeldBy.FILE:
            await office.ledger.append(None, office.note("halted", why=why))
    already = "" if before is None else " already"
    since = (before or new).since
    return f"Trading is{already} halted since {since:%Y-%m-%d %H:%M:%S} UTC: {(before or new).why}"


async def take_back(*, insisted: bool) -> tuple[Sequence[str], bool]:
    """Cancel the orders at work that open something, if told to here or in the settings.

    What may protect stays. Returns what to tell the owner, and whether all of them were cancelled.
    """
    settings = load()
    if not (insisted or settings.safety.cancel_opening_at_halt):
        return (), True
    async with open_desk(settings) as desk:
        done = await desk.withdrawer(actor=OWNER, path=DOOR, again=True)
    told = [_cancelled(row) for row in done.cancels] or ["No order at work opens anything."]
    if done.kept:
        told.append(f"Left at work, for it may protect something: {_listed(done.kept)}")
    return told, not done.failed


async def resume() -> str:
    """Allow trading again. Returns what to tell the owner.

    Raises:
        Denied: TRADING_HALTED: something else holds it still, the file HALT most likely.
    """
    async with open_office() as office:
        before = await office.halt.engaged()
        if before is None:
            return "Trading was not halted. Nothing was changed."
        await office.halt.release(office.note("resumed", held_by=before.held_by.value))
        left = await office.halt.engaged()
        if left is not None:
            raise _still_halted(office, left)
    return "Trading is allowed again. Orders that the halt refused were not sent: preview anew."


def _cancelled(cancel: OrderRecord) -> str:
    named = f"Order {cancel.target_order_id} ({cancel.order.underlying})"
    if cancel.state is OrderState.CANCELLED:
        return f"{named} is cancelled."
    if cancel.state is OrderState.CANCEL_PENDING:
        return f"{named} is being cancelled; `strikedesk orders list` tells when it is."
    return f"{named} was NOT taken back: {cancel.reason or cancel.state.value}."


def _listed(rows: Sequence[OrderRecord]) -> str:
    return ", ".join(row.order_id for row in rows)


def _still_halted(office: Office, left: Halt) -> Denied:
    if left.held_by is HeldBy.SWITCH:
        return Denied(Reason.TRADING_HALTED, held_by=left.held_by.value, by=left.actor)
    file = str(office.settings.folders.halt_file)
    return Denied(Reason.TRADING_HALTED, still="halted", held_by=left.held_by.value, remove=file)

"""`strikedesk halt` and `resume`: the owner's stop. No tool of the server can resume."""

from typing import Final

from strikedesk.cli.office import OWNER, Office, open_office
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Halt, HeldBy
from strikedesk.domain.reasons import Reason

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


def _still_halted(office: Office, left: Halt) -> Denied:
    if left.held_by is HeldBy.SWITCH:
        return Denied(Reason.TRADING_HALTED, held_by=left.held_by.value, by=left.actor)
    file = str(office.settings.folders.halt_file)
    return Denied(Reason.TRADING_HALTED, still="halted", held_by=left.held_by.value, remove=file)

"""The stop on the owner's page: what holds, and the buttons that halt and resume."""

from html import escape
from typing import TYPE_CHECKING, Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Halt, HeldBy, Note
from strikedesk.domain.reasons import Reason
from strikedesk.web.approvals_page import Told, hidden

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

HALT: Final = "halt"
RESUME: Final = "resume"
_OWNER: Final = "owner"
_PATH: Final = "page"
_WHY: Final = "by the owner, on the page"


def panel(halt: Halt | None, form_token: str) -> str:
    """Return what stands above the orders: may they leave, and the button that changes it."""
    if halt is None:
        told = "<p>Trading is allowed.</p>"
        return _form(told, form_token, '<button name="act" value="halt">Halt trading</button>')
    told = (
        f"<p><strong>Trading is halted</strong> since {_shown(halt)} by {escape(halt.actor)}, "
        f"who says: {escape(halt.why)}</p><p>To resume: {escape(_way_out(halt))}</p>"
    )
    if halt.held_by is HeldBy.FILE:
        return f'<article class="halted">{told}</article>'
    button = '<button name="act" value="resume">Resume trading</button>'
    form = _form(told, form_token, hidden("since", halt.since.isoformat()) + button)
    return f'<article class="halted">{form}</article>'


async def halt(desk: "Desk") -> Told:
    """Stop all trading, and take back what opens where the settings say so."""
    await desk.safety.stop(_WHY, caller=_OWNER, path=_PATH)
    withdrawal = await desk.safety.take_back(actor=_OWNER, path=_PATH)
    if withdrawal.failed:
        return Told("Trading is halted. Not every opening order was taken back.", good=False)
    return Told("Trading is halted.")


async def resume(desk: "Desk", seen: str) -> Told:
    """Allow trading again, if the halt is the one that the owner saw.

    Raises:
        Denied: TRADING_HALTED: by another halt than was shown, or by the file HALT still.
    """
    before = await desk.halt.engaged()
    if before is None:
        return Told("Trading was not halted. Nothing was changed.")
    if before.since.isoformat() != seen:
        raise Denied(Reason.TRADING_HALTED, by="another halt than you saw; look again")
    await desk.halt.release(_note(desk, before))
    left = await desk.halt.engaged()
    if left is not None:
        raise Denied(Reason.TRADING_HALTED, still="halted", held_by=left.held_by.value)
    return Told("Trading is allowed again. What the halt refused was not sent.")


def _note(desk: "Desk", before: Halt) -> Note:
    body = {"held_by": before.held_by.value}
    return Note(at=desk.clock.now(), actor=_OWNER, path=_PATH, kind="resumed", body=body)


def _way_out(halt: Halt) -> str:
    if halt.held_by is HeldBy.SWITCH:
        return "press the button, once you know why."
    return f"{halt.way_out}."


def _shown(halt: Halt) -> str:
    return f"{halt.since:%Y-%m-%d %H:%M:%S} UTC"


def _form(told: str, form_token: str, inside: str) -> str:
    token = hidden("token", form_token)
    return f'<form method="post" action="/approvals">{told}{token}{inside}</form>'

"""`strikedesk approvals`, `approve` and `decline`: the owner's word, which no tool can give."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from strikedesk.cli.office import DOOR, OWNER, Office, open_office
from strikedesk.domain.approvals import Voice
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.money import price_and_effect
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.approvals import Pending
from strikedesk.orders.approve import Said
from strikedesk.settings import load
from strikedesk.wiring import open_desk

NOTHING: Final = "Nothing waits for you."
_HOW: Final = "To send it: strikedesk approve {name}    To refuse it: strikedesk decline {name}"


async def listed() -> str:
    """Return what waits, each as the owner is asked everywhere, with its age and what to do."""
    async with open_office() as office:
        pending = await office.approvals.pending()
        blocks = [await _block(office, each) for each in pending]
    return "\n\n".join(blocks) if blocks else NOTHING


async def approve(name: str) -> Sequence[str]:
    """Send the order that the owner calls so; return what was agreed to, and what came of it.

    Raises:
        Denied, Rejected, Unavailable, OutcomeUnknown: what came of it instead.
    """
    async with open_desk(load()) as desk:
        record = await desk.approvals.named(name)
        pending = await desk.approvals.of(record)
        digest = pending.approval.digest if pending else None
        said = Said(voice=Voice.OWNER, actor=OWNER, path=DOOR, digest=digest)
        row = await desk.approver.approve(record, said)
    return [*([pending.text] if pending else []), outcome(row)]


async def decline(name: str) -> str:
    """Refuse the order that the owner calls so; it is never sent. Needs no broker.

    Raises:
        Denied: APPROVAL_UNKNOWN; ORDER_NOT_WORKING, where it waits no longer.
    """
    async with open_office() as office:
        record = await office.approvals.named(name)
        row = await office.approvals.end(
            record, OrderState.DECLINED, Reason.CONSENT_DECLINED, actor=OWNER, path=DOOR
        )
    if row.state is not OrderState.DECLINED:
        raise Denied(Reason.ORDER_NOT_WORKING, order_id=row.order_id, state=row.state.value)
    return f"Declined. Order {row.order_id} was not sent and never will be."


def outcome(row: OrderRecord) -> str:
    """Return in a sentence what became of an order that was sent."""
    filled = f"{row.filled_units} of {row.order.units} units filled"
    if row.average_net is not None:
        price, effect = price_and_effect(row.average_net)
        filled += f" at {price:f} {effect.value}"
    return f"Sent. Order {row.order_id} is {row.state.value.replace('_', ' ')}: {filled}."


async def _block(office: Office, pending: Pending) -> str:
    """Return one order that waits; a code that the assistant may be given is made for this look."""
    code = await office.approvals.read_out(pending.record, actor=OWNER, path=DOOR)
    told = [pending.text, "", _ages(pending, office.clock.now())]
    if code is not None:
        told.append(f"Or give your assistant this code, once: {code[:4]} {code[4:]}")
    return "\n".join([*told, _HOW.format(name=pending.name)])


def _ages(pending: Pending, now: datetime) -> str:
    approval = pending.approval
    waited, left = now - approval.requested_at, approval.expires_at - now
    return (
        f"Asked {waited.total_seconds():.0f} s ago by {pending.record.caller}, "
        f"ends in {left.total_seconds():.0f} s. Order id {pending.record.order_id}"
    )

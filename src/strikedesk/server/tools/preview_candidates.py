"""preview_candidates: trades that a scan found, previewed one by one like any other order."""

from typing import TYPE_CHECKING, Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.errors import Denied, Rejected, Unavailable
from strikedesk.domain.orders import Leg
from strikedesk.server.arguments import AccountHandle, Quantity
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import preview_answer
from strikedesk.server.scan_arguments import Candidates
from strikedesk.server.schemas import LIST, record_schema
from strikedesk.server.shaping import Value, record
from strikedesk.server.speech import as_data

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

RETURNS: Final = record_schema(previews=LIST)


async def preview_candidates(
    call: Call, account: AccountHandle, candidates: Candidates, quantity: Quantity = 1
) -> Annotated[CallToolResult, RETURNS]:
    """Preview up to 5 trades of a scan, each a day order at the mid of now. Sends nothing.

    candidates: legs as run_scan writes them. Each answers as preview_order does, or is denied.
    """
    desk, caller = await desk_and_caller(call)
    await desk.books.named(account)
    previews: list[Value] = [
        await _preview(desk, account, legs, quantity, caller) for legs in candidates
    ]
    return record({"previews": previews})


async def _preview(
    desk: "Desk", account: str, legs: tuple[Leg, ...], units: int, caller: str
) -> dict[str, Value]:
    """Preview one; that it cannot be keeps nobody from the others."""
    try:
        return preview_answer(await desk.opener(account, legs, units=units, caller=caller))
    except (Denied, Rejected, Unavailable) as error:
        spelled = [f"{leg.signed_quantity:+d} {leg.symbol.compact}" for leg in legs]
        return {"candidate": " ".join(spelled), "denied": as_data(error)}

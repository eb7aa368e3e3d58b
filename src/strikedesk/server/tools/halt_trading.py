"""halt_trading: the stop that anybody may pull and only the owner may lift."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.server.arguments import text
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.schemas import BOOLEAN, INTEGER, TEXT, record_schema
from strikedesk.server.shaping import record

RETURNS: Final = record_schema(
    halted=BOOLEAN, since=TEXT, by=TEXT, orders_taken_back=INTEGER, next_step=TEXT
)
_PATH: Final = "tool:halt_trading"


async def halt_trading(
    call: Call, why: Annotated[str, text()]
) -> Annotated[CallToolResult, RETURNS]:
    """Stop all sending at once, until the owner resumes. Orders at work stay as they are.

    The owner may have set that those which open something are taken back. No tool can undo it: the
    owner runs `strikedesk resume`.
    """
    desk, caller = await desk_and_caller(call)
    halt = await desk.safety.stop(why, caller=caller, path=_PATH)
    withdrawal = await desk.safety.take_back(actor=caller, path=_PATH)
    return record(
        {
            "halted": True,
            "since": halt.since,
            "by": halt.actor,
            "untrusted_why": halt.why,
            "orders_taken_back": len(withdrawal.cancels) - len(withdrawal.failed),
            "next_step": f"Only the owner can resume: {halt.way_out}.",
        }
    )

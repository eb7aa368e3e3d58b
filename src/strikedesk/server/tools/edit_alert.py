"""edit_alert: set an alert on a figure, or remove one."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.domain.alerts import Measure, Side
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.portfolio.alerts import NOTE_MAX
from strikedesk.server.arguments import (
    AccountHandle,
    Identifier,
    OneSymbol,
    choice,
    decimal,
    text,
)
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, TEXT, maybe, record_schema, with_optional
from strikedesk.server.shaping import record
from strikedesk.server.tools.list_alerts import COLUMNS, row_of

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

LEVEL_MAX: Final = Decimal(1_000_000_000)
RETURNS: Final = with_optional(
    record_schema(alert_id=TEXT, removed=BOOLEAN), measure=TEXT, of=TEXT, fired_at=maybe(TEXT)
)

What: TypeAlias = Annotated[Measure, choice(Measure)]
From: TypeAlias = Annotated[Side, choice(Side)]
Level: TypeAlias = Annotated[Decimal, decimal(-LEVEL_MAX, LEVEL_MAX)]
Note: TypeAlias = Annotated[str, text(NOTE_MAX)]


async def edit_alert(
    call: Call,
    measure: What | None = None,
    side: From | None = None,
    level: Level | None = None,
    symbol: OneSymbol | None = None,
    account: AccountHandle | None = None,
    note: Note | None = None,
    remove: Identifier | None = None,
) -> Annotated[CallToolResult, RETURNS]:
    """Set an alert on a figure, or remove one by its id.

    price watches a symbol's mark (USD per share), the others an account's figure (USD), every 15
    seconds. It fires once, is shown by list_alerts, and trades nothing. At most 50.
    """
    desk = await desk_of(call)
    await _check_known(desk, symbol, account)
    if remove is not None:
        _check_alone(measure, side, level, symbol, account, note)
        await desk.alerts.remove(remove)
        return record({"alert_id": remove, "removed": True})
    if measure is None or side is None or level is None:
        raise Denied(Reason.INVALID_ARGUMENT, argument="measure", needed="measure, side and level")
    found = await desk.alerts.add(
        measure, side, level, symbol=symbol, account=account, note=note or ""
    )
    told = dict(zip(COLUMNS, row_of(found), strict=True))
    return record({**told, "removed": False})


async def _check_known(desk: "Desk", symbol: Symbol | None, account: str | None) -> None:
    """Refuse what does not exist: its figure would be waited for in vain."""
    if account is not None:
        await desk.books.named(account)
    if symbol is None or symbol in await desk.market.quotes((symbol,)):
        return
    if (why := await desk.market.why_unquoted(symbol)) != Reason.NO_QUOTE:
        raise Denied(why, symbol=symbol.compact)


def _check_alone(*others: object) -> None:
    if any(each is not None for each in others):
        raise Denied(Reason.INVALID_ARGUMENT, argument="remove", not_with="any other argument")

"""list_positions: what an account holds, and what it comes to."""

from datetime import date
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.accounts import Position
from strikedesk.domain.calendar import days_to_expiration, exchange_date
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.portfolio.books import PositionPage, Total
from strikedesk.server.arguments import AccountHandle, Page
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, OBJECT, TEXT, table_schema
from strikedesk.server.shaping import Cell, Value, table

COLUMNS: Final = (
    "symbol",
    "quantity",
    "average_price",
    "mark",
    "market_value",
    "open_profit",
    "day_profit",
    "days",
    "opened_at",
)
RETURNS: Final = table_schema(
    account=TEXT, simulated=BOOLEAN, as_of=TEXT, market_value=OBJECT, open_profit=OBJECT
)


async def list_positions(
    call: Call, account: AccountHandle, page: Page = 1
) -> Annotated[CallToolResult, RETURNS]:
    """List what an account holds, with totals over all pages.

    quantity is signed (short negative), prices USD per share, value and profits USD before fees,
    day_profit since the last close, days to expiration. A total is null while some rows are
    unknown; `known` sums the rest.
    """
    desk = await desk_of(call)
    found = await desk.books.positions(account, page=page)
    today = exchange_date(found.as_of)
    rows = [_row(position, today) for position in found.rows]
    return table(COLUMNS, rows, found.span, _about(found))


def _about(found: PositionPage) -> dict[str, Value]:
    return {
        "account": found.account.handle,
        "simulated": found.account.simulated,
        "as_of": found.as_of,
        "market_value": _total(found.market_value),
        "open_profit": _total(found.open_profit),
    }


def _total(total: Total) -> dict[str, Value]:
    return {"total": total.amount, "known": total.known, "unknown_rows": total.unknown}


def _row(position: Position, today: date) -> list[Cell]:
    symbol = position.symbol
    expires = symbol.expiration if isinstance(symbol, OptionSymbol) else None
    return [
        symbol.compact,
        position.quantity,
        position.average_price,
        position.mark,
        position.market_value,
        position.open_profit,
        position.day_profit,
        days_to_expiration(today, expires) if expires else None,
        position.opened_at,
    ]

"""list_transactions: an account's book, newest first."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.accounts import Transaction
from strikedesk.domain.codes import plain_number
from strikedesk.portfolio.books import TransactionsPage
from strikedesk.server.arguments import AccountHandle, MarketDay, Page
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, OBJECT, TEXT, table_schema
from strikedesk.server.shaping import Cell, Value, table

COLUMNS: Final = (
    "at",
    "kind",
    "symbol",
    "quantity",
    "price",
    "cash_effect",
    "fees",
    "realized_profit",
    "broker_order_id",
    "untrusted_description",
)
RETURNS: Final = table_schema(account=TEXT, simulated=BOOLEAN, sums_of_page=OBJECT)


async def list_transactions(
    call: Call,
    account: AccountHandle,
    start: MarketDay | None = None,
    end: MarketDay | None = None,
    page: Page = 1,
) -> Annotated[CallToolResult, RETURNS]:
    """List trades, expirations, assignments, dividends, splits and cash movements, newest first.

    start and end are days, both included. cash_effect is USD, fees inside, positive = in;
    realized_profit what a line made final, before fees.
    """
    desk = await desk_of(call)
    found = await desk.books.transactions(account, start=start, end=end, page=page)
    return table(COLUMNS, [_row(line) for line in found.rows], found.span, _about(found))


def _about(found: TransactionsPage) -> dict[str, Value]:
    fees = found.fees
    sums: dict[str, Value] = {
        "cash_effect": found.cash_effect,
        "fees": fees.amount,
        "fees_unknown_rows": fees.unknown,
        "realized_profit": found.realized.amount,
    }
    return {
        "account": found.account.handle,
        "simulated": found.account.simulated,
        "sums_of_page": sums,
    }


def _row(line: Transaction) -> list[Cell]:
    return [
        line.at,
        line.kind,
        line.symbol.compact if line.symbol else None,
        line.moved,
        line.price,
        line.cash_effect,
        line.fees,
        line.realized,
        plain_number(line.order_id),
        line.description,
    ]

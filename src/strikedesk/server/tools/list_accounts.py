"""list_accounts: which accounts there are, and the handles that name them."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.accounts import Account
from strikedesk.domain.pages import PageSpan
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import table_schema
from strikedesk.server.shaping import Cell, table

COLUMNS: Final = (
    "account",
    "number",
    "untrusted_nickname",
    "kind",
    "option_level",
    "environment",
    "simulated",
    "can_trade",
)


async def list_accounts(call: Call) -> Annotated[CallToolResult, table_schema()]:
    """List the accounts of this desk; `account` is the handle that other tools take.

    environment: paper and sandbox cost nothing, live is real money. Numbers are masked.
    option_level, each with those before it: none, covered, long, spreads, naked.
    """
    desk = await desk_of(call)
    rows = [_row(account) for account in await desk.books.all()]
    return table(COLUMNS, rows, PageSpan.whole(len(rows)))


def _row(account: Account) -> list[Cell]:
    return [
        account.handle,
        account.masked,
        account.nickname,
        account.kind,
        account.option_level,
        account.environment,
        account.simulated,
        account.can_trade,
    ]

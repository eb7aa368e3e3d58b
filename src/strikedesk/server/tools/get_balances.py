"""get_balances: what an account is worth, and what it may still spend."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.accounts import Account, Balances
from strikedesk.server.arguments import AccountHandle
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, NUMBER, TEXT, maybe, whole_schema
from strikedesk.server.shaping import Value, record

RETURNS: Final = whole_schema(
    account=TEXT,
    number=TEXT,
    environment=TEXT,
    simulated=BOOLEAN,
    as_of=TEXT,
    net_liquidation=maybe(NUMBER),
    cash=maybe(NUMBER),
    option_buying_power=maybe(NUMBER),
    stock_buying_power=maybe(NUMBER),
    maintenance_margin=maybe(NUMBER),
    maintenance_excess=maybe(NUMBER),
    in_margin_call=maybe(BOOLEAN),
    long_value=maybe(NUMBER),
    short_value=maybe(NUMBER),
    open_profit=maybe(NUMBER),
    realized_profit=maybe(NUMBER),
    day_profit=maybe(NUMBER),
    dividends_paid=maybe(NUMBER),
    dividends_accrued=maybe(NUMBER),
    fees_paid=maybe(NUMBER),
)


async def get_balances(call: Call, account: AccountHandle) -> Annotated[CallToolResult, RETURNS]:
    """Tell what an account is worth: cash, buying power, margin, profit. USD.

    null: the broker did not say. Profits are before fees; fees_paid is the total so far; day_profit
    counts since the last close. Accrued dividends are in net_liquidation, not yet in cash.
    maintenance_excess below 0 at a close is a margin call: until it is met, only close positions.
    """
    desk = await desk_of(call)
    named = await desk.books.named(account)
    return record(_told(named, await desk.books.balances(account)))


def _told(account: Account, balances: Balances) -> dict[str, Value]:
    return {
        "account": account.handle,
        "number": account.masked,
        "environment": account.environment,
        "simulated": account.simulated,
        "as_of": balances.as_of,
        "net_liquidation": balances.net_liquidation,
        "cash": balances.cash,
        "option_buying_power": balances.option_buying_power,
        "stock_buying_power": balances.stock_buying_power,
        "maintenance_margin": balances.maintenance_margin,
        "maintenance_excess": balances.maintenance_excess,
        "in_margin_call": balances.in_margin_call,
        "long_value": balances.long_value,
        "short_value": balances.short_value,
        "open_profit": balances.open_profit,
        "realized_profit": balances.realized_profit,
        "day_profit": balances.day_profit,
        "dividends_paid": balances.dividends_paid,
        "dividends_accrued": balances.dividends_accrued,
        "fees_paid": balances.fees_paid,
    }

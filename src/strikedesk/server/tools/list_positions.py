"""list_positions: what an account holds, and what it comes to."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.calendar import days_to_expiration, exchange_date
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.domain.untraded import Untraded
from strikedesk.market.numbers import decimals, digits
from strikedesk.portfolio.books import Total
from strikedesk.portfolio.exposures import Sum
from strikedesk.portfolio.holdings import Holding
from strikedesk.portfolio.live import LivePage, live_positions, standing
from strikedesk.portfolio.strategies import Group
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
    "iv",
    "delta",
    "gamma",
    "theta",
    "vega",
    "source",
    "days",
    "opened_at",
    "group",
)
GROUP_COLUMNS: Final = (
    "group",
    "underlying",
    "strategy",
    "units",
    "value",
    "open_profit",
    "dollar_delta",
    "theta",
    "vega",
)
UNTRADED_COLUMNS: Final = ("symbol", "kind", "quantity", "average_price", "mark", "market_value")
RETURNS: Final = table_schema(
    account=TEXT,
    simulated=BOOLEAN,
    as_of=TEXT,
    market_value=OBJECT,
    open_profit=OBJECT,
    day_profit=OBJECT,
    dollar_delta=OBJECT,
    theta=OBJECT,
    vega=OBJECT,
    strategies=OBJECT,
    untraded=OBJECT,
)


async def list_positions(
    call: Call, account: AccountHandle, page: Page = 1
) -> Annotated[CallToolResult, RETURNS]:
    """List what an account holds, with totals over all pages.

    quantity is signed, prices USD per share, value and profits USD before fees,
    day_profit since the last close, days to expiration. Greeks are the position's, as american or
    european (source) or the feed's: delta shares, gamma shares per $1, theta USD a day, vega USD a
    point. strategies: what positions may be read as. A total is null while rows are unknown;
    `known` sums the rest. untraded: parts of shares, futures, coins, in no total.
    """
    desk = await desk_of(call)
    known = desk.strategies.known()
    found = await live_positions(
        desk.books, desk.market, account, page=page, patterns=known.patterns
    )
    today = exchange_date(found.page.as_of)
    rows = [[*_row(each, today), _numbers(found, each)] for each in found.rows]
    return table(COLUMNS, rows, found.page.span, _about(found, known.told))


def _about(found: LivePage, unread: Sequence[str]) -> dict[str, Value]:
    page = found.page
    return {
        "account": page.account.handle,
        "simulated": page.account.simulated,
        "as_of": page.as_of,
        "market_value": _total(page.market_value),
        "open_profit": _total(page.open_profit),
        "day_profit": _total(page.day_profit),
        "dollar_delta": _sum(found.dollar_delta),
        "theta": _sum(found.theta),
        "vega": _sum(found.vega),
        "strategies": {
            "columns": GROUP_COLUMNS,
            "rows": [_strategy(number, group) for number, group in found.groups.items()],
            **({"unread": unread} if unread else {}),
        },
        "untraded": {
            "columns": UNTRADED_COLUMNS,
            "rows": [_beside(each) for each in page.untraded],
        },
    }


def _beside(held: Untraded) -> list[Cell]:
    return [
        held.symbol,
        held.kind,
        held.quantity,
        held.average_price,
        held.mark,
        held.market_value,
    ]


def _numbers(found: LivePage, holding: Holding) -> Cell:
    """Return the number of its group, or those of several with plus signs between."""
    numbers = found.numbers_of(holding)
    return numbers[0] if len(numbers) == 1 else "+".join(map(str, numbers)) or None


def _strategy(number: int, group: Group) -> list[Cell]:
    stands = standing(group)
    return [
        number,
        group.underlying,
        group.name,
        group.units,
        stands.value,
        stands.open_profit,
        decimals(stands.dollar_delta, 2),
        decimals(stands.theta, 2),
        decimals(stands.vega, 2),
    ]


def _total(total: Total) -> dict[str, Value]:
    return {"total": total.amount, "known": total.known, "unknown_rows": total.unknown}


def _sum(found: Sum) -> dict[str, Value]:
    return {
        "total": decimals(found.amount, 2),
        "known": decimals(found.known, 2),
        "unknown_rows": found.unknown,
    }


def _row(holding: Holding, today: date) -> list[Cell]:
    position, symbol = holding.position, holding.symbol
    expires = symbol.expiration if isinstance(symbol, OptionSymbol) else None
    return [
        symbol.compact,
        position.quantity,
        position.average_price,
        position.mark,
        position.market_value,
        position.open_profit,
        position.day_profit,
        decimals(holding.volatility, 4),
        *_greeks(holding),
        holding.greeks.source if holding.greeks else None,
        days_to_expiration(today, expires) if expires else None,
        position.opened_at,
    ]


def _greeks(holding: Holding) -> list[Cell]:
    moves = holding.moves
    if moves is None:
        return [None] * 4
    return [
        decimals(moves.delta, 2),
        digits(moves.gamma, 4),
        decimals(moves.theta, 2),
        decimals(moves.vega, 2),
    ]

"""size_position: how many units of a trade, by which rule."""

from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.portfolio.sizing import Policy, Sizing, Trade, size_of
from strikedesk.server.arguments import AccountHandle, Underlying, decimal, fraction
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, INTEGER, NUMBER, TEXT, maybe, table_schema
from strikedesk.server.shaping import Cell, Value, table

Usd: TypeAlias = Annotated[Decimal, decimal(Decimal("0.01"), Decimal(100_000_000))]
Share: TypeAlias = Annotated[float, fraction(0.0, 1.0)]
Delta: TypeAlias = Annotated[Decimal, decimal(Decimal(-1_000_000), Decimal(1_000_000))]

COLUMNS: Final = ("rule", "units", "basis")
RETURNS: Final = table_schema(
    account=TEXT,
    simulated=BOOLEAN,
    as_of=TEXT,
    net_liquidation=maybe(NUMBER),
    option_buying_power=maybe(NUMBER),
    units=maybe(INTEGER),
    binding=maybe(TEXT),
    loss=maybe(NUMBER),
)


async def size_position(
    call: Call,
    account: AccountHandle,
    unit_loss: Usd,
    unit_profit: Usd | None = None,
    win_probability: Share | None = None,
    unit_buying_power: Usd | None = None,
    underlying: Underlying | None = None,
    unit_delta: Delta | None = None,
    risk_fraction: Share = 0.02,
    kelly_fraction: Share = 0.25,
    kelly_ceiling: Share = 0.05,
    volatility_target: Share = 0.1,
    buying_power_share: Share = 0.25,
) -> Annotated[CallToolResult, RETURNS]:
    """Tell how many units of a trade an account bears by four rules, and which one binds.

    Take unit_loss, unit_profit (USD) and unit_buying_power of one unit from preview_order;
    unit_delta in shares. Without its figures a rule has null units and says what it lacks. `units`
    is the least. Advice from your figures: it sends nothing, and the owner's limits still hold.
    """
    desk = await desk_of(call)
    found = await size_of(
        desk.books,
        desk.market,
        account,
        trade=Trade(
            loss=unit_loss,
            profit=unit_profit,
            win_probability=None if win_probability is None else _exact(win_probability),
            buying_power=unit_buying_power,
            underlying=underlying,
            delta=unit_delta,
        ),
        policy=Policy(
            risk=_exact(risk_fraction),
            kelly_part=_exact(kelly_fraction),
            kelly_ceiling=_exact(kelly_ceiling),
            volatility=_exact(volatility_target),
            buying_power=_exact(buying_power_share),
        ),
    )
    rows: list[list[Cell]] = [[each.rule, each.units, each.basis] for each in found.sizes]
    return table(COLUMNS, rows, PageSpan.whole(len(rows)), _about(found))


def _about(found: Sizing) -> dict[str, Value]:
    binding = found.binding
    return {
        "account": found.account.handle,
        "simulated": found.account.simulated,
        "as_of": found.balances.as_of,
        "net_liquidation": found.balances.net_liquidation,
        "option_buying_power": found.balances.option_buying_power,
        "units": binding.units if binding else None,
        "binding": binding.rule if binding else None,
        "loss": found.loss,
    }


def _exact(share: float) -> Decimal:
    """Return a fraction as it is written."""
    return Decimal(str(share))

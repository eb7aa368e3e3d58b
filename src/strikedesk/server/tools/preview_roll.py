"""preview_roll: where an option could go, and the order that moves it there."""

from decimal import Decimal
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.market.numbers import decimals
from strikedesk.orders.closing import RollRequest
from strikedesk.portfolio.rolls import RollProposal, RollTable, roll_table
from strikedesk.server.arguments import AccountHandle, Contract, Day, Price, Quantity
from strikedesk.server.call import Call, desk_and_caller
from strikedesk.server.order_answers import PREVIEW, preview_answer
from strikedesk.server.order_arguments import EffectWord, ForceWord
from strikedesk.server.schemas import LIST, either
from strikedesk.server.shaping import Cell, Value, record, table

COLUMNS: Final = (
    "new_expiration",
    "days",
    "new_strike",
    "credit",
    "natural",
    "per_day",
    "delta",
    "break_even",
    "why",
)
ROLL: Final = either(PREVIEW, columns=LIST, rows=LIST)


async def preview_roll(
    call: Call,
    account: AccountHandle,
    symbol: Contract,
    other_leg: Contract | None = None,
    new_expiration: Day | None = None,
    new_strike: Price | None = None,
    quantity: Quantity | None = None,
    price: Price | None = None,
    price_effect: EffectWord | None = None,
    time_in_force: ForceWord = TimeInForce.DAY,
) -> Annotated[CallToolResult, ROLL]:
    """Preview closing an option position and opening its like elsewhere, as one order.

    Give new_expiration, new_strike or both; without a price the mid is proposed. Send with
    confirm_order. With neither it only proposes rows, and no nonce: credit at the mid and natural,
    USD per share, negative = paid; delta and break_even of what is held then. other_leg: a spread's
    second contract, which moves along by as many dollars.
    """
    desk, caller = await desk_and_caller(call)
    if new_expiration is new_strike is price is price_effect is None:
        contracts = (symbol, *((other_leg,) if other_leg else ()))
        return _proposed(await roll_table(desk.market, await desk.books.held(account), contracts))
    request = RollRequest(
        account=account,
        symbol=symbol,
        other=other_leg,
        new_expiration=new_expiration,
        new_strike=new_strike,
        quantity=quantity,
        price=price,
        price_effect=price_effect,
        time_in_force=time_in_force,
    )
    return record(preview_answer(await desk.closer.roll(request, caller=caller)))


def _proposed(found: RollTable) -> CallToolResult:
    about: dict[str, Value] = {"as_of": found.as_of, "spot": found.spot, "units": found.units}
    rows = [_row(each) for each in found.proposals]
    return table(COLUMNS, rows, PageSpan.whole(len(rows)), about)


def _row(each: RollProposal) -> list[Cell]:
    first: OptionSymbol = each.contracts[0]
    return [
        first.expiration,
        each.days,
        first.strike,
        each.mid,
        each.natural,
        None if each.per_day is None else each.per_day.quantize(Decimal("0.0001")),
        decimals(each.delta, 3),
        _joined(each.break_evens),
        each.why,
    ]


def _joined(prices: tuple[Decimal, ...] | None) -> Cell:
    """Return one price as it is, and several, or none, as text."""
    if prices is None:
        return None
    return prices[0] if len(prices) == 1 else "/".join(f"{each:f}" for each in prices)

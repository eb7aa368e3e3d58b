"""Facts that only some owners ask for: read from the broker where their limit is set."""

from collections.abc import Sequence
from decimal import Decimal

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.payoff import Holding, holdings_of
from strikedesk.domain.ports import Broker
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.value_class import value_class


@value_class
class Deltas:
    """Shares that the underlying stands for, before an order and after; `None` = unknown."""

    before: Decimal | None = None
    after: Decimal | None = None


async def deltas_of(broker: Broker, order: OrderRequest, held: Sequence[Holding]) -> Deltas:
    """Return the deltas of what is held in the underlying, and with the order's legs beside it.

    Source: the Greeks of the broker's chain; one contract without them leaves its sum unknown.
    """
    deltas = await _by_contract(broker, order, held)
    before, added = _sum(held, deltas), _sum(holdings_of(order), deltas)
    after = None if before is None or added is None else before + added
    return Deltas(before=before, after=after)


async def excess_of(broker: Broker, account_id: str) -> Decimal | None:
    """Return the USD that the account has beyond its maintenance margin now."""
    return (await broker.balances(account_id)).maintenance_excess


async def _by_contract(
    broker: Broker, order: OrderRequest, held: Sequence[Holding]
) -> dict[Symbol, Decimal]:
    symbols = [each.symbol for each in (*held, *holdings_of(order))]
    days = {symbol.expiration for symbol in symbols if isinstance(symbol, OptionSymbol)}
    if not days:
        return {}
    chain = await broker.chain(EquitySymbol(order.underlying), days)
    return {
        row.contract: Decimal(str(row.greeks.delta))
        for row in chain.rows
        if row.greeks is not None and row.greeks.delta is not None
    }


def _sum(holdings: Sequence[Holding], deltas: dict[Symbol, Decimal]) -> Decimal | None:
    total = Decimal(0)
    for holding in holdings:
        if not isinstance(holding.symbol, OptionSymbol):
            total += holding.quantity
        elif holding.symbol in deltas:
            total += deltas[holding.symbol] * holding.quantity * SHARES_PER_CONTRACT
        else:
            return None
    return total

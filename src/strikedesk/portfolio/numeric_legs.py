"""Holdings and dividends as the numerics take them. numpy is imported when this is first called."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.events import Dividend
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.portfolio.holdings import Holding

if TYPE_CHECKING:
    from strikedesk.quant.cash_dividends import CashDividends
    from strikedesk.quant.strategies import legs as numerics

_DAYS_PER_YEAR: Final = 365.0


def numeric(holding: Holding, carry: float = 1.0) -> "numerics.Leg":
    """Return a holding as a leg; of an option, one that has not ended."""
    from strikedesk.quant.strategies.legs import Kind, Leg  # noqa: PLC0415 -- with what uses it

    symbol, quantity = holding.symbol, holding.position.quantity
    if not isinstance(symbol, OptionSymbol):
        return Leg(kind=Kind.SHARE, quantity=quantity)
    return Leg(
        kind=Kind.CALL if symbol.right is Right.CALL else Kind.PUT,
        quantity=quantity,
        strike=float(symbol.strike),
        years=holding.years or 0.0,
        carry=carry,
    )


def cash_ahead(dividends: Sequence[Dividend], now: datetime) -> "CashDividends":
    """Return what shares will pay from tomorrow on, each day's dividends as one."""
    from strikedesk.quant.cash_dividends import CashDividends  # noqa: PLC0415 -- imports numpy

    today = exchange_date(now)
    paid: defaultdict[date, float] = defaultdict(float)
    for each in dividends:
        if each.day > today and each.amount > 0:
            paid[each.day] += float(each.amount)
    return CashDividends.of([(day - today).days / _DAYS_PER_YEAR for day in paid], [*paid.values()])

"""The ratio that a pair of orders waits for: the price of the first one's leg to the second's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import ge, le
from typing import Final

from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import multiplier_of
from strikedesk.sandbox.wire import decimal

COMPARATORS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {"gte": ge, "lte": le}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """When a pair is released. `on_notional`: dollars are compared, and not prices a share."""

    comparator: str
    threshold: Decimal
    on_notional: bool

    def is_met(self, orders: tuple[OrderRequest, ...], quotes: Mapping[Symbol, Quote]) -> bool:
        """Whether the market has come to it; it has not where a price is missing."""
        first, second = (self._worth(order, quotes) for order in orders)
        if first is None or not second:
            return False
        return COMPARATORS[self.comparator](first, self.threshold * second)

    def told(self) -> dict[str, Json]:
        """Return it as a complex order has it."""
        return {
            "ratio-price-comparator": self.comparator,
            "ratio-price-threshold": decimal(self.threshold),
            "ratio-price-is-threshold-based-on-notional": self.on_notional,
        }

    def _worth(self, order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> Decimal | None:
        (leg,) = order.legs
        quote = quotes.get(leg.symbol)
        if quote is None or quote.mark is None:
            return None
        return quote.mark * (leg.quantity * multiplier_of(leg.symbol) if self.on_notional else 1)

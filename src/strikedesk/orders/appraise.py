"""Looks at an order in the light of the market and the book: figures, then the limits' verdict."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.ports import Broker, Quotes
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.orders.draft import rest_of
from strikedesk.orders.figures import Figures, figures_of
from strikedesk.orders.surroundings import surroundings_of
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Check, OrderFacts, assess


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """Figures and the checks that were made of them.

    They are those of the units that are still to be filled: `filled_before` of the order's are
    not, where it replaces one that got so far.
    """

    figures: Figures
    checks: tuple[Check, ...]
    filled_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraiser:
    """Prices an order on fresh quotes, beside what the account holds, under the owner's limits."""

    broker: Broker
    quotes: Quotes
    limits: Callable[[], Limits]

    async def __call__(self, order: OrderRequest, *, replaces: str | None = None) -> Appraisal:
        """Return the figures and the verdict; a missing fact shows as a failed check.

        `replaces` is the broker's id of the order in whose place this one goes to work.

        Raises:
            Denied: QUOTE_MISSING, when nobody quotes a leg at all; CLOSE_EXCEEDS_POSITION, when a
                closing leg has nothing to close; ORDER_NOT_WORKING and INVALID_QUANTITY, when
                there is nothing to replace any more.
            Unavailable: the broker cannot be asked.
        """
        quotes, around = await asyncio.gather(
            self.quotes.fresh({leg.symbol for leg in order.legs}),
            surroundings_of(self.broker, order, replaces=replaces),
        )
        _check_quoted(order, quotes)
        filled = around.replaced.filled_units if around.replaced else 0
        rest = rest_of(order, filled)
        around.check_closes(rest)
        figures = figures_of(rest, quotes, around.books(rest.underlying), self.broker.now())
        checks = assess(_facts(rest, figures), self.limits())
        return Appraisal(figures=figures, checks=checks, filled_before=filled)


def _check_quoted(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> None:
    unquoted = [leg.symbol.compact for leg in order.legs if leg.symbol not in quotes]
    if unquoted:
        raise Denied(Reason.QUOTE_MISSING, symbols=", ".join(unquoted))


def _facts(order: OrderRequest, figures: Figures) -> OrderFacts:
    return OrderFacts(
        contracts=order.contracts,
        shares=order.shares,
        has_options=order.has_options,
        order_type=order.order_type,
        risk_added=figures.risk_added,
        limit_net=order.limit_net,
        market_net=figures.reached_net,
        quote_age_s=figures.quote_age_s,
    )

"""Evidence: from what was read about an order to the facts that the limits look at."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from strikedesk.domain import calendar
from strikedesk.domain.accounts import Account
from strikedesk.domain.broking import Preflight
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.domain.usage import Used
from strikedesk.domain.value_class import value_class
from strikedesk.orders.exposure import Deltas
from strikedesk.orders.figures import Figures
from strikedesk.orders.level import level_needed
from strikedesk.orders.surroundings import Surroundings
from strikedesk.risk.facts import AccountFacts, OrderFacts


@value_class
class Evidence:
    """Everything that was read about an order, at the venue's `now`.

    `counted` is the order that the limits look at: itself, or what one by value is weighed as.
    """

    order: OrderRequest
    counted: OrderRequest
    figures: Figures
    around: Surroundings
    account: Account
    preflight: Preflight
    used: Used
    now: datetime
    deltas: Deltas
    excess: Decimal | None

    def facts(self) -> OrderFacts:
        """Return it as the limits see it."""
        order, figures = self.order, self.figures
        opened = [leg for leg in order.legs if leg.action.opens and self._ends_today(leg)]
        return OrderFacts(
            underlying=order.underlying,
            contracts=order.contracts,
            shares=self.counted.shares,
            has_options=order.has_options,
            order_type=order.order_type,
            closes=self.around.only_closes(self.counted),
            risk_added=figures.risk_added,
            notional_usd=figures.notional,
            limit_net=order.limit_net,
            market_net=figures.reached_net,
            quote_age_s=figures.quote_age_s,
            market_open=figures.trades_now,
            minutes_left=self._minutes_left(opened),
            minutes_left_short=self._minutes_left([leg for leg in opened if leg.action.sign < 0]),
            level_needed=level_needed(
                order, self.around.held(order.underlying), figures.risk_added
            ),
            account=self._account(),
            broker_refuses=bool(self.preflight.refusals),
            used=self.used,
            delta_before=self.deltas.before,
            delta_after=self.deltas.after,
            spread=self._spread(),
        )

    def _spread(self) -> Decimal | None:
        """Return how far the sides of the one leg are apart; None for more, or without both."""
        quotes = [each.quote for each in self.figures.legs]
        quote = quotes[0] if len(quotes) == 1 else None
        if quote is None or quote.bid is None or quote.ask is None:
            return None
        return quote.ask - quote.bid

    def _account(self) -> AccountFacts:
        before, after = self.preflight.buying_power_before, self.preflight.buying_power_after
        return AccountFacts(
            frozen=self.account.frozen,
            closing_only=self.account.closing_only,
            option_level=self.account.option_level,
            buying_power=before,
            buying_power_used=None if before is None or after is None else before - after,
            maintenance_excess=self.excess,
        )

    def _ends_today(self, leg: Leg) -> bool:
        today = calendar.exchange_date(self.now)
        return isinstance(leg.symbol, OptionSymbol) and leg.symbol.expiration <= today

    def _minutes_left(self, legs: Sequence[Leg]) -> Decimal | None:
        """Return the minutes to the close of the day; `None` = there are no such legs."""
        if not legs:
            return None
        session = calendar.session_on(calendar.exchange_date(self.now))
        if session is None:
            return Decimal(0)
        seconds = int((session.closes_at - self.now).total_seconds())
        return Decimal(seconds // 60)

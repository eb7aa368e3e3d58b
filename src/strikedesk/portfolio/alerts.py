"""The owner's alerts: set, looked at, removed, and watched."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from strikedesk.domain.alerts import Alert, Measure, Side
from strikedesk.domain.errors import Denied, DeskError
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.ports import Alerts, Clock, Entropy
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.portfolio.books import Books, total
from strikedesk.portfolio.exposures import known_sum
from strikedesk.portfolio.market_view import MarketView
from strikedesk.portfolio.readings import seen_holdings

ALERTS_MAX: Final = 50
ALERTS_A_PAGE: Final = 20
NOTE_MAX: Final = 80

_GREEKS: Final = frozenset({Measure.DOLLAR_DELTA, Measure.THETA, Measure.VEGA})
_CENT: Final = Decimal("0.01")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An alert with what it watches now; None = unknown."""

    alert: Alert
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """Alerts, oldest first, and which of how many they are."""

    rows: tuple[Watched, ...]
    span: PageSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBook:
    """Keeps the alerts of one broker and looks whether they fire.

    Law: an alert fires once, whichever processes watch; one whose figure is unknown does not fire.
    """

    alerts: Alerts
    books: Books
    market: MarketView
    clock: Clock
    entropy: Entropy
    broker: str

    async def page(self, page: int = 1) -> AlertPage:
        """Return a page of the alerts.

        Raises:
            Denied: PAGE_PAST_END.
        """
        found = await self.alerts.all(self.broker)
        span = PageSpan(page=page, size=ALERTS_A_PAGE, total=len(found))
        shown = found[span.start : span.stop]
        values = await self._values(shown)
        rows = tuple(Watched(alert=each, value=values.get(each.alert_id)) for each in shown)
        return AlertPage(rows=rows, span=span)

    async def add(
        self,
        measure: Measure,
        side: Side,
        level: Decimal,
        *,
        symbol: Symbol | None = None,
        account: str | None = None,
        note: str = "",
    ) -> Watched:
        """Set an alert, to be looked at from the next round of watching on.

        Raises:
            Denied: INVALID_ARGUMENT, also when there are `ALERTS_MAX` already; ACCOUNT_UNKNOWN.
        """
        alert = Alert(
            alert_id=self.entropy.identifier(),
            broker=self.broker,
            measure=measure,
            side=side,
            level=level,
            symbol=symbol,
            account=account,
            note=note,
            created_at=self.clock.now(),
        )
        values = await self._values((alert,), strict=True)
        if not await self.alerts.add(alert, ALERTS_MAX):
            problem = f"{ALERTS_MAX} alerts are set: remove one"
            raise Denied(Reason.INVALID_ARGUMENT, argument="measure", problem=problem)
        return Watched(alert=alert, value=values.get(alert.alert_id))

    async def remove(self, alert_id: str) -> None:
        """Remove an alert.

        Raises:
            Denied: INVALID_ARGUMENT when there is none with that id.
        """
        if not await self.alerts.remove(self.broker, alert_id):
            raise Denied(Reason.INVALID_ARGUMENT, argument="remove", problem="no such alert")

    async def look(self) -> int:
        """Fire what has come about; return how many did."""
        waiting = [each for each in await self.alerts.all(self.broker) if each.fired_at is None]
        values = await self._values(waiting)
        fired = 0
        for alert in waiting:
            value = values.get(alert.alert_id)
            if value is not None and alert.passed_by(value):
                fired += await self._fire(alert, value)
        return fired

    async def _fire(self, alert: Alert, value: Decimal) -> bool:
        first = await self.alerts.fire(alert.alert_id, self.clock.now(), value)
        if first:
            _log.info("alert %s fired", alert.alert_id)
        return first

    async def _values(
        self, alerts: Sequence[Alert], *, strict: bool = False
    ) -> Mapping[str, Decimal]:
        """Return the figure of each alert that has one, by its id.

        Unless `strict`, an account that cannot be read costs its own alerts alone.
        """
        symbols = {each.symbol for each in alerts if each.symbol is not None}
        quotes = await self.market.quotes(symbols)
        found: dict[str, Decimal | None] = {
            each.alert_id: quotes[each.symbol].mark
            for each in alerts
            if each.symbol is not None and each.symbol in quotes
        }
        for account, own in _by_account(alerts).items():
            figures = await self._figures(account, {each.measure for each in own}, strict=strict)
            found |= {each.alert_id: figures.get(each.measure) for each in own}
        return {alert_id: value for alert_id, value in found.items() if value is not None}

    async def _figures(
        self, account: str, measures: set[Measure], *, strict: bool
    ) -> Mapping[Measure, Decimal | None]:
        try:
            return await self._read(account, measures)
        except DeskError:
            if strict:
                raise
            return {}

    async def _read(self, account: str, measures: set[Measure]) -> Mapping[Measure, Decimal | None]:
        balances = await self.books.balances(account)
        held = await self.books.held(account)
        figures: dict[Measure, Decimal | None] = {
            Measure.NET_LIQUIDATION: balances.net_liquidation,
            Measure.MAINTENANCE_EXCESS: balances.maintenance_excess,
            Measure.OPEN_PROFIT: total(each.open_profit for each in held).amount,
            Measure.DAY_PROFIT: balances.day_profit,
        }
        if measures & _GREEKS:
            seen = await seen_holdings(self.market, held)
            exposures = [each.exposure for each in seen]
            figures[Measure.DOLLAR_DELTA] = _sum(each and each.dollar_delta for each in exposures)
            figures[Measure.THETA] = _sum(each and each.theta for each in exposures)
            figures[Measure.VEGA] = _sum(each and each.vega for each in exposures)
        return figures


def _by_account(alerts: Iterable[Alert]) -> Mapping[str, Sequence[Alert]]:
    found: defaultdict[str, list[Alert]] = defaultdict(list)
    for each in alerts:
        if each.account is not None:
            found[each.account].append(each)
    return found


def _sum(parts: Iterable[float | None]) -> Decimal | None:
    """Return a sum of statistics to the cent; None as soon as one is unknown."""
    amount = known_sum(parts).amount
    return None if amount is None else Decimal(str(amount)).quantize(_CENT)

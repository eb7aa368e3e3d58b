"""Alerts made of memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.alerts import Alert


@dataclass(slots=True)
class MemoryAlerts:
    """Keeps alerts for the life of the process."""

    alerts: dict[str, Alert] = field(default_factory=dict[str, Alert])

    async def all(self, broker: str) -> tuple[Alert, ...]:
        """See `Alerts.all`."""
        own = (alert for alert in self.alerts.values() if alert.broker == broker)
        return tuple(sorted(own, key=lambda alert: (alert.created_at, alert.alert_id)))

    async def add(self, alert: Alert, most: int) -> bool:
        """See `Alerts.add`."""
        if len(await self.all(alert.broker)) >= most:
            return False
        self.alerts[alert.alert_id] = alert
        return True

    async def remove(self, broker: str, alert_id: str) -> bool:
        """See `Alerts.remove`."""
        if alert_id not in {alert.alert_id for alert in await self.all(broker)}:
            return False
        del self.alerts[alert_id]
        return True

    async def fire(self, alert_id: str, at: datetime, value: Decimal) -> bool:
        """See `Alerts.fire`."""
        alert = self.alerts.get(alert_id)
        if alert is None or alert.fired_at is not None:
            return False
        self.alerts[alert_id] = replace(alert, fired_at=at, fired_value=value)
        return True

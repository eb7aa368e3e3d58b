"""The owner's alerts."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, text, update

from strikedesk.domain.alerts import Alert
from strikedesk.domain.symbols import parse_symbol
from strikedesk.store.database import Database
from strikedesk.store.schema import alerts
from strikedesk.store.types import Exact, Instant

_COLUMNS: Final = tuple(column.name for column in alerts.columns)
_OF_BROKER: Final = alerts.c.broker == bindparam("whose")
_WITH_ID: Final = alerts.c.alert_id == bindparam("wanted")
_ALL: Final = select(alerts).where(_OF_BROKER)
_COUNT: Final = select(func.count()).select_from(alerts).where(_OF_BROKER)
_ADD: Final = insert(alerts).inline()
_REMOVE: Final = delete(alerts).where(_OF_BROKER, _WITH_ID)
_FIRE: Final = (
    update(alerts)
    .where(_WITH_ID, alerts.c.fired_at.is_(None))
    .values(
        fired_at=bindparam("instant", type_=Instant), fired_value=bindparam("value", type_=Exact)
    )
)
_LOCK: Final = text("LOCK TABLE alerts IN SHARE ROW EXCLUSIVE MODE")


class SqlAlerts:
    """See `Alerts`."""

    def __init__(self, database: Database) -> None:
        """Read and write this database."""
        self._database = database

    async def all(self, broker: str) -> tuple[Alert, ...]:
        """See `Alerts.all`."""
        return await self._database.read(partial(_all, broker=broker))

    async def add(self, alert: Alert, most: int) -> bool:
        """See `Alerts.add`."""
        return await self._database.write(partial(_add, alert=alert, most=most))

    async def remove(self, broker: str, alert_id: str) -> bool:
        """See `Alerts.remove`."""
        return await self._database.write(partial(_remove, broker=broker, alert_id=alert_id))

    async def fire(self, alert_id: str, at: datetime, value: Decimal) -> bool:
        """See `Alerts.fire`."""
        return await self._database.write(partial(_fire, alert_id=alert_id, at=at, value=value))


def _all(connection: Connection, *, broker: str) -> tuple[Alert, ...]:
    found = (_alert_of(row) for row in connection.execute(_ALL, {"whose": broker}).mappings())
    return tuple(sorted(found, key=lambda alert: (alert.created_at, alert.alert_id)))


def _add(connection: Connection, *, alert: Alert, most: int) -> bool:
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway.
        connection.execute(_LOCK)
    if connection.execute(_COUNT, {"whose": alert.broker}).scalar_one() >= most:
        return False
    told = {name: getattr(alert, name) for name in _COLUMNS}
    spelled = alert.symbol.compact if alert.symbol else None
    connection.execute(_ADD, told | {"symbol": spelled})
    return True


def _remove(connection: Connection, *, broker: str, alert_id: str) -> bool:
    return connection.execute(_REMOVE, {"whose": broker, "wanted": alert_id}).rowcount == 1


def _fire(connection: Connection, *, alert_id: str, at: datetime, value: Decimal) -> bool:
    told = {"wanted": alert_id, "instant": at, "value": value}
    return connection.execute(_FIRE, told).rowcount == 1


def _alert_of(row: RowMapping) -> Alert:
    told: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    told["symbol"] = parse_symbol(row["symbol"]) if row["symbol"] else None
    return Alert(**told)

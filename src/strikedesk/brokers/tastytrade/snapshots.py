"""What an account had at closes that are over, as tastytrade keeps it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of, plain
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.holdings import long_value, short_value
from strikedesk.brokers.tastytrade.payloads.accounts import SnapshotTold
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed
from strikedesk.domain.accounts import ClosingBalances
from strikedesk.domain.calendar import session_on
from strikedesk.domain.ports import Clock

_SNAPSHOTS: Final = TypeAdapter(Listed[SnapshotTold])
_AT_THE_END: Final = "EOD"
_USD: Final = "USD"
_A_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Reads the balances of one account at a time, as they were at the end of days."""

    client: Client
    directory: Directory
    clock: Clock

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        """See `Broker.closing_balances`. A day that is no session has none of its own."""
        number = await self.directory.number(account_id)
        call = Call(
            path=path_of("accounts", number.reveal(), "balance-snapshots"),
            query=plain(
                time_of_day=_AT_THE_END,
                start_date=start.isoformat(),
                end_date=end.isoformat(),
                currency=_USD,
                per_page=_A_PAGE,
            ),
        )
        told = dict(_by_day(await self.client.every(call, _SNAPSHOTS)))
        days = sorted(day for day in told if start <= day <= end and self._is_over(day))
        return tuple(_closing(account_id, day, told[day]) for day in days)

    def _is_over(self, day: date) -> bool:
        session = session_on(day)
        return session is not None and session.closes_at <= self.clock.now()


def _by_day(told: Iterable[SnapshotTold]) -> Iterator[tuple[date, SnapshotTold]]:
    """Yield what is of the end of a day and in dollars; what does not say is what was asked for."""
    for each in told:
        fits = each.time_of_day in {None, _AT_THE_END} and each.currency in {None, _USD}
        if fits and each.snapshot_date is not None:
            yield each.snapshot_date, each


def _closing(account_id: str, day: date, told: SnapshotTold) -> ClosingBalances:
    return ClosingBalances(
        account_id=account_id,
        day=day,
        net_liquidation=told.net_liquidating_value,
        cash=told.cash_balance,
        option_buying_power=told.derivative_buying_power,
        stock_buying_power=told.equity_buying_power,
        maintenance_margin=told.maintenance_requirement,
        maintenance_excess=told.maintenance_excess,
        long_value=long_value(told),
        short_value=short_value(told),
    )

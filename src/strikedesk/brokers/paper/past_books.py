"""What paper accounts were worth at closes that are over, told from their books and the market."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Final

from anyio import to_thread

from strikedesk.brokers.paper.archive import Archive
from strikedesk.brokers.paper.figures import leverage_of
from strikedesk.brokers.paper.keeper import Snapshot, WorldKeeper
from strikedesk.domain.accounts import ClosingBalances, NetWorth, Transaction
from strikedesk.domain.calendar import Session, exchange_date, sessions_between
from strikedesk.domain.money import to_cents
from strikedesk.domain.ports import WorldStore
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.closes import Close, Span, closes
from strikedesk.exchange.documents import read_line
from strikedesk.exchange.equity import equity_by_day
from strikedesk.exchange.market import Market

_EVERY_LINE: Final = 1_000_000
_NO_END: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastBooks:
    """Reads the past of the accounts of one world. Pricing a past takes a while: in a thread.

    Raises (all methods): `Denied(ACCOUNT_UNKNOWN)`.
    """

    store: WorldStore
    world: str
    keeper: WorldKeeper
    archive: Archive
    market: Market

    async def worth(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        """See `Broker.worth_history`. A close at which something held had no price is absent."""
        seen = await self.keeper.snapshot()
        account = seen.world.account(account_id)
        lines, sessions = await self._lines(account_id), _over(seen, start, date.max)
        return await to_thread.run_sync(partial(_worths, account, lines, self.market, sessions))

    async def closes(self, account_id: str, start: date, end: date) -> tuple[Close, ...]:
        """Return the closes of `start` to `end`, both included, that the world has seen."""
        seen = await self.keeper.snapshot()
        account = seen.world.account(account_id)
        sessions = _over(seen, start, end)
        if not sessions:
            return ()
        lines = await self._lines(account_id)
        orders = await self._orders(seen, account_id, since=sessions[0].closes_at)
        work = partial(closes, account, lines, orders, self.market, sessions)
        return await to_thread.run_sync(lambda: tuple(work()))

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        """See `Broker.closing_balances`."""
        found = await self.closes(account_id, start, end)
        account = (await self.keeper.snapshot()).world.account(account_id)
        return tuple(closing_balances(account, close) for close in found)

    async def _lines(self, account_id: str) -> list[Transaction]:
        rows, _ = await self.store.lines(
            self.world, account_id, start=None, end=None, limit=_EVERY_LINE, offset=0
        )
        return [read_line(row) for row in reversed(rows)]

    async def _orders(self, seen: Snapshot, account_id: str, since: datetime) -> list[Span]:
        """Return from when until when orders worked that had not ended by `since`."""
        working = [(order.created_at, _NO_END) for order in seen.world.orders_of(account_id)]
        ended = [
            (order.created_at, order.updated_at)
            for order in await self.archive.since(account_id, since)
            if order.created_at is not None and order.updated_at is not None
        ]
        return [*working, *ended]


def closing_balances(account: PaperAccount, close: Close) -> ClosingBalances:
    """Return a close as any broker tells it."""
    values = None if close.values is None else [*close.values.values()]
    power = close.power
    return ClosingBalances(
        account_id=account.account_id,
        day=close.day,
        net_liquidation=close.worth,
        cash=close.cash,
        option_buying_power=_cents(power),
        stock_buying_power=_cents(None if power is None else power * leverage_of(account)),
        maintenance_margin=_cents(None if close.claim is None else close.claim.maintenance),
        maintenance_excess=_cents(close.excess),
        long_value=None if values is None else _sum(v for v in values if v > 0),
        short_value=None if values is None else _sum(v for v in values if v < 0),
        dividends_accrued=close.accrued,
    )


def _worths(
    account: PaperAccount,
    lines: Sequence[Transaction],
    market: Market,
    sessions: Sequence[Session],
) -> tuple[NetWorth, ...]:
    days = equity_by_day(lines, account.receivables, market, sessions)
    return tuple(
        NetWorth(at=session.closes_at, amount=day.value)
        for session, day in zip(sessions, days, strict=True)
        if day.value is not None
    )


def _over(seen: Snapshot, start: date, end: date) -> list[Session]:
    """Return the sessions of some days that closed since the world opened."""
    opened_at = seen.world.frame.opened_at
    first, last = max(start, exchange_date(opened_at)), min(end, exchange_date(seen.at))
    return [
        session
        for session in sessions_between(first, last)
        if opened_at <= session.closes_at <= seen.at
    ]


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else to_cents(amount)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))

"""The books: which accounts there are, what they are worth, hold, and did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Protocol

from strikedesk.domain.accounts import (
    Account,
    Balances,
    ClosingBalances,
    NetWorth,
    Position,
    Transaction,
    TransactionKind,
)
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Denied
from strikedesk.domain.margin import MarginHeld, MarginRates
from strikedesk.domain.pages import PageSpan, offset_of
from strikedesk.domain.ports import Cache, TransactionPage
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.untraded import Untraded
from strikedesk.portfolio.lived import Lived, lived

ACCOUNTS_TTL_S: Final = 60.0
BALANCES_TTL_S: Final = 5.0
POSITIONS_TTL_S: Final = 30.0
LIVED_TTL_S: Final = 900.0
ROWS_A_PAGE: Final = 50
ROWS_A_PAGE_MAX: Final = 100


class BookKeeper(Protocol):
    """The part of a `Broker` that keeps books. It cannot be asked to trade."""

    def now(self) -> datetime:
        """See `MarketData.now`."""
        ...

    async def ready(self) -> None:
        """See `MarketData.ready`."""
        ...

    async def accounts(self) -> tuple[Account, ...]:
        """See `Broker.accounts`."""
        ...

    async def customer(self) -> Customer | None:
        """See `Broker.customer`."""
        ...

    async def balances(self, account_id: str) -> Balances:
        """See `Broker.balances`."""
        ...

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        """See `Broker.positions`."""
        ...

    async def untraded(self, account_id: str) -> tuple[Untraded, ...]:
        """See `Broker.untraded`."""
        ...

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        """See `Broker.transactions`."""
        ...

    async def worth_history(self, account_id: str, start: date) -> tuple[NetWorth, ...]:
        """See `Broker.worth_history`."""
        ...

    async def closing_balances(
        self, account_id: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        """See `Broker.closing_balances`."""
        ...

    def moves(self, account_id: str) -> int:
        """See `Broker.moves`."""
        ...

    async def margin_held(self, account_id: str) -> MarginHeld:
        """See `Broker.margin_held`."""
        ...

    async def risk_free_rate(self) -> Decimal | None:
        """See `Broker.risk_free_rate`."""
        ...

    async def margin_rates(self, account_id: str, underlying: EquitySymbol) -> MarginRates:
        """See `Broker.margin_rates`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A sum over rows of which some may be unknown. Units: USD.

    Law: `amount` is None as soon as one row is unknown; `known` sums the others.
    """

    amount: Decimal | None
    known: Decimal
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionPage:
    """A page of what an account holds, sorted as the broker sorts it, with totals of all pages.

    `untraded` is all that it holds beside, on no page and in no total.

    Source: read from the broker at `as_of` (the venue's time), at most thirty seconds ago.
    """

    account: Account
    as_of: datetime
    rows: tuple[Position, ...]
    span: PageSpan
    market_value: Total
    open_profit: Total
    day_profit: Total
    untraded: tuple[Untraded, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionsPage:
    """A page of an account's book, newest first. The totals are those of the page.

    Units: `cash_effect` USD, positive = cash in, fees inside it; `fees` USD paid, unknown where a
    trade does not tell its own (other lines have none); `realized` USD of profit before fees,
    unknown in the same way: asked for one day, and within a page, it is the day's realised profit.
    """

    account: Account
    rows: tuple[Transaction, ...]
    span: PageSpan
    cash_effect: Decimal
    fees: Total
    realized: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What an account held at an instant."""

    as_of: datetime
    rows: tuple[Position, ...]
    untraded: tuple[Untraded, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the owner has, by account handle; the port `Accounts` too.

    Raises (all methods that take a handle): `Denied(ACCOUNT_UNKNOWN)`, naming the handles there
    are; and what `Broker` raises.
    """

    broker: BookKeeper
    cache: Cache

    async def all(self) -> tuple[Account, ...]:
        """See `Accounts.all`."""
        return await self.cache.get("accounts", ACCOUNTS_TTL_S, self.broker.accounts)

    async def named(self, handle: str) -> Account:
        """See `Accounts.named`."""
        accounts = await self.all()
        for account in accounts:
            if account.handle == handle:
                return account
        there_are = " ".join(account.handle for account in accounts)
        raise Denied(Reason.ACCOUNT_UNKNOWN, account=_shown(handle), there_are=there_are)

    async def customer(self) -> Customer | None:
        """Return who the linked user is, where the broker tells that."""
        return await self.broker.customer()

    async def balances(self, handle: str) -> Balances:
        """Return what the account is worth, read at most five seconds ago and since it moved."""
        account = await self.named(handle)
        await self.broker.ready()
        key = self._since_it_moved(account, "balances")
        return await self.cache.get(
            key, BALANCES_TTL_S, lambda: self.broker.balances(account.account_id)
        )

    async def lived(self, handle: str, start: date) -> Lived | None:
        """Return the account's closes from `start` on and the money paid in and out since.

        Read at most a quarter of an hour ago. None where the broker does not tell both in full.
        """
        account = await self.named(handle)
        await self.broker.ready()
        key = f"{_key(handle, 'lived')}:{start.isoformat()}"
        return await self.cache.get(
            key, LIVED_TTL_S, lambda: lived(self.broker, account.account_id, start)
        )

    async def closing_balances(
        self, handle: str, start: date, end: date
    ) -> tuple[ClosingBalances, ...]:
        """Return what the account was worth at the closes of `start` to `end`, oldest first.

        Raises:
            Denied: INVALID_ARGUMENT; DATA_UNAVAILABLE.
        """
        _check_days(start, end)
        account = await self.named(handle)
        await self.broker.ready()
        return await self.broker.closing_balances(account.account_id, start, end)

    async def margin_held(self, handle: str) -> MarginHeld:
        """Return what is asked for what the account holds, read at most thirty seconds ago.

        Raises:
            Denied: NOT_SUPPORTED, DATA_UNAVAILABLE.
        """
        account = await self.named(handle)
        await self.broker.ready()
        key = self._since_it_moved(account, "margin")
        return await self.cache.get(
            key, POSITIONS_TTL_S, lambda: self.broker.margin_held(account.account_id)
        )

    async def margin_rates(self, handle: str, underlying: EquitySymbol) -> MarginRates:
        """Return the rates that an underlying is reckoned at in the account.

        Raises:
            Denied: NOT_SUPPORTED, DATA_UNAVAILABLE, SYMBOL_NOT_FOUND.
        """
        account = await self.named(handle)
        await self.broker.ready()
        return await self.broker.margin_rates(account.account_id, underlying)

    async def risk_free_rate(self) -> Decimal | None:
        """Return the yearly rate that the broker reckons margin with, where it tells one."""
        return await self.broker.risk_free_rate()

    async def held(self, handle: str) -> tuple[Position, ...]:
        """Return all that the account holds, read at most thirty seconds ago, since it moved."""
        return (await self._held(await self.named(handle))).rows

    async def untraded(self, handle: str) -> tuple[Untraded, ...]:
        """Return what the account holds beside positions, read when these were."""
        return (await self._held(await self.named(handle))).untraded

    async def positions(
        self, handle: str, *, page: int = 1, page_size: int = ROWS_A_PAGE
    ) -> PositionPage:
        """Return a page of what the account holds, with the totals of all of it.

        Raises:
            Denied: PAGE_PAST_END, INVALID_ARGUMENT.
        """
        _check_size(page_size)
        account = await self.named(handle)
        held = await self._held(account)
        span = PageSpan(page=page, size=page_size, total=len(held.rows))
        return PositionPage(
            account=account,
            as_of=held.as_of,
            rows=held.rows[span.start : span.stop],
            span=span,
            market_value=total(position.market_value for position in held.rows),
            open_profit=total(position.open_profit for position in held.rows),
            day_profit=total(position.day_profit for position in held.rows),
            untraded=held.untraded,
        )

    async def transactions(
        self,
        handle: str,
        *,
        start: date | None = None,
        end: date | None = None,
        page: int = 1,
        page_size: int = ROWS_A_PAGE,
    ) -> TransactionsPage:
        """Return a page of the account's book, newest first; `start` and `end` are inclusive.

        Raises:
            Denied: PAGE_PAST_END, INVALID_ARGUMENT.
        """
        _check_size(page_size)
        _check_days(start, end)
        account = await self.named(handle)
        offset = offset_of(page, page_size)
        found = await self.broker.transactions(
            account.account_id, start=start, end=end, limit=page_size, offset=offset
        )
        span = PageSpan(page=page, size=page_size, total=found.total)
        return _transactions_page(account, found.rows, span)

    def forget(self, handle: str) -> None:
        """Drop what is remembered of an account: something was done in it."""
        self.cache.drop(_key(handle, ""))

    async def _held(self, account: Account) -> _Held:
        async def load() -> _Held:
            as_of = self.broker.now()
            rows = await self.broker.positions(account.account_id)
            beside = await self.broker.untraded(account.account_id)
            return _Held(as_of=as_of, rows=rows, untraded=beside)

        await self.broker.ready()
        key = self._since_it_moved(account, "positions")
        return await self.cache.get(key, POSITIONS_TTL_S, load)

    def _since_it_moved(self, account: Account, what: str) -> str:
        """Return a key by which nothing is found that was read before the account moved last."""
        return f"{_key(account.handle, what)}:{self.broker.moves(account.account_id)}"


def total(amounts: Iterable[Decimal | None]) -> Total:
    """Sum amounts of which some may be unknown."""
    rows = list(amounts)
    known = [amount for amount in rows if amount is not None]
    unknown = len(rows) - len(known)
    summed = sum(known, Decimal(0))
    return Total(amount=None if unknown else summed, known=summed, unknown=unknown)


def _transactions_page(
    account: Account, rows: Sequence[Transaction], span: PageSpan
) -> TransactionsPage:
    return TransactionsPage(
        account=account,
        rows=tuple(rows),
        span=span,
        cash_effect=sum((row.cash_effect for row in rows), Decimal(0)),
        fees=total(row.fees for row in rows if row.fees is not None or _is_trade(row)),
        realized=total(row.realized for row in rows if row.realized is not None or _is_trade(row)),
    )


def _is_trade(row: Transaction) -> bool:
    return row.kind is TransactionKind.TRADE


def _check_size(page_size: int) -> None:
    if not 1 <= page_size <= ROWS_A_PAGE_MAX:
        between = f"1 and {ROWS_A_PAGE_MAX}"
        raise Denied(Reason.INVALID_ARGUMENT, argument="page_size", between=between)


def _check_days(start: date | None, end: date | None) -> None:
    if start is not None and end is not None and start > end:
        given, last = start.isoformat(), end.isoformat()
        raise Denied(Reason.INVALID_ARGUMENT, argument="start", given=given, at_most=last)


def _key(handle: str, what: str) -> str:
    return f"book:{handle}:{what}"


def _shown(handle: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in handle[:40])

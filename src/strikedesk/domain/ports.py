"""The sockets: what rooms need of each other, said without naming who answers.

`wiring.py` decides who does. Every fake and every real adapter passes the same contract tests.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeVar

from strikedesk.domain.accounts import Account, Balances, Position, Transaction
from strikedesk.domain.broking import BrokerOrder, Capabilities, Lookup, Preflight, Receipt, Ticket
from strikedesk.domain.ledger import (
    Halt,
    Json,
    Note,
    OrderEvent,
    OrderRecord,
    PreviewRecord,
    Progress,
)
from strikedesk.domain.quotes import Bar, Chain, Expiration, Interval, Quote, SymbolInfo
from strikedesk.domain.symbols import EquitySymbol, Symbol

T = TypeVar("T")


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        ...


class Entropy(Protocol):
    """The only source of randomness."""

    def token(self) -> str:
        """Return a fresh unguessable token of at least 128 bits, URL-safe."""
        ...

    def identifier(self) -> str:
        """Return a fresh unique identifier, at most 36 characters of `[A-Za-z0-9-]`."""
        ...


class MarketData(Protocol):
    """What a broker tells of the market. Absent facts are None or missing rows, never zeros.

    Raises (all methods): `Denied(SYMBOL_NOT_FOUND)` for what is not listed, `Unavailable`.
    """

    def now(self) -> datetime:
        """Return the venue's time: the wall's for a real market, the world's for a simulated."""
        ...

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """Return the newest quote of each symbol that has one; unknown symbols are absent."""
        ...

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        """Return the listed expirations in ascending order, with their strikes."""
        ...

    async def chain(self, underlying: EquitySymbol, days: Collection[date]) -> Chain:
        """Return every listed contract of the given expirations, with quotes and Greeks."""
        ...

    async def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`, oldest first."""
        ...

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        """Return listed symbols that begin with or are described by `text`, best first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPage:
    """Transactions newest first, with how many there are in all."""

    rows: tuple[Transaction, ...]
    total: int


class Broker(MarketData, Protocol):
    """A broker: reads, the pre-flight, and the one method that changes anything there."""

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        ...

    async def accounts(self) -> tuple[Account, ...]:
        """Return the accounts of the linked user, in a stable order."""
        ...

    async def balances(self, account_id: str) -> Balances:
        """Return what the account is worth now.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        ...

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        """Return what the account holds, sorted by symbol."""
        ...

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        """Return a page of the account's book, newest first; days are inclusive."""
        ...

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        """Return working orders and those touched since `since`, newest first."""
        ...

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        """Return one order.

        Raises:
            Denied: ORDER_UNKNOWN.
        """
        ...

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        """Look for an order by our own id, over live and past orders. See `Lookup`."""
        ...

    async def preflight(self, ticket: Ticket) -> Preflight:
        """Say what the ticket would do, sending nothing."""
        ...

    async def submit(self, ticket: Ticket) -> Receipt:
        """Act, once: place, replace or cancel. Called from one place in the whole tree.

        Raises:
            Rejected: the broker refused; nothing exists there.
            Unavailable: the request never left.
            OutcomeUnknown: it may have arrived.
        """
        ...

    async def advance(self) -> None:
        """Let a simulated venue catch up with its clock; a real one has nothing to do."""
        ...


class Accounts(Protocol):
    """Which accounts there are, by the handles that tools use."""

    async def all(self) -> tuple[Account, ...]:
        """Return every account of the linked user."""
        ...

    async def named(self, handle: str) -> Account:
        """Return the account with this handle.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        ...


class Quotes(Protocol):
    """Prices for the order path: never older than `max_age_s` where the venue has newer."""

    async def fresh(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """Return a quote read from the venue now for each symbol that has one."""
        ...


class Ledger(Protocol):
    """The memory of the order path. Every method is one durable transaction.

    Durable means committed with a sync to disk before the method returns.
    """

    async def open_preview(self, preview: PreviewRecord, note: Note) -> None:
        """Write the order row (previewed), its preview and its nonce."""
        ...

    async def preview(self, preview_id: str) -> PreviewRecord | None:
        """Return a preview with its order row as it stands now."""
        ...

    async def claim(
        self, preview_id: str, *, nonce_hash: str, binding: str, now: datetime, note: Note
    ) -> bool:
        """Spend the nonce in one atomic update; True for exactly one caller ever.

        True only when it is live, matches both hashes, has not expired, and was not created after
        `now` (a clock that went backwards).
        """
        ...

    async def void(self, preview_id: str, progress: Progress, note: Note) -> None:
        """Kill a live nonce and close its order row, which never left; no-op when spent."""
        ...

    async def advance(
        self, order_id: str, progress: Progress, *, only_from: Collection[str], note: Note
    ) -> OrderRecord | None:
        """Move an order if its state is among `only_from`; return the row as it stands after.

        None when it stood in any other state: nothing was written. This is how `submitting` is
        entered by one process only.
        """
        ...

    async def append(self, order_id: str | None, note: Note) -> None:
        """Add a line to the audit trail without changing an order."""
        ...

    async def order(self, order_id: str) -> OrderRecord | None:
        """Return an order by the desk's id."""
        ...

    async def order_by_client_id(self, client_order_id: str) -> OrderRecord | None:
        """Return an order by the id that the broker was given."""
        ...

    async def order_by_broker_id(self, broker: str, broker_order_id: str) -> OrderRecord | None:
        """Return the newest place or replace row that the broker knows by this id."""
        ...

    async def orders(
        self, *, account_id: str | None, states: Collection[str] | None, limit: int, offset: int
    ) -> tuple[Sequence[OrderRecord], int]:
        """Return a page, newest first, and how many there are; previews that never left too."""
        ...

    async def events(self, order_id: str) -> Sequence[OrderEvent]:
        """Return the audit lines of one order, oldest first."""
        ...

    async def verify(self) -> int | None:
        """Walk the hash chain; return the sequence of the first bad line, or None."""
        ...


class HaltSwitch(Protocol):
    """The stop. Whatever cannot be read counts as halted."""

    async def engaged(self) -> Halt | None:
        """Return the halt in force, read anew, or None when trading is allowed."""
        ...

    async def engage(self, halt: Halt) -> None:
        """Stop. Idempotent: an earlier halt stays as it was."""
        ...

    async def release(self, note: Note) -> None:
        """Allow trading again. Called by the owner's CLI only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A named list of symbols, in the order the owner gave."""

    name: str
    symbols: tuple[Symbol, ...]
    updated_at: datetime


class Watchlists(Protocol):
    """The owner's lists."""

    async def all(self) -> tuple[Watchlist, ...]:
        """Return every list, by name."""
        ...

    async def save(self, watchlist: Watchlist) -> None:
        """Create or replace a list."""
        ...

    async def delete(self, name: str) -> bool:
        """Drop a list; False when there was none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerToken:
    """A bearer token as stored: only its hash. `scope` is `read` or `trade`."""

    token_id: str
    name: str
    scope: str
    digest: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None


class CallerTokens(Protocol):
    """Who may call over HTTP."""

    async def add(self, token: CallerToken) -> None:
        """Store a new token."""
        ...

    async def by_digest(self, digest: str) -> CallerToken | None:
        """Return the token with this SHA-256, revoked or not."""
        ...

    async def all(self) -> tuple[CallerToken, ...]:
        """Return every token, oldest first."""
        ...

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """Revoke; False when there is none with that id."""
        ...


class Cache(Protocol):
    """Remembers values for a while; callers of one key share one load."""

    async def get(self, key: str, ttl_s: float, load: Callable[[], Awaitable[T]]) -> T:
        """Return the value of `key` not older than `ttl_s`, loading it once for all who wait.

        A failed load is remembered by nobody; a waiter's cancellation does not cancel the load.
        """
        ...

    async def get_many(
        self,
        keys: Collection[str],
        ttl_s: float,
        load: Callable[[Collection[str]], Awaitable[Mapping[str, T]]],
    ) -> Mapping[str, T]:
        """Return the values of `keys`, loading those that are missing in one call of `load`.

        A key that somebody else is loading is waited for and not asked again. Keys that `load`
        does not return are absent from the answer and remembered by nobody.
        """
        ...

    def drop(self, prefix: str) -> None:
        """Forget every key that begins with `prefix`, and what is being loaded for one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRows:
    """A paper world as stored: JSON documents by id."""

    header: Mapping[str, Json]
    accounts: Mapping[str, Mapping[str, Json]]
    orders: Mapping[str, Mapping[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldLine:
    """A line to add to a paper account's book."""

    line_id: str
    account_id: str
    at: datetime
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldChange:
    """What one act changed in a paper world.

    Documents replace those with the same id. An empty document takes an order out: `load` does not
    give it again, so that a world stays small however many orders have ended in it.
    """

    header: Mapping[str, Json] | None = None
    accounts: Mapping[str, Mapping[str, Json]] = field(
        default_factory=dict[str, Mapping[str, Json]]
    )
    orders: Mapping[str, Mapping[str, Json]] = field(default_factory=dict[str, Mapping[str, Json]])
    lines: tuple[WorldLine, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.header or self.accounts or self.orders or self.lines)


class WorldStore(Protocol):
    """Keeps paper worlds, shared by every process of the desk."""

    async def transact(
        self, world: str, act: Callable[[int, Callable[[], WorldRows]], tuple[WorldChange, T]]
    ) -> T:
        """Run `act(version, load)` in one exclusive durable transaction and write its change.

        `version` is 0 for a world that does not exist; it grows by one with each change that is
        not empty, so that an actor may keep a decoded copy and call `load` only when it differs.
        `act` runs on the writer's thread: it must be quick, pure, and must not wait. If it raises,
        nothing is written.
        """
        ...

    async def peek(self, world: str) -> int:
        """Return the version without taking the writer."""
        ...

    async def lines(
        self,
        world: str,
        account_id: str,
        *,
        start: date | None,
        end: date | None,
        limit: int,
        offset: int,
    ) -> tuple[Sequence[Mapping[str, Json]], int]:
        """Return a page of an account's book, newest first, and how many lines there are."""
        ...

    async def line(self, world: str, line_id: str) -> Mapping[str, Json] | None:
        """Return one line of any book by its id, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A data key of the vault, encrypted under a key-encryption key. Safe to store as it is.

    `dek_id` names the data key, `kek_id` the key that opens `wrapped`. While keys rotate one data
    key has several of these, one for each `kek_id`; the pair is unique.
    """

    record_set: str
    dek_id: str
    kek_id: str
    wrapped: bytes = field(repr=False)
    created_at: datetime


class WrappedKeyStore(Protocol):
    """Keeps the wrapped data keys. Every method is durable when it returns.

    It writes in a transaction of its own: seal before opening one, never inside it.
    """

    async def load(self) -> Sequence[WrappedKey]:
        """Return every wrapped key that is not retired, in any order."""
        ...

    async def save(self, key: WrappedKey) -> None:
        """Add a wrapped key; adding the pair `(dek_id, kek_id)` again replaces it."""
        ...

    async def retire(self, *, dek_id: str, kek_id: str) -> None:
        """Erase `wrapped` for good but keep the ids and the day; saving the pair revives it.

        Law: in the same atomic step it leaves the last wrapped key of a data key alone, so that
        two rotations at once cannot lose one. No-op also when there is no such pair.
        """
        ...

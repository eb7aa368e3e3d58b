"""A paper world: accounts and working orders at an instant, and a journal of what changed.

Accounts and orders are values; the world is the one thing that changes. `fork` gives a copy to
change, so that whoever still holds the original sees it as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from strikedesk.domain.accounts import AccountKind, OptionLevel, Transaction, TransactionKind
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.book import WorkingOrder
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.fees import DEFAULT_SCHEDULE
from strikedesk.exchange.fields import told_at
from strikedesk.exchange.queue import OrderQueue

Counter: TypeAlias = tuple[Symbol, int]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a world is born with and keeps.

    `tag` begins every id that the world gives; `source` says which market it lives on.
    `latency_ms` is how long a cancel or a replacement is on its way to the venue, in the world's
    time: until then the order stands, and a fill may be first. 0 = it acts at once.
    """

    name: str
    tag: str
    opened_at: datetime
    clock: VenueClock = field(default_factory=VenueClock)
    source: Mapping[str, Json] = field(default_factory=dict[str, Json])
    schedule: str = DEFAULT_SCHEDULE
    latency_ms: int = 0

    @cached_property
    def begins(self) -> Mapping[str, Json]:
        """What a world's header begins with: it is written with every change."""
        return {
            "name": self.name,
            "tag": self.tag,
            "opened_at": told_at(self.opened_at),
            "clock": self.clock.document(),
            "source": self.source,
            "fees": self.schedule,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Contracts or shares already taken from what the quote of `at` displays, or told traded."""

    at: datetime
    quantity: int


@dataclass(slots=True, kw_only=True)
class Changes:
    """What happened to a world since it was forked. `removed` orders are no longer working."""

    header: bool = False
    accounts: set[str] = field(default_factory=set[str])
    orders: set[str] = field(default_factory=set[str])
    born: set[str] = field(default_factory=set[str])
    removed: set[str] = field(default_factory=set[str])
    ended: list[BrokerOrder] = field(default_factory=list[BrokerOrder])
    lines: list[Transaction] = field(default_factory=list[Transaction])


@dataclass(slots=True, kw_only=True)
class World:
    """Accounts, working orders in the order of their acceptance, and how far time has come.

    `line` = what is displayed ahead of a resting order, by its id; absent = not told. See `line`.
    """

    frame: Frame
    advanced_to: datetime
    sequence: int = 0
    accounts: dict[str, PaperAccount] = field(default_factory=dict[str, PaperAccount])
    orders: OrderQueue = field(default_factory=OrderQueue)
    taken: dict[Counter, Taken] = field(default_factory=dict[Counter, Taken])
    served: dict[Counter, Taken] = field(default_factory=dict[Counter, Taken])
    line: dict[str, int] = field(default_factory=dict[str, int])
    changes: Changes = field(default_factory=Changes)

    def fork(self) -> "World":
        """Return a copy that can change without this one changing."""
        return World(
            frame=self.frame,
            advanced_to=self.advanced_to,
            sequence=self.sequence,
            accounts=dict(self.accounts),
            orders=self.orders.fork(),
            taken=dict(self.taken),
            served=dict(self.served),
            line=dict(self.line),
        )

    def account(self, account_id: str) -> PaperAccount:
        """Return an account.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        if account_id not in self.accounts:
            raise Denied(Reason.ACCOUNT_UNKNOWN)
        return self.accounts[account_id]

    def orders_of(self, account_id: str) -> list[WorkingOrder]:
        """Return an account's working orders, oldest first."""
        return [*self.orders.of(account_id)]

    def next_number(self) -> int:
        """Return a number that was never given before."""
        self.sequence += 1
        self.changes.header = True
        return self.sequence

    def next_id(self) -> str:
        """Return an id that was never given before, in this world or another."""
        return self.id_of(self.next_number())

    def id_of(self, number: int) -> str:
        """Return the id that goes with a number."""
        return f"{self.frame.tag}-{number}"

    def put_account(self, account: PaperAccount) -> None:
        """Keep an account as it is now."""
        self.accounts[account.account_id] = account
        self.changes.accounts.add(account.account_id)

    def put_order(self, order: WorkingOrder) -> None:
        """Keep a working order as it is now."""
        if order.order_id not in self.orders:
            self.changes.born.add(order.order_id)
        self.orders.put(order)
        self.changes.orders.add(order.order_id)

    def end_order(self, ended: BrokerOrder) -> None:
        """Take an order out of work."""
        order_id = ended.broker_order_id
        self.orders.remove(order_id)
        self.line.pop(order_id, None)
        self.changes.orders.discard(order_id)
        if order_id not in self.changes.born:
            self.changes.removed.add(order_id)
        self.changes.ended.append(ended)

    def stand(self, order_id: str, ahead: int | None) -> None:
        """Keep how many are ahead of a resting order; where it is not told, as before."""
        if ahead is not None and self.line.get(order_id) != ahead:
            self.line[order_id] = ahead
            self.changes.orders.add(order_id)

    def write(self, line: Transaction) -> None:
        """Add a line to an account's book."""
        self.changes.lines.append(line)

    def begin_day(self) -> None:
        """Count anew: what a quote shows in the morning nobody has taken from yet."""
        if self.taken or self.served:
            self.taken.clear()
            self.served.clear()
            self.changes.header = True

    def taken_from(self, quote: Quote, sign: int) -> int:
        """Return what was taken already from the side that a buyer (+1) or a seller (-1) meets."""
        return _counted(self.taken, quote, sign)

    def take(self, quote: Quote, sign: int, quantity: int) -> None:
        """Remember that `quantity` was taken from the quote."""
        _count(self.taken, quote, sign, quantity)
        self.changes.header = True

    def served_from(self, quote: Quote, sign: int) -> int:
        """Return what orders in line have had already of the trades that the quote tells."""
        return _counted(self.served, quote, sign)

    def serve(self, quote: Quote, sign: int, quantity: int) -> None:
        """Remember that orders in line had `quantity` of those trades."""
        _count(self.served, quote, sign, quantity)
        self.changes.header = True


def _counted(counters: Mapping[Counter, Taken], quote: Quote, sign: int) -> int:
    taken = counters.get((quote.symbol, sign))
    return taken.quantity if taken is not None and taken.at == quote.at else 0


def _count(counters: dict[Counter, Taken], quote: Quote, sign: int, quantity: int) -> None:
    total = _counted(counters, quote, sign) + quantity
    counters[quote.symbol, sign] = Taken(at=quote.at, quantity=total)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSpec:
    """An account that a new world begins with. Units: `deposit` USD.

    `option_level` None = the highest of its kind; `intraday` as in `PaperAccount`.
    """

    account_id: str
    handle: str
    nickname: str
    kind: AccountKind
    deposit: Decimal
    option_level: OptionLevel | None = None
    intraday: bool = False


def open_world(frame: Frame, specs: tuple[AccountSpec, ...]) -> World:
    """Return a new world whose accounts hold their deposits, each a line of the book."""
    world = World(frame=frame, advanced_to=frame.opened_at)
    for spec in specs:
        _deposit(world, spec)
    return world


def _deposit(world: World, spec: AccountSpec) -> None:
    account = PaperAccount(
        account_id=spec.account_id,
        handle=spec.handle,
        nickname=spec.nickname,
        kind=spec.kind,
        option_level=spec.option_level,
        intraday=spec.intraday,
    )
    world.put_account(account.deposited(spec.deposit))
    world.write(
        Transaction(
            transaction_id=world.next_id(),
            account_id=spec.account_id,
            at=world.frame.opened_at,
            kind=TransactionKind.DEPOSIT,
            description="Opening deposit of play money",
            cash_effect=spec.deposit,
        )
    )

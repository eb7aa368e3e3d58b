"""The one place that knows every room: settings in, a working desk out.

Nothing heavy is imported before a desk is opened: a client that starts us waits for `initialize`,
and numpy, SQLAlchemy and the database have no part in that answer.
"""

import asyncio
import os
import secrets
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strikedesk.domain.broking import Capabilities
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import (
    Broker,
    CallerTokens,
    Clock,
    Entropy,
    HaltSwitch,
    Ledger,
    Watchlists,
)
from strikedesk.market.cache import MemoryCache
from strikedesk.market.pace import Pace
from strikedesk.market.room import MarketRoom
from strikedesk.orders.appraise import Appraiser
from strikedesk.orders.approvals import Approvals
from strikedesk.orders.approve import Approver
from strikedesk.orders.book import OrderBook
from strikedesk.orders.closing import Closer
from strikedesk.orders.confirm import Confirmer
from strikedesk.orders.consent import Consent
from strikedesk.orders.preview import Previewer
from strikedesk.orders.reconcile import Reconciler
from strikedesk.orders.stop import Safety
from strikedesk.orders.submit import Submitter
from strikedesk.orders.watch import Watcher
from strikedesk.portfolio.books import Books
from strikedesk.portfolio.watchlists import WatchlistBook
from strikedesk.settings import ClockMode, MarketClock, PaperSettings, Settings

if TYPE_CHECKING:
    from strikedesk.brokers.paper.broker import PaperBroker
    from strikedesk.brokers.paper.keeper import WorldKeeper
    from strikedesk.brokers.paper.opening import Opening
    from strikedesk.exchange.clock import VenueClock
    from strikedesk.exchange.market import Market
    from strikedesk.exchange.tape.market import TapeMarket
    from strikedesk.exchange.world import AccountSpec
    from strikedesk.store.database import Database
    from strikedesk.store.whole_worlds import SqlWorlds


WATCH_EVERY_S: Final = 15.0


class UtcClock:
    """The clock on the wall."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the Clock that everyone else asks


class SystemEntropy:
    """The operating system's randomness."""

    def token(self) -> str:
        """See `Entropy.token`."""
        return secrets.token_urlsafe(24)

    def identifier(self) -> str:
        """See `Entropy.identifier`."""
        return str(uuid.UUID(bytes=os.urandom(16), version=4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the doors (MCP, web, CLI) may use. No door reaches behind it."""

    settings: Settings
    clock: Clock
    capabilities: Capabilities
    market: MarketRoom
    books: Books
    previewer: Previewer
    closer: Closer
    confirm: Confirmer
    approvals: Approvals
    approver: Approver
    orders: OrderBook
    reconciler: Reconciler
    safety: Safety
    halt: HaltSwitch
    ledger: Ledger
    watchlists: WatchlistBook
    tokens: CallerTokens


@dataclass(slots=True)
class LazyDesk:
    """Opens the desk when it is first needed, once, whoever asks.

    A failed opening is told to all who wait and tried again by the next who asks.
    """

    settings: Settings
    _opening: "asyncio.Task[Desk] | None" = field(default=None, init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def desk(self) -> Desk:
        """Return the open desk.

        Raises:
            Misconfigured: the database, the tape or the broker's link cannot be used.
        """
        if self._opening is None or _failed(self._opening):
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def warm(self) -> None:
        """Open the desk ahead of need; what goes wrong is told to whoever asks next."""
        await asyncio.wait([self._opening or asyncio.ensure_future(self.desk())])

    async def close(self) -> None:
        """Let submissions end, then close what was opened, in reverse order."""
        if self._opening is not None:
            await asyncio.wait([self._opening])
        await self._stack.aclose()

    async def _open(self) -> Desk:
        return await self._stack.enter_async_context(open_desk(self.settings))


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncGenerator[Desk]:
    """Open the store and the broker, settle what an earlier process left, and yield the desk.

    Raises:
        Misconfigured: see `LazyDesk.desk`.
    """
    async with open_store(settings) as database:
        broker = await asyncio.to_thread(_paper_broker, settings, database)
        desk = _over_store(settings, database, broker)
        await desk.reconciler(path="start-up")
        watcher = Watcher(broker=broker, reconciler=desk.reconciler, every_s=WATCH_EVERY_S)
        async with watcher.running():
            try:
                yield desk
            finally:
                await desk.confirm.drain()


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncGenerator["Database"]:
    """Open the database, brought up to date where it is ours alone (SQLite).

    Raises:
        Misconfigured: DATABASE_UNREADABLE, DATABASE_NEWER.
    """
    from strikedesk.store.database import Database  # noqa: PLC0415 -- kept off `initialize`

    settings.folders.make()
    database = await Database.open(settings.database.reveal())
    try:
        yield database
    finally:
        await database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What the owner's commands need of the paper world that the settings name."""

    world: str
    broker: "PaperBroker"
    keeper: "WorldKeeper"
    worlds: "SqlWorlds"
    reconciler: Reconciler
    opening: "Opening"


@asynccontextmanager
async def open_practice(settings: Settings) -> AsyncGenerator[Practice]:
    """Open the store and the paper market of the settings; nothing is settled or advanced yet.

    Raises:
        Misconfigured: see `LazyDesk.desk`.
    """
    async with open_store(settings) as database:
        yield await asyncio.to_thread(_practice, settings, database)


def assemble(
    settings: Settings,
    *,
    broker: Broker,
    ledger: Ledger,
    halt: HaltSwitch,
    watchlists: Watchlists,
    tokens: CallerTokens,
    clock: Clock,
    entropy: Entropy,
) -> Desk:
    """Put the rooms together around these furnishings; tests bring their own."""
    cache = MemoryCache(Pace(wall=clock, venue=broker))
    market = MarketRoom(data=broker, cache=cache)
    books = Books(broker=broker, cache=cache)
    appraiser = Appraiser(
        broker=broker, quotes=market, ledger=ledger, clock=clock, limits=settings.limits.limits
    )
    ttl_s = settings.order.preview_ttl_s
    reconciler = Reconciler(broker=broker, ledger=ledger, clock=clock, preview_ttl_s=ttl_s)
    approvals = Approvals(ledger=ledger, clock=clock, entropy=entropy, ttl_s=settings.consent.ttl_s)
    consent = _consent(settings, broker.capabilities)
    confirmer = Confirmer(
        ledger=ledger,
        clock=clock,
        appraise=appraiser,
        consent=consent,
        approvals=approvals,
        submit=Submitter(broker=broker, ledger=ledger, halt=halt, clock=clock),
    )
    previewer = Previewer(
        broker=broker,
        ledger=ledger,
        accounts=books,
        halt=halt,
        clock=clock,
        entropy=entropy,
        appraise=appraiser,
        preview_ttl_s=ttl_s,
        consent=consent,
        approvals=approvals,
    )
    return Desk(
        settings=settings,
        clock=clock,
        capabilities=broker.capabilities,
        market=market,
        books=books,
        previewer=previewer,
        closer=Closer(broker=broker, accounts=books, quotes=market, previewer=previewer),
        confirm=confirmer,
        approvals=approvals,
        approver=Approver(approvals=approvals, confirmer=confirmer),
        orders=OrderBook(ledger=ledger, accounts=books, reconciler=reconciler),
        reconciler=reconciler,
        safety=Safety(
            halt=halt, ledger=ledger, reconciler=reconciler, approvals=approvals, clock=clock
        ),
        halt=halt,
        ledger=ledger,
        watchlists=WatchlistBook(lists=watchlists, clock=clock),
        tokens=tokens,
    )


def _consent(settings: Settings, capabilities: Capabilities) -> Consent:
    return Consent(
        policy=settings.consent.policy(capabilities.environment),
        environment=capabilities.environment,
        click_above_usd=settings.consent.click_above_usd,
    )


def _over_store(settings: Settings, database: "Database", broker: Broker) -> Desk:
    from strikedesk.store.halts import SqlHaltSwitch  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.ledger import SqlLedger  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.tokens import SqlCallerTokens  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.watchlists import SqlWatchlists  # noqa: PLC0415 -- kept off `initialize`

    return assemble(
        settings,
        broker=broker,
        ledger=SqlLedger(database),
        halt=SqlHaltSwitch(database, clock=UtcClock()),
        watchlists=SqlWatchlists(database),
        tokens=SqlCallerTokens(database),
        clock=UtcClock(),
        entropy=SystemEntropy(),
    )


def _practice(settings: Settings, database: "Database") -> Practice:
    from strikedesk.brokers.paper.broker import PaperBroker  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.brokers.paper.keeper import WorldKeeper  # noqa: PLC0415 -- same
    from strikedesk.store.ledger import SqlLedger  # noqa: PLC0415 -- same
    from strikedesk.store.whole_worlds import SqlWorlds  # noqa: PLC0415 -- same
    from strikedesk.store.worlds import SqlWorldStore  # noqa: PLC0415 -- same

    market, opening = _paper_market(settings)
    store, world = SqlWorldStore(database), settings.paper.world
    clock, entropy = UtcClock(), SystemEntropy()
    broker = PaperBroker(
        store=store, market=market, clock=clock, world=world, entropy=entropy, opening=opening
    )
    return Practice(
        world=world,
        broker=broker,
        keeper=WorldKeeper(
            store=store,
            market=market,
            clock=clock,
            entropy=entropy,
            name=world,
            opening=opening,
        ),
        worlds=SqlWorlds(database),
        reconciler=Reconciler(
            broker=broker,
            ledger=SqlLedger(database),
            clock=clock,
            preview_ttl_s=settings.order.preview_ttl_s,
        ),
        opening=opening,
    )


def _paper_broker(settings: Settings, database: "Database") -> Broker:
    """Return the embedded broker. Blocks while numpy is imported: call it off the event loop."""
    from strikedesk.brokers.paper.broker import PaperBroker  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.worlds import SqlWorldStore  # noqa: PLC0415 -- kept off `initialize`

    market, opening = _paper_market(settings)
    return PaperBroker(
        store=SqlWorldStore(database),
        market=market,
        clock=UtcClock(),
        world=settings.paper.world,
        entropy=SystemEntropy(),
        opening=opening,
    )


def _paper_market(settings: Settings) -> "tuple[Market, Opening]":
    from strikedesk.brokers.paper.opening import Opening  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.exchange.simulated import SimulatedMarket  # noqa: PLC0415 -- imports numpy

    chosen = settings.paper.clock
    opening = Opening(
        accounts=_paper_accounts(settings.paper), clock_insisted=settings.clock_insisted
    )
    if settings.paper.tape is not None:
        tape = _tape_market(settings.paper.tape)
        clock = _venue_clock(chosen, tape.tape.begins_at)
        return tape, replace(opening, clock=clock, source={"tape": tape.tape.digest})
    seed, clock = settings.paper.seed, _venue_clock(chosen, None)
    return SimulatedMarket(seed=seed), replace(opening, clock=clock, source={"seed": seed})


def market_of(settings: Settings, source: Mapping[str, Json]) -> "Market | None":
    """Return the market that a world lives on; None where it is another tape than the settings'.

    Blocks while a tape is read.
    """
    from strikedesk.exchange.simulated import SimulatedMarket  # noqa: PLC0415 -- imports numpy

    seed = source.get("seed")
    if isinstance(seed, int):
        return SimulatedMarket(seed=seed)
    tape = settings.paper.tape
    market = None if tape is None else _tape_market(tape)
    return market if market is not None and market.tape.digest == source.get("tape") else None


def _paper_accounts(paper: PaperSettings) -> "tuple[AccountSpec, ...]":
    """Return the accounts that a new world opens with: the owner's, else one of each kind."""
    from strikedesk.brokers.paper import opening  # noqa: PLC0415 -- kept off `initialize`

    own = tuple(
        opening.account_spec(
            number,
            handle=account.handle,
            kind=account.kind,
            deposit=account.deposit,
            option_level=account.level,
        )
        for number, account in enumerate(paper.accounts, start=1)
    )
    accounts = own or opening.ACCOUNTS
    return opening.with_intraday_margin(accounts) if paper.intraday_margin else accounts


def _tape_market(path: Path) -> "TapeMarket":
    """Read a tape and return the market on it. Blocks as long as that takes."""
    from strikedesk.exchange.tape.market import TapeMarket  # noqa: PLC0415 -- imports numpy
    from strikedesk.exchange.tape.reader import read_tape  # noqa: PLC0415 -- for tapes only

    return TapeMarket(read_tape(path))


def _venue_clock(chosen: MarketClock, begins_at: datetime | None) -> "VenueClock":
    """Return the clock of a new world; `begins_at` is when its tape does."""
    from strikedesk.exchange.clock import VenueClock  # noqa: PLC0415 -- kept off `initialize`

    wall = UtcClock().now()
    at = chosen.at or begins_at or wall
    match chosen.mode:
        case ClockMode.REAL:
            return VenueClock()
        case ClockMode.FROZEN:
            return VenueClock.frozen(at)
        case ClockMode.OFFSET:
            return VenueClock.starting(at, wall)
        case ClockMode.STEPPED:
            return VenueClock.stepped(at)
        case ClockMode.SPEED:
            return VenueClock.accelerated(at, wall, chosen.speed)


def _failed(task: "asyncio.Task[Desk]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)

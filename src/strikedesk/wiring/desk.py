"""A desk put together: the rooms around a store and a broker."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from strikedesk.domain.broking import Capabilities
from strikedesk.domain.margin import Bound
from strikedesk.domain.ports import (
    Alerts,
    Broker,
    CallerTokens,
    Clock,
    Entropy,
    HaltSwitch,
    Leases,
    Ledger,
    SavedScans,
    ScanRuns,
    Watchlists,
)
from strikedesk.domain.symbols import Symbol
from strikedesk.market.cache import MemoryCache
from strikedesk.market.pace import Pace
from strikedesk.market.room import MarketRoom
from strikedesk.market.underlying_facts import MarketFacts
from strikedesk.orders.appraise import Appraiser
from strikedesk.orders.approvals import Approvals
from strikedesk.orders.approve import Approver
from strikedesk.orders.book import OrderBook
from strikedesk.orders.closing import Closer
from strikedesk.orders.confirm import Confirmer
from strikedesk.orders.consent import Consent
from strikedesk.orders.hear import Hearer
from strikedesk.orders.opening import Opener
from strikedesk.orders.preview import Previewer
from strikedesk.orders.reconcile import Reconciler
from strikedesk.orders.stop import Safety
from strikedesk.orders.submit import Submitter
from strikedesk.orders.watch import Watcher
from strikedesk.orders.withdraw import Withdrawer
from strikedesk.portfolio.alerts import AlertBook
from strikedesk.portfolio.books import Books
from strikedesk.portfolio.list_shelf import ListShelf
from strikedesk.portfolio.margin import Margins
from strikedesk.portfolio.watchlists import WatchlistBook
from strikedesk.scan.book import ScanBook
from strikedesk.scan.rounds import Rounds
from strikedesk.scan.scanner import Scanner
from strikedesk.settings import Settings
from strikedesk.wiring.broker import open_broker
from strikedesk.wiring.ground import SystemEntropy, UtcClock, halt_switch, open_store
from strikedesk.wiring.own_strategies import OwnStrategies

if TYPE_CHECKING:
    from strikedesk.store.database import Database


WATCH_EVERY_S: Final = 15.0


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
    opener: Opener
    confirm: Confirmer
    approvals: Approvals
    approver: Approver
    orders: OrderBook
    reconciler: Reconciler
    safety: Safety
    withdrawer: Withdrawer
    halt: HaltSwitch
    ledger: Ledger
    watchlists: WatchlistBook
    list_shelf: ListShelf
    alerts: AlertBook
    scans: ScanBook
    scanner: Scanner
    rounds: Rounds
    tokens: CallerTokens
    strategies: OwnStrategies
    margins: Margins


# What goes on at a desk for as long as it is open.
Companion: TypeAlias = Callable[[Desk], AbstractAsyncContextManager[None]]


@dataclass(slots=True)
class LazyDesk:
    """Opens the desk when it is first needed, once, whoever asks; then `beside` runs with it.

    A failed opening is told to all who wait and tried again by the next who asks.
    """

    settings: Settings
    beside: Companion | None = None
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
        desk = await self._stack.enter_async_context(open_desk(self.settings))
        if self.beside is not None:
            await self._stack.enter_async_context(self.beside(desk))
        return desk


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncGenerator[Desk]:
    """Open the store and the broker, settle what an earlier process left, and yield the desk.

    Raises:
        Misconfigured: see `LazyDesk.desk`.
    """
    async with open_store(settings) as database, open_broker(settings, database) as broker:
        desk = _over_store(settings, database, broker)
        await desk.reconciler(path="start-up")
        watcher = Watcher(
            broker=broker,
            reconciler=desk.reconciler,
            safety=desk.safety,
            every_s=WATCH_EVERY_S,
            alerts=desk.alerts.look,
        )
        hearer = Hearer(
            broker=broker, ledger=desk.ledger, clock=desk.clock, again_after_s=WATCH_EVERY_S
        )
        async with watcher.running(), hearer.running():
            try:
                yield desk
            finally:
                await desk.confirm.drain()


def assemble(
    settings: Settings,
    *,
    broker: Broker,
    ledger: Ledger,
    halt: HaltSwitch,
    watchlists: Watchlists,
    alerts: Alerts,
    scans: SavedScans,
    runs: ScanRuns,
    leases: Leases,
    tokens: CallerTokens,
    clock: Clock,
    entropy: Entropy,
) -> Desk:
    """Put the rooms together around these furnishings; tests bring their own."""
    cache = MemoryCache(Pace(wall=clock, venue=broker))
    market = MarketRoom(data=broker, cache=cache, embedded=broker.capabilities.embedded)
    books = Books(broker=broker, cache=cache)
    limits = settings.limits.limits()
    appraiser = Appraiser(
        broker=broker, quotes=market, ledger=ledger, clock=clock, limits=lambda: limits
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
    withdrawer = Withdrawer(
        halt=halt,
        ledger=ledger,
        reconciler=reconciler,
        confirmer=confirmer,
        clock=clock,
        entropy=entropy,
    )
    strategies = OwnStrategies(settings.folders.strategies)
    lists = WatchlistBook(lists=watchlists, clock=clock)
    shelf = ScanBook(scans=scans, clock=clock, patterns=lambda: strategies.known().patterns)
    scanner = Scanner(
        market=market,
        facts=MarketFacts(market=market),
        lists=lists,
        books=books,
        margin=_bound_alone,
    )
    return Desk(
        settings=settings,
        clock=clock,
        capabilities=broker.capabilities,
        market=market,
        books=books,
        previewer=previewer,
        closer=Closer(broker=broker, accounts=books, quotes=market, previewer=previewer),
        opener=Opener(accounts=books, quotes=market, previewer=previewer),
        confirm=confirmer,
        approvals=approvals,
        approver=Approver(approvals=approvals, confirmer=confirmer),
        orders=OrderBook(ledger=ledger, accounts=books, reconciler=reconciler),
        reconciler=reconciler,
        safety=Safety(
            halt=halt,
            ledger=ledger,
            reconciler=reconciler,
            approvals=approvals,
            withdrawer=withdrawer,
            cancels_opening=settings.safety.cancel_opening_at_halt,
            clock=clock,
        ),
        withdrawer=withdrawer,
        halt=halt,
        ledger=ledger,
        watchlists=lists,
        list_shelf=ListShelf(lists=watchlists, keeper=broker, cache=cache),
        alerts=AlertBook(
            alerts=alerts,
            books=books,
            market=market,
            clock=clock,
            entropy=entropy,
            broker=broker.capabilities.name,
        ),
        scans=shelf,
        scanner=scanner,
        rounds=Rounds(
            book=shelf,
            scanner=scanner,
            market=market,
            runs=runs,
            leases=leases,
            clock=clock,
            holder=entropy.identifier(),
            broker=broker.capabilities.name,
        ),
        tokens=tokens,
        strategies=strategies,
        margins=Margins(broker=broker, accounts=books, entropy=entropy, rule=_bound_alone),
    )


def _bound_alone(
    holdings: Mapping[Symbol, int],
    prices: Mapping[Symbol, Decimal],
    *,
    on: date,
    settles_in_cash: bool,
) -> Bound | None:
    from strikedesk.exchange.reg_t import bound_alone  # noqa: PLC0415 -- imports numpy

    return bound_alone(holdings, prices, on=on, settles_in_cash=settles_in_cash)


def _consent(settings: Settings, capabilities: Capabilities) -> Consent:
    return Consent(
        policy=settings.consent.policy(capabilities.environment),
        environment=capabilities.environment,
        click_above_usd=settings.consent.click_above_usd,
    )


def _over_store(settings: Settings, database: "Database", broker: Broker) -> Desk:
    from strikedesk.store.alerts import SqlAlerts  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.leases import SqlLeases  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.ledger import SqlLedger  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.scan_runs import SqlScanRuns  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.scans import SqlSavedScans  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.tokens import SqlCallerTokens  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.watchlists import SqlWatchlists  # noqa: PLC0415 -- kept off `initialize`

    return assemble(
        settings,
        broker=broker,
        ledger=SqlLedger(database, halts_at=settings.safety.failures_in_row_max),
        halt=halt_switch(settings, database),
        watchlists=SqlWatchlists(database),
        alerts=SqlAlerts(database),
        scans=SqlSavedScans(database),
        runs=SqlScanRuns(database),
        leases=SqlLeases(database),
        tokens=SqlCallerTokens(database),
        clock=UtcClock(),
        entropy=SystemEntropy(),
    )


def _failed(task: "asyncio.Task[Desk]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)

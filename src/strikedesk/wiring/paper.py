"""The embedded paper broker, on the market and in the world that the settings name."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import Broker, Ledger
from strikedesk.orders.reconcile import Reconciler
from strikedesk.settings import ClockMode, MarketClock, PaperSettings, Settings
from strikedesk.wiring.ground import SystemEntropy, UtcClock, open_store

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What the owner's commands need of the paper world that the settings name."""

    world: str
    broker: "PaperBroker"
    keeper: "WorldKeeper"
    worlds: "SqlWorlds"
    ledger: Ledger
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


def paper_broker(settings: Settings, database: "Database") -> Broker:
    """Return the embedded broker. Blocks while numpy is imported: call it off the event loop."""
    from strikedesk.brokers.paper.broker import PaperBroker  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.store.worlds import SqlWorldStore  # noqa: PLC0415 -- kept off `initialize`

    market, opening = paper_market(settings.paper, insisted=settings.clock_insisted)
    return PaperBroker(
        store=SqlWorldStore(database),
        market=market,
        clock=UtcClock(),
        world=settings.paper.world,
        entropy=SystemEntropy(),
        opening=opening,
    )


def paper_market(paper: PaperSettings, *, insisted: bool = False) -> "tuple[Market, Opening]":
    """Return a market and what a new world on it is given. Blocks while a tape is read.

    `insisted`: a world that goes at another pace is refused.
    """
    from strikedesk.brokers.paper.opening import Opening  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.exchange.simulated import SimulatedMarket  # noqa: PLC0415 -- imports numpy

    chosen = paper.clock
    opening = Opening(
        accounts=_paper_accounts(paper), clock_insisted=insisted, latency_ms=paper.latency_ms
    )
    if paper.tape is not None:
        tape = _tape_market(paper.tape)
        clock = _venue_clock(chosen, tape.tape.begins_at)
        return tape, replace(opening, clock=clock, source={"tape": tape.tape.digest})
    seed, clock = paper.seed, _venue_clock(chosen, None)
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


def _practice(settings: Settings, database: "Database") -> Practice:
    from strikedesk.brokers.paper.broker import PaperBroker  # noqa: PLC0415 -- kept off `initialize`
    from strikedesk.brokers.paper.keeper import WorldKeeper  # noqa: PLC0415 -- same
    from strikedesk.store.ledger import SqlLedger  # noqa: PLC0415 -- same
    from strikedesk.store.whole_worlds import SqlWorlds  # noqa: PLC0415 -- same
    from strikedesk.store.worlds import SqlWorldStore  # noqa: PLC0415 -- same

    market, opening = paper_market(settings.paper, insisted=settings.clock_insisted)
    store, world = SqlWorldStore(database), settings.paper.world
    clock, entropy = UtcClock(), SystemEntropy()
    ledger = SqlLedger(database, halts_at=settings.safety.failures_in_row_max)
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
        ledger=ledger,
        reconciler=Reconciler(
            broker=broker,
            ledger=ledger,
            clock=clock,
            preview_ttl_s=settings.order.preview_ttl_s,
        ),
        opening=opening,
    )

"""Our tastytrade adapter beside the independent SDK: the same calls to the same local sandbox.

The sandbox runs in a process of its own; what is told is the processor time that the client's side
takes, by turns, the median. Ours keeps no quota here, as the SDK keeps none, and remembers nothing
from turn to turn. How both read the market-data stream is in `dxlink_parse`.
Run: `python -m benchmarks.tastytrade_sdk`.
"""

import asyncio
import re
import signal
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Final

import tastytrade.session
from tastytrade import Account, Session
from tastytrade.instruments import NestedOptionChain
from tastytrade.market_data import get_market_data_by_type
from tastytrade.order import InstrumentType, LimitOrder, OrderAction, OrderStatus, OrderTimeInForce
from tastytrade.order import Leg as SdkLeg

from benchmarks.report import Figure, report
from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.brokers.tastytrade.chains import Chains
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.quoting import SYMBOLS_MAX, Quoting
from strikedesk.brokers.tastytrade.session import Session as OurSession
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.brokers.tastytrade.spelling import spelled
from strikedesk.brokers.tastytrade.token_desk import TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.broking import CancelTicket, PlaceTicket
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.wiring.ground import UtcClock

TURNS: Final = 15
CLOCK: Final = "frozen:2026-11-20T16:00:00Z"
SPX, SPY = EquitySymbol("SPX"), EquitySymbol("SPY")
PENNY: Final = Decimal("0.01")

_LONG_AGO: Final = datetime(2025, 11, 20, tzinfo=UTC)
_AT_WORK: Final = (OrderStatus.LIVE, OrderStatus.RECEIVED, OrderStatus.ROUTED)

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The same call by both sides."""

    name: str
    ours: Act
    sdk: Act
    held_to: str = "not slower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the sandbox is, and what opens it."""

    address: str
    client_secret: str
    refresh_token: str


def main() -> None:
    """Serve, measure, tell."""
    # The SDK hands its JSON to httpx in a way that httpx has left behind.
    warnings.filterwarnings("ignore", message="Use 'content=", category=DeprecationWarning)
    with sandbox() as place:
        figures = asyncio.run(measured(place))
    report("tastytrade_sdk", figures, floor="the SDK `tastytrade`; processor time of the client")


@contextmanager
def sandbox() -> Generator[Place]:
    """Serve a market that stands still, in a process of its own."""
    ports = ("--port", "0", "--control-port", "0")
    command = [sys.executable, "-m", "strikedesk", "sandbox", *ports, "--clock", CLOCK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _read(process)
        finally:
            process.send_signal(signal.SIGINT)


def _read(process: "subprocess.Popen[str]") -> Place:
    screen = ""
    for line in process.stdout or ():
        screen += line
        if line.startswith("Ctrl-C"):
            break
    words = ("REST and OAuth", "client secret", "refresh token")
    found = [re.findall(rf"{each} +(\S+)", screen)[0] for each in words]
    return Place(address=found[0], client_secret=found[1], refresh_token=found[2])


async def measured(place: Place) -> list[Figure]:
    """Return what each call takes both sides."""
    async with ours(place) as (client, broker, directory), theirs(place) as (session, account):
        calls = [
            *await reads(client, broker, directory, session, account),
            *await orders(broker, session, account),
        ]
        return [await figure(call) for call in calls]


async def figure(call: Call) -> Figure:
    """Measure both by turns; the first turn of each warms it."""
    times: dict[Act, list[float]] = {call.ours: [], call.sdk: []}
    for _ in range(TURNS + 1):
        for act, taken in times.items():
            begun = time.process_time()
            await act()
            taken.append((time.process_time() - begun) * 1000)
    mine, sdk = (statistics.median(taken[1:]) for taken in times.values())
    return Figure(name=call.name, ours=mine, floor=sdk, held_to=call.held_to)


@asynccontextmanager
async def ours(place: Place) -> AsyncGenerator[tuple[Client, TastytradeBroker, Directory]]:
    """Open our side."""
    site, clock = on_this_machine(place.address), UtcClock()
    wire, pace = Wire(site), Pace(scale=1_000_000)
    grant = Grant(
        client_secret=Secret(place.client_secret), refresh_token=Secret(place.refresh_token)
    )
    session = OurSession(
        grant=grant, desk=TokenDesk(site=site, wire=wire, clock=clock), clock=clock
    )
    key = Secret("a key of a benchmark")
    client = Client(wire=wire, session=session, pace=pace)
    directory = Directory(client=client, site=site, key=key, clock=clock)
    broker = TastytradeBroker(
        site=site, wire=wire, session=session, clock=clock, account_key=key, pace=pace
    )
    try:
        yield client, broker, directory
    finally:
        await wire.close()


@asynccontextmanager
async def theirs(place: Place) -> AsyncGenerator[tuple[Session, Account]]:
    """Open the SDK's side, its one constant pointed at the sandbox."""
    setattr(tastytrade.session, "API_URL", place.address)  # noqa: B010 -- it exports no such name
    async with Session(place.client_secret, place.refresh_token, trust_env=False) as session:
        yield session, (await Account.get(session))[0]


async def reads(
    client: Client,
    broker: TastytradeBroker,
    directory: Directory,
    session: Session,
    account: Account,
) -> Sequence[Call]:
    """Return what only reads."""
    await broker.ready()
    own = (await broker.accounts())[0].account_id
    contracts = await some_contracts(broker)
    occ = [spelled(each) for each in contracts]
    quoting = Quoting(client=client, site=directory.site)
    clock = UtcClock()

    async def our_accounts() -> object:
        directory._kept = None  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] -- see above
        return await directory.accounts()

    async def sdk_accounts() -> object:
        found = await Account.get(session)
        return found, [await each.get_trading_status(session) for each in found]

    async def our_chain() -> object:
        return await Chains(client=client, quoting=quoting, clock=clock).expirations(SPX)

    return [
        Call(name="accounts, and what each may do", ours=our_accounts, sdk=sdk_accounts),
        Call(
            name="balances",
            ours=lambda: broker.balances(own),
            sdk=lambda: account.get_balances(session),
        ),
        Call(
            name="positions, marked",
            ours=lambda: broker.positions(own),
            sdk=lambda: account.get_positions(session, include_marks=True),
        ),
        Call(
            name="the nested chain of SPX",
            ours=our_chain,
            sdk=lambda: NestedOptionChain.get(session, "SPX"),
            held_to=">= 2 x as fast",
        ),
        Call(
            name=f"quotes of {len(contracts)} contracts, by REST",
            ours=lambda: quoting.quotes(contracts),
            sdk=lambda: get_market_data_by_type(session, options=occ),
        ),
    ]


async def some_contracts(broker: TastytradeBroker) -> list[Symbol]:
    """Return as many contracts as one call takes, around the money."""
    expiration = (await broker.expirations(SPY))[3]
    middle = len(expiration.strikes) // 2
    rows = (await broker.chain(SPY, [expiration.day])).rows
    begin = max(0, 2 * middle - SYMBOLS_MAX // 2)
    return [row.contract for row in rows[begin : begin + SYMBOLS_MAX]]


async def orders(broker: TastytradeBroker, session: Session, account: Account) -> Sequence[Call]:
    """Return what has to do with orders: one that rests, of a contract worth far more."""
    own, numbers = (await broker.accounts())[0].account_id, count()
    contract = (await some_contracts(broker))[0]
    leg = Leg(symbol=contract, action=Action.BUY_TO_OPEN, quantity=1)
    order = OrderRequest(account_id=own, legs=(leg,), order_type=OrderType.LIMIT, limit_net=PENNY)
    sdk_leg = SdkLeg(
        instrument_type=InstrumentType.EQUITY_OPTION,
        symbol=spelled(contract),
        action=OrderAction.BUY_TO_OPEN,
        quantity=1,
    )
    sdk_order = LimitOrder(time_in_force=OrderTimeInForce.DAY, legs=[sdk_leg], price=-PENNY)

    def ticket() -> PlaceTicket:
        return PlaceTicket(client_order_id=f"bench-{next(numbers)}", order=order)

    async def place_and_cancel() -> None:
        number = (await broker.submit(ticket())).broker_order.broker_order_id
        await broker.submit(
            CancelTicket(client_order_id="cancel", account_id=own, broker_order_id=number)
        )

    async def sdk_place_and_cancel() -> None:
        number = (await account.place_order(session, sdk_order, dry_run=False)).order.id
        await account.get_order(session, number)
        await account.delete_order(session, number)
        await account.get_order(session, number)

    async def sdk_at_work() -> None:
        await account.get_live_orders(session)
        await account.get_order_history(session, start_at=_LONG_AGO, statuses=_AT_WORK)

    return [
        Call(
            name="a dry run",
            ours=lambda: broker.preflight(ticket()),
            sdk=lambda: account.place_order(session, sdk_order, dry_run=True),
        ),
        Call(name="an order, and its cancel", ours=place_and_cancel, sdk=sdk_place_and_cancel),
        Call(
            name="orders at work, today's and those that stand",
            ours=lambda: broker.orders(own),
            sdk=sdk_at_work,
        ),
    ]


if __name__ == "__main__":
    main()

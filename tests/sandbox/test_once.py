"""Once, at tastytrade: whatever becomes of a request, an order is there once or not at all.

The real desk over a real file, tastytrade's adapter and real sockets; the sandbox does not
deduplicate. After each mishap the owner approves again, at the desk that sent or at one that was
started anew, which knows what is on the disk and no more.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
import pytest_asyncio

from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.approvals import ConsentPolicy, Voice
from strikedesk.domain.errors import DeskError
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.orders.approve import Said
from strikedesk.orders.draft import Draft, Terms
from strikedesk.orders.groups import GroupDraft
from strikedesk.orders.preview import Preview
from strikedesk.orders.tickets import ticket_of
from strikedesk.sandbox.faults.panel import Garbling, Kind, Mishap
from strikedesk.store.database import Database
from strikedesk.store.halts import SqlHaltSwitch
from strikedesk.store.ledger import SqlLedger
from strikedesk.wiring.desk import Desk
from tests.builders import NOON
from tests.patience import PATIENCE_S
from tests.proofs.desk import ME, WIDE, a_desk
from tests.sandbox.linked import linked
from tests.sandbox.served import Served, served
from tests.stores import a_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNT, NUMBER = "tasty-0001", "5WS00001"
SPY: Final = EquitySymbol("SPY")
# Two looks that find nothing, so far apart, are believed.
LOOKS_AFTER_S: Final = (65, 65, 65)

MISHAPS: dict[str, dict[str, Any] | None] = {
    "nothing": None,
    **{f"status {status}": {"kind": Kind.STATUS, "status": status} for status in (429, 500, 503)},
    **{kind.value: {"kind": kind} for kind in (Kind.RESET, Kind.LOST, Kind.HANG, Kind.LATE)},
    **{f"garbled: {how.value}": {"kind": Kind.GARBLED, "how": how} for how in Garbling},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


@dataclass
class Client:
    """Who previews and approves, at a desk that may be started anew."""

    here: Served
    database: Database
    desk: Desk
    wire: Wire

    async def started_anew(self) -> None:
        await self.wire.close()
        self.desk, self.wire = opened(self.here, self.database)
        await self.desk.reconciler(path="start-up")

    async def approve(self, preview: Preview) -> None:
        """Send it, as the owner; whatever is answered, the ledger is what counts."""
        said = Said(voice=Voice.OWNER, actor="owner", path="a test")
        try:
            await self.desk.approver.approve(preview.record, said)
        except DeskError:
            return


def opened(here: Served, database: Database) -> tuple[Desk, Wire]:
    """Open a desk at which every order waits for the owner's click."""
    broker, wire = linked(here)
    desk = a_desk(
        broker=broker,
        ledger=SqlLedger(database),
        halt=SqlHaltSwitch(database, clock=here.wall),
        clock=here.wall,
        limits=WIDE,
    )
    click = replace(desk.previewer.consent, policy=ConsentPolicy.CLICK)
    return replace(desk, previewer=replace(desk.previewer, consent=click)), wire


def shares(action: Action, price: str, effect: PriceEffect) -> Terms:
    return Terms(
        legs=(Leg(symbol=SPY, action=action, quantity=1),),
        order_type=OrderType.LIMIT,
        price=Decimal(price),
        price_effect=effect,
    )


async def an_order(desk: Desk) -> Preview:
    """Preview a bid far below the market, which rests."""
    terms = shares(Action.BUY_TO_OPEN, "401.00", PriceEffect.DEBIT)
    return await desk.previewer.place(
        Draft(
            account=ACCOUNT,
            legs=terms.legs,
            order_type=terms.order_type,
            price=terms.price,
            price_effect=terms.price_effect,
        ),
        caller=ME,
    )


async def a_group(desk: Desk) -> Preview:
    """Preview such a bid, and an offer for what it would bring."""
    orders = (
        shares(Action.BUY_TO_OPEN, "401.00", PriceEffect.DEBIT),
        shares(Action.SELL_TO_CLOSE, "801.00", PriceEffect.CREDIT),
    )
    draft = GroupDraft(account=ACCOUNT, kind=GroupKind.OTO, orders=orders)
    return await desk.previewer.place_group(draft, caller=ME)


WISHES = {"an order": an_order, "a group": a_group}


@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize(("wish", "mishap", "anew"), [*product(WISHES, MISHAPS, [False, True])])
async def test_an_order_is_there_once_or_not_at_all_and_the_desk_knows_which(
    sandbox: Served, tmp_path: Path, wish: str, mishap: str, anew: bool
) -> None:
    async with a_database("sqlite", tmp_path) as database:
        client = Client(sandbox, database, *opened(sandbox, database))
        preview = await WISHES[wish](client.desk)
        await struck_by(sandbox, MISHAPS[mishap], client.approve(preview))
        if anew:
            await client.started_anew()
        await client.approve(preview)
        await settled(client)
        ledger, order_id = SqlLedger(database), preview.record.order_id
        rows = (await ledger.order(order_id), *await ledger.others(order_id))
        there = [await placed(client, row) for row in rows if row is not None]
        await client.wire.close()

    assert there in ([0] * len(rows), [1] * len(rows))
    taken = {OrderState.WORKING, OrderState.SUBMITTED}
    assert {row.state for row in rows if row is not None} <= (
        taken if there[0] else {OrderState.LAPSED}
    )


async def test_what_is_sent_twice_is_there_twice(sandbox: Served, tmp_path: Path) -> None:
    """Else a sandbox that deduplicates would prove everything."""
    async with a_database("sqlite", tmp_path) as database:
        client = Client(sandbox, database, *opened(sandbox, database))
        preview = await an_order(client.desk)
        await client.approve(preview)
        broker = client.desk.confirm.submit.broker
        await broker.submit(ticket_of(preview.record))

        assert await placed(client, preview.record) == 2
        await client.wire.close()


async def struck_by(here: Served, mishap: dict[str, Any] | None, approving: Any) -> None:
    """Let an approval meet a mishap; one that hangs is let go once it does."""
    if mishap is None:
        await approving
        return
    number = here.panel.next_number()
    paths = "/accounts/*/*orders"
    armed = Mishap(number=number, method="POST", path=paths, **mishap)
    here.panel.arm(armed)
    task = asyncio.ensure_future(approving)
    with anyio.fail_after(PATIENCE_S):
        while not armed.struck:
            await anyio.lowlevel.checkpoint()
        if armed.kind is Kind.HANG:
            while not await here.world.broker.orders(NUMBER):
                await anyio.lowlevel.checkpoint()
        here.panel.disarm(number)
        await task
        await here.panel.settled()


async def settled(client: Client) -> None:
    """Let the desk look for what it is in doubt about, as often as it wants to."""
    for seconds in LOOKS_AFTER_S:
        client.here.wall.move(seconds)
        await client.desk.reconciler(path="worker")


async def placed(client: Client, row: OrderRecord) -> int:
    """Return how often the broker has it."""
    broker = client.desk.confirm.submit.broker
    orders = await broker.orders(row.account_id, since=NOON - timedelta(days=1))
    return [order.client_order_id for order in orders].count(row.client_order_id)

"""The engine at tastytrade's adapter, over real sockets: `python -m tests.proofs.at_tastytrade`.

The broker is a sandbox in another process, which lives on and takes twice what is sent twice. See
`engine` for what else there is to it.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from strikedesk.brokers.tastytrade.orders.sending import DRY_RUN
from strikedesk.brokers.tastytrade.sites import Site, on_this_machine
from strikedesk.brokers.tastytrade.token_desk import TOKEN_PATH
from strikedesk.brokers.tastytrade.wire import Answer, Wire
from strikedesk.domain.approvals import ConsentPolicy, Voice
from strikedesk.domain.errors import DeskError
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.ports import Broker
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.usage import Allowance
from strikedesk.orders.approve import Said
from strikedesk.orders.confirm import PATH
from strikedesk.orders.draft import Draft, Terms
from strikedesk.orders.groups import GroupDraft
from strikedesk.orders.preview import Preview
from strikedesk.store.ledger import SqlLedger
from strikedesk.wiring.desk import Desk
from tests.proofs.desk import ME
from tests.proofs.engine import Engine, Task
from tests.proofs.forks import Line, lived, serve
from tests.proofs.mortal import Crash, MortalLedger
from tests.sandbox.linked import broker_over

ACCOUNT: Final = "tasty-0001"
SPY: Final = EquitySymbol("SPY")
# A desk whose order is in doubt opens no other in its underlying for minutes: here is another.
TICKERS: Final = ("SPY", "QQQ", "IWM", "AAPL", "MSFT", "NVDA")
_WIRE_POINTS: Final = {
    "http11.send_request_headers.complete": "after the first byte",
    "http11.send_request_body.complete": "after the last byte",
}

# What a task has on the wire just now: others may read meanwhile.
_ACTING: Final = ContextVar("acting", default=False)


@dataclass(frozen=True, kw_only=True)
class LinkedTask(Task):
    """A task at the sandbox of this address, by the grant of this token."""

    address: str
    refresh_token: str


class MortalWire(Wire):
    """The wire, whose process may die at each step of an act."""

    def __init__(self, site: Site, crash: Crash) -> None:
        """Speak to this site."""
        Wire.__init__(self, site)
        self.crash = crash
        waits: Any = {**self._waits, "trace": self._trace}
        self._waits = waits

    async def exchange(
        self,
        method: str,
        target: str,
        *,
        bearer: str | None = None,
        body: bytes | None = None,
        bytes_max: int,
    ) -> Answer:
        """See `Wire.exchange`."""
        acts = _acts(method, target)
        _ACTING.set(acts)
        if acts:
            self.crash.reach("before the first byte")
        answer = await Wire.exchange(
            self, method, target, bearer=bearer, body=body, bytes_max=bytes_max
        )
        if acts:
            self.crash.reach("after the answer")
        return answer

    async def _trace(self, event: str, _: Mapping[str, Any]) -> None:
        if _ACTING.get() and event in _WIRE_POINTS:
            self.crash.reach(_WIRE_POINTS[event])


def _acts(method: str, target: str) -> bool:
    """Whether a request changes something at the broker."""
    return method != "GET" and target != TOKEN_PATH and not target.endswith(DRY_RUN)


class AskedLedger(MortalLedger):
    """A ledger whose process may die before and after a person's yes is spent."""

    async def consent(
        self,
        order_id: str,
        *,
        digest: str,
        progress: Progress,
        now: datetime,
        note: Note,
        allowance: Allowance | None = None,
    ) -> OrderRecord | None:
        """See `Ledger.consent`."""
        self.crash.reach("before the claim")
        self.database.point = "claim"
        return await SqlLedger.consent(
            self,
            order_id,
            digest=digest,
            progress=progress,
            now=now,
            note=note,
            allowance=allowance,
        )


class LateAskedLedger(AskedLedger):
    """A ledger as most desks have it: nothing is on the disk before the broker has answered."""

    async def consent(
        self, order_id: str, *, progress: Progress, **rest: Any
    ) -> OrderRecord | None:
        """Say that the intent is there, and write nothing."""
        row = await SqlLedger.order(self, order_id)
        return row and replace(row, state=progress.state, updated_at=rest["now"])


class LinkedEngine(Engine):
    """The desk of one child, whose broker is tastytrade's adapter and whose client is asked."""

    def __init__(self, task: LinkedTask) -> None:
        """Do nothing yet."""
        Engine.__init__(self, task)
        self.site, self.refresh_token = on_this_machine(task.address), task.refresh_token
        self.wire = MortalWire(self.site, self.crash)

    async def close(self) -> None:
        """Let go of what is open."""
        await self.wire.close()
        await Engine.close(self)

    def _assembled(self) -> Desk:
        desk = Engine._assembled(self)
        asking = replace(desk.previewer.consent, policy=ConsentPolicy.ASK)
        confirm = replace(desk.confirm, consent=asking)
        return replace(
            desk,
            confirm=confirm,
            previewer=replace(desk.previewer, consent=asking),
            approver=replace(desk.approver, confirmer=confirm),
        )

    def _broker(self) -> Broker:
        return broker_over(self.wire, self.site, self.refresh_token, self.clock)

    def _ledger(self) -> MortalLedger:
        kind = AskedLedger if self.task.writes_before else LateAskedLedger
        return kind(self.database, self.crash)

    async def _confirm(self, preview_id: str, nonce: str) -> OrderRecord | DeskError:
        """Confirm, and say yes for the person whom the client asks."""
        try:
            row = await self.desk.confirm(preview_id, nonce, caller=ME)
            said = Said(voice=Voice.CLIENT, actor=ME, path=PATH)
            return await self.desk.approver.approve(row, said)
        except DeskError as error:
            return error

    async def _wanted(self) -> Preview:
        """Preview a bid far below the market, and, in a group, an offer for what it would bring."""
        if not self.task.together:
            return await self._a_bid(SPY, Decimal(401))
        offer = Terms(
            legs=(Leg(symbol=SPY, action=Action.SELL_TO_CLOSE, quantity=1),),
            order_type=OrderType.LIMIT,
            price=Decimal(801),
            price_effect=PriceEffect.CREDIT,
        )
        orders = (_a_bid(SPY, Decimal(401)), offer)
        draft = GroupDraft(account=ACCOUNT, kind=GroupKind.OTO, orders=orders)
        return await self.desk.previewer.place_group(draft, caller=ME)

    async def _some_order(self) -> Preview:
        """Preview a share at the offer, or a bid that rests."""
        symbol = EquitySymbol(self.random.choice(TICKERS))
        quote = (await self.desk.market.quotes([symbol]))[symbol]
        assert quote.ask is not None
        below = Decimal(self.random.choice((0, 20, 40))) / 100
        return await self._a_bid(symbol, (quote.ask * (1 - below)).quantize(Decimal("0.01")))

    def _some_price(self, row: OrderRecord) -> Decimal:
        assert row.order.limit_net is not None
        return row.order.limit_net - Decimal(self.random.randint(1, 200)) / 100

    async def _a_bid(self, symbol: EquitySymbol, price: Decimal) -> Preview:
        terms = _a_bid(symbol, price)
        draft = Draft(
            account=ACCOUNT,
            legs=terms.legs,
            order_type=terms.order_type,
            price=terms.price,
            price_effect=terms.price_effect,
        )
        return await self.desk.previewer.place(draft, caller=ME)


def _a_bid(symbol: EquitySymbol, price: Decimal) -> Terms:
    return Terms(
        legs=(Leg(symbol=symbol, action=Action.BUY_TO_OPEN, quantity=1),),
        order_type=OrderType.LIMIT,
        price=price,
        price_effect=PriceEffect.DEBIT,
    )


def carried_out(line: Line) -> tuple[int, float]:
    """Let a child carry out a task; return how it ended and how many seconds it took."""
    task = LinkedTask(**line)
    return lived(lambda _: LinkedEngine(task).run(), kill_after_s=task.kill_after_s)


if __name__ == "__main__":
    serve(carried_out)

"""The order path over furniture made of memory, with every knob a test may turn."""

from dataclasses import dataclass, field
from decimal import Decimal

from strikedesk.domain.accounts import Account
from strikedesk.domain.broking import LookupStatus
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Leg, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.appraise import Appraiser
from strikedesk.orders.approvals import Approvals
from strikedesk.orders.approve import Approver
from strikedesk.orders.book import OrderBook
from strikedesk.orders.closing import Closer
from strikedesk.orders.confirm import Confirmer
from strikedesk.orders.consent import Consent, ConsentPolicy
from strikedesk.orders.draft import Draft
from strikedesk.orders.preview import Preview, Previewer
from strikedesk.orders.reconcile import Reconciler
from strikedesk.orders.settle import Settler
from strikedesk.orders.stop import Safety
from strikedesk.orders.submit import Submitter
from strikedesk.orders.withdraw import Withdrawer
from strikedesk.risk.limits import Limits
from tests.builders import a_leg
from tests.fakes.broker import ACCOUNT, ScriptedBroker
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.halt import MemoryHalt
from tests.fakes.ledger import MemoryLedger

__all__ = ["LookupStatus", "OrderDesk", "OrderState"]

CALL = "AAPL261218C00200000"
ME = "stdio"


class OneAccount:
    """Knows the one account of the scripted broker."""

    async def all(self) -> tuple[Account, ...]:
        return (ACCOUNT,)

    async def named(self, handle: str) -> Account:
        if handle != ACCOUNT.handle:
            raise Denied(Reason.ACCOUNT_UNKNOWN, account=handle)
        return ACCOUNT


@dataclass
class OrderDesk:
    """Real use cases; ledger, halt and broker in memory. `restart` forgets all but those."""

    clock: StoppedClock = field(default_factory=StoppedClock)
    entropy: CountingEntropy = field(default_factory=CountingEntropy)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    halt: MemoryHalt = field(default_factory=MemoryHalt)
    # Tests send the same order twice as a matter of course; those of the window set one.
    limits: Limits = field(default_factory=lambda: Limits(duplicate_window_s=0))
    accounts: OneAccount = field(default_factory=OneAccount)
    policy: ConsentPolicy = ConsentPolicy.MODEL
    click_above_usd: Decimal | None = None
    cancels_opening: bool = False

    def __post_init__(self) -> None:
        self.ledger.halt = self.halt
        self.broker = ScriptedBroker(
            clock=self.clock, quoted={parse_symbol(CALL): ("1.10", "1.20")}
        )
        self.restart()

    def restart(self) -> None:
        """Build the use cases anew, as a new process does."""
        broker, ledger, clock = self.broker, self.ledger, self.clock
        appraise = Appraiser(
            broker=broker, quotes=broker, ledger=ledger, clock=clock, limits=lambda: self.limits
        )
        self.approvals = Approvals(ledger=ledger, clock=clock, entropy=self.entropy, ttl_s=300)
        consent = Consent(
            policy=self.policy,
            environment=broker.environment,
            click_above_usd=self.click_above_usd,
        )
        self.previewer = Previewer(
            broker=broker,
            ledger=ledger,
            accounts=self.accounts,
            halt=self.halt,
            clock=clock,
            entropy=self.entropy,
            appraise=appraise,
            preview_ttl_s=120,
            consent=consent,
            approvals=self.approvals,
        )
        self.closer = Closer(
            broker=broker, accounts=self.accounts, quotes=broker, previewer=self.previewer
        )
        self.submit = Submitter(broker=broker, ledger=ledger, halt=self.halt, clock=clock)
        self.confirmer = Confirmer(
            ledger=ledger,
            clock=clock,
            appraise=appraise,
            consent=consent,
            approvals=self.approvals,
            submit=self.submit,
        )
        self.approver = Approver(approvals=self.approvals, confirmer=self.confirmer)
        self.reconciler = Reconciler(broker=broker, ledger=ledger, clock=clock, preview_ttl_s=120)
        self.book = OrderBook(ledger=ledger, accounts=self.accounts, reconciler=self.reconciler)
        self.withdrawer = Withdrawer(
            halt=self.halt,
            ledger=ledger,
            reconciler=self.reconciler,
            confirmer=self.confirmer,
            clock=clock,
            entropy=self.entropy,
        )
        self.safety = Safety(
            withdrawer=self.withdrawer,
            cancels_opening=self.cancels_opening,
            halt=self.halt,
            ledger=ledger,
            reconciler=self.reconciler,
            approvals=self.approvals,
            clock=clock,
        )

    @property
    def settler(self) -> Settler:
        """The owner at the command line."""
        return Settler(
            ledger=self.ledger,
            clock=self.clock,
            reconciler=self.reconciler,
            actor="owner",
            path="cli",
        )

    async def left_submitting(self) -> Preview:
        """A process died between its commit and the broker's answer."""
        preview = await self.preview()
        await self.ledger.advance(
            preview.record.order_id,
            Progress(state=OrderState.SUBMITTING),
            only_from={OrderState.PREVIEWED},
            note=Note(at=self.clock.now(), actor="stdio", path="test", kind="submitting"),
        )
        return preview

    def quote(self, symbol: str, bid: str | None, ask: str | None) -> None:
        """Set a market."""
        self.broker.quoted[parse_symbol(symbol)] = (bid, ask)

    async def preview(
        self,
        *legs: Leg,
        price: str | None = "1.20",
        effect: PriceEffect | None = PriceEffect.DEBIT,
        order_type: OrderType = OrderType.LIMIT,
        time_in_force: TimeInForce = TimeInForce.DAY,
        caller: str = ME,
    ) -> Preview:
        """Preview one call bought at the offer, unless told otherwise."""
        draft = Draft(
            account=ACCOUNT.handle,
            legs=legs or (a_leg(CALL),),
            order_type=order_type,
            price=None if price is None else Decimal(price),
            price_effect=effect,
            time_in_force=time_in_force,
        )
        return await self.previewer.place(draft, caller=caller)

    async def confirm(self, preview: Preview, *, caller: str = ME) -> OrderRecord:
        """Confirm it with its own nonce."""
        nonce = preview.nonce or "there is none"
        return await self.confirmer(preview.record.preview_id, nonce, caller=caller)

    async def row(self, preview: Preview) -> OrderRecord:
        """Return its row as the ledger has it."""
        found = await self.ledger.order(preview.record.order_id)
        assert found is not None
        return found

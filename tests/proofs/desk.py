"""The desk that proofs are about: the real rooms over a real store, at a venue of our own."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from strikedesk.domain.groups import GroupKind
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.ports import Broker, HaltSwitch, Ledger
from strikedesk.orders.draft import Draft, Terms
from strikedesk.orders.groups import GroupDraft
from strikedesk.orders.preview import Preview
from strikedesk.settings.sections import LimitSettings
from strikedesk.wiring.desk import Desk, assemble
from strikedesk.wiring.ground import SystemEntropy
from tests.builders import a_leg
from tests.fakes.alerts import MemoryAlerts
from tests.fakes.broker import ACCOUNT
from tests.fakes.clock import StoppedClock
from tests.fakes.scans import MemorySavedScans
from tests.fakes.tokens import MemoryTokens
from tests.fakes.watchlists import MemoryWatchlists
from tests.fakes.work import MemoryLeases, MemoryScanRuns
from tests.tools.core_door import settings

ME: Final = "stdio"
# Wide enough for thousands of orders a day, of which one may look like another.
WIDE: Final = LimitSettings(
    orders_minute_max=100_000,
    orders_day_max=1_000_000,
    loss_usd_day_max=Decimal(10**9),
    notional_usd_day_max=Decimal(10**9),
    duplicate_window_s=0,
)


def a_desk(
    *, broker: Broker, ledger: Ledger, halt: HaltSwitch, clock: StoppedClock, limits: LimitSettings
) -> Desk:
    """Put a desk together around these."""
    return assemble(
        settings(limits=limits),
        broker=broker,
        ledger=ledger,
        halt=halt,
        watchlists=MemoryWatchlists(),
        alerts=MemoryAlerts(),
        scans=MemorySavedScans(),
        runs=MemoryScanRuns(),
        leases=MemoryLeases(),
        tokens=MemoryTokens(),
        clock=clock,
        entropy=SystemEntropy(),
    )


async def a_group_preview(desk: Desk, call: str) -> Preview:
    """Preview calls bought at the offer and, once they are, sold at twice that or at less."""
    opening, closing = a_leg(call), a_leg(call, Action.SELL_TO_CLOSE)
    terms = [
        _terms(opening, "1.20", PriceEffect.DEBIT),
        _terms(closing, "2.40", PriceEffect.CREDIT),
        replace(
            _terms(closing, "0.75", PriceEffect.CREDIT),
            order_type=OrderType.STOP_LIMIT,
            stop_trigger=Decimal("0.80"),
        ),
    ]
    draft = GroupDraft(account=ACCOUNT.handle, kind=GroupKind.OTOCO, orders=tuple(terms))
    return await desk.previewer.place_group(draft, caller=ME)


def _terms(leg: Leg, price: str, effect: PriceEffect) -> Terms:
    return Terms(legs=(leg,), order_type=OrderType.LIMIT, price=Decimal(price), price_effect=effect)


async def a_preview(desk: Desk, call: str, quantity: int = 1, *, price: str = "1.20") -> Preview:
    """Preview calls bought at the offer."""
    draft = Draft(
        account=ACCOUNT.handle,
        legs=(a_leg(call, quantity=quantity),),
        order_type=OrderType.LIMIT,
        price=Decimal(price),
        price_effect=PriceEffect.DEBIT,
    )
    return await desk.previewer.place(draft, caller=ME)

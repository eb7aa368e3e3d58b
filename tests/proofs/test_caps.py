"""S10: a caller who wants nothing but to get past the owner's limits, and may call what it likes.

What it got is counted at the broker, by prices and times that the desk's own figures do not enter.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from random import Random
from typing import Final

import pytest

from strikedesk.domain import calendar
from strikedesk.domain.broking import (
    BrokerOrder,
    CancelTicket,
    GroupTicket,
    Receipt,
    Ticket,
)
from strikedesk.domain.errors import DeskError, Rejected
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.draft import Change, Draft
from strikedesk.orders.preview import Preview
from strikedesk.risk.limits import Limits
from tests.builders import a_leg
from tests.fakes.broker import ACCOUNT, Day, ScriptedBroker
from tests.proof import examples, report, seconds
from tests.unit.order_desk import ME, OrderDesk

SEED: Final = 20_261_129
BOUGHT: Final = ("AAPL261218C00200000", "MSFT261218C00400000", "SPY261218C00600000")
# Nothing is ever held in this one, so that whatever is sold to open is naked.
SOLD: Final = "QQQ261218C00500000"
FORBIDDEN: Final = "TSLA261218C00300000"
ASK: Final = Decimal("1.20")
# Shares, bought for amounts of USD around what the limits allow.
SHARES: Final = ("KO", "KO", "TSLA")
SHARE_BID, SHARE_ASK = Decimal("9.98"), Decimal("10.00")
AMOUNTS: Final = tuple(map(Decimal, ("5", "60", "400", "400.01", "499.99", "500.01", "900")))
LIMITS: Final = Limits(
    contracts_max=5,
    shares_max=40,
    loss_usd_max=Decimal(500),
    loss_usd_day_max=Decimal(1_500),
    notional_usd_day_max=Decimal(1_600),
    forbidden_symbols=("TSLA",),
    orders_minute_max=4,
    orders_day_max=9,
    duplicate_window_s=20,
)
STEPS: Final = 25
DAYS: Final = (Day.FILLED, Day.WORKING, Day.WORKING, Day.REJECTED, Day.ACCEPTED_IN_SILENCE)
PAUSES: Final = (0, 1, 5, 19, 21, 59, 61, 600, 7_200, 50_000)


@dataclass(frozen=True)
class Sent:
    """A ticket at the moment at which the broker got it."""

    at: datetime
    client_order_id: str
    order: OrderRequest
    filled: int


class Market(ScriptedBroker):
    """Refuses to act on what is over; remembers when it got what."""

    def open_up(self) -> None:
        self.sent: list[Sent] = []
        self.day_of: dict[str, datetime] = {}

    async def submit(self, ticket: Ticket) -> Receipt:
        await asyncio.sleep(0)
        if isinstance(ticket, GroupTicket):
            raise Rejected(Reason.NOT_SUPPORTED, code="no_groups")
        if not isinstance(ticket, CancelTicket):
            filled = self.filled_of(getattr(ticket, "broker_order_id", None))
            now = self.clock.now()
            self.sent.append(Sent(now, ticket.client_order_id, ticket.order, filled))
            self.day_of[ticket.client_order_id] = calendar.day_begins(self.clock.now())
        target = getattr(ticket, "broker_order_id", None)
        if target and not any(o.broker_order_id == target and o.state.is_open for o in self.placed):
            raise Rejected(Reason.ORDER_NOT_WORKING, code="order_not_working")
        return await ScriptedBroker.submit(self, ticket)

    def filled_of(self, broker_order_id: str | None) -> int:
        """How many units of what is replaced have filled: of those nothing is asked any more."""
        return sum(o.filled_units for o in self.placed if o.broker_order_id == broker_order_id)

    def lost_at_worst(self, order: BrokerOrder) -> Decimal:
        """What was paid for the units that filled, and for those that still may."""
        units = order.order.units if order.state.is_open else order.filled_units
        if order.order.value is not None:
            return order.order.value * units
        return max(order.order.limit_net or Decimal(0), Decimal(0)) * 100 * units


@dataclass
class Adversary:
    """Calls anything, often several at once, and lets the clock run when that helps."""

    random: Random
    desk: OrderDesk = field(default_factory=lambda: OrderDesk(limits=LIMITS))
    previews: list[Preview] = field(default_factory=list[Preview])
    draft: Draft | None = None

    def __post_init__(self) -> None:
        self.market = Market(
            clock=self.desk.clock,
            quoted={
                **{parse_symbol(c): ("1.10", str(ASK)) for c in (*BOUGHT, SOLD, FORBIDDEN)},
                **{parse_symbol(s): (str(SHARE_BID), str(SHARE_ASK)) for s in SHARES},
            },
        )
        self.market.open_up()
        self.desk.broker = self.market
        self.desk.restart()

    async def step(self) -> None:
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self.preview: 40,
            self.confirm: 35,
            self.change: 15,
            self.wait: 12,
            self.get_weather: 6,
            self.fill: 5,
            self.reconcile: 4,
        }
        (act,) = self.random.choices(list(acts), weights=list(acts.values()))
        with suppress(DeskError):
            await act()
        await self.desk.confirmer.drain()

    async def preview(self) -> None:
        """Ask for something new, or for the same again."""
        if self.draft is None or self.random.random() < 0.7:
            self.draft = self.a_draft()
        self.previews.append(await self.desk.previewer.place(self.draft, caller=ME))

    def a_draft(self) -> Draft:
        if self.random.random() < 0.15:
            return Draft(
                account=ACCOUNT.handle,
                legs=(a_leg(self.random.choice(SHARES), Action.BUY, 1),),
                order_type=OrderType.NOTIONAL_MARKET,
                value=self.random.choice(AMOUNTS),
            )
        price = ASK * self.random.choice((1, 1, 1, 2)) + Decimal(self.random.randint(-5, 12)) / 100
        option_market, leg = self.random.random() < 0.1, self.leg()
        effect = PriceEffect.CREDIT if leg.action.sign < 0 else PriceEffect.DEBIT
        return Draft(
            account=ACCOUNT.handle,
            legs=(leg,),
            order_type=OrderType.MARKET if option_market else OrderType.LIMIT,
            price=None if option_market else price,
            price_effect=None if option_market else effect,
        )

    def leg(self) -> Leg:
        quantity = self.random.randint(1, 8)
        if self.random.random() < 0.1:
            return a_leg(SOLD, Action.SELL_TO_OPEN, quantity)
        return a_leg(self.random.choice((*BOUGHT, *BOUGHT, FORBIDDEN)), quantity=quantity)

    async def change(self) -> None:
        rows = [row for row in self.desk.ledger.records.values() if row.state.is_open]
        if not rows:
            return
        row, previewer = self.random.choice(rows), self.desk.previewer
        if self.random.random() < 0.3:
            self.previews.append(await previewer.cancel(row.order_id, caller=ME))
            return
        change = Change(
            units=self.random.randint(1, 9),
            price=Decimal(self.random.randint(100, 140)) / 100,
            price_effect=PriceEffect.DEBIT,
        )
        self.previews.append(await previewer.replace(row.order_id, change, caller=ME))

    async def confirm(self) -> None:
        """Press several buttons at once, some of them twice."""
        chosen = [self.random.choice(self.previews[-8:]) for _ in range(4) if self.previews]
        await asyncio.gather(*(self.desk.confirm(p) for p in chosen), return_exceptions=True)

    async def wait(self) -> None:
        self.desk.clock.move(self.random.choice(PAUSES))

    async def get_weather(self) -> None:
        self.market.day = self.random.choice(DAYS)

    async def reconcile(self) -> None:
        await self.desk.reconciler(path="worker")

    async def fill(self) -> None:
        for index, order in enumerate(self.market.placed):
            if order.state.is_open:
                filled = self.random.randint(order.filled_units, order.order.units)
                over = filled == order.order.units
                state = OrderState.FILLED if over else OrderState.PARTIALLY_FILLED
                state = state if filled else order.state
                self.market.placed[index] = replace(order, filled_units=filled, state=state)


def passed(market: Market) -> list[str]:
    """Return every cap that what the broker got is beyond."""
    wrong = [fault for sent in market.sent for fault in faults_of(sent.order, sent.filled)]
    times = sorted(sent.at for sent in market.sent)
    bursts = zip(times, times[LIMITS.orders_minute_max :], strict=False)
    if any((later - earlier).total_seconds() < 60 for earlier, later in bursts):
        wrong.append("too many in a minute")
    for day in {calendar.day_begins(at) for at in times}:
        if sum(calendar.day_begins(at) == day for at in times) > LIMITS.orders_day_max:
            wrong.append("too many in a day")
        mine = [o for o in market.placed if market.day_of.get(o.client_order_id or "") == day]
        if sum(map(market.lost_at_worst, mine), Decimal(0)) > LIMITS.loss_usd_day_max:
            wrong.append("too much to lose in a day")
    if any(is_twin(market, one, other) for one, other in combinations(market.sent, 2)):
        wrong.append("the same again")
    return wrong


def is_twin(market: Market, one: Sent, other: Sent) -> bool:
    """Whether the second repeats a first that had its effect, or may still have it."""
    window = (other.at - one.at).total_seconds() < LIMITS.duplicate_window_s
    lasting = any(
        order.client_order_id == one.client_order_id and (order.filled_units or order.state.is_open)
        for order in market.placed
    )
    return window and lasting and one.order.digest == other.order.digest


def faults_of(order: OrderRequest, filled: int) -> list[str]:
    """Return what an order alone is beyond, by the units that it may still add."""
    net, left = order.limit_net or Decimal(0), max(order.units - filled, 0)
    faults = {
        "too many contracts": order.contracts // order.units * left > LIMITS.contracts_max,
        "too many shares": (order.value or 0) > LIMITS.shares_max * SHARE_ASK,
        "naked": any(leg.action is Action.SELL_TO_OPEN for leg in order.legs),
        "forbidden": order.underlying in LIMITS.forbidden_symbols,
        "a market order": order.order_type is OrderType.MARKET,
        "beyond the collar": net > ASK * Decimal("1.10"),
        "too much to lose": max(net * 100 * left, order.value or 0) > LIMITS.loss_usd_max,
    }
    return [name for name, found in faults.items() if found]


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("limits")
async def test_no_sequence_of_calls_gets_past_a_cap() -> None:
    sequences, sent, beyond = examples(150, 10_000), 0, list[tuple[int, list[str]]]()
    for number in range(sequences):
        adversary = Adversary(Random(SEED + number))  # noqa: S311 -- the same calls every time
        for _ in range(STEPS):
            await adversary.step()
        if wrong := passed(adversary.market):
            beyond.append((number, wrong))
        sent += len(adversary.market.sent)

    what = f"adversarial sequences of {STEPS} calls; an order beyond one of the owner's limits"
    report("S10", sequences, len(beyond), what)
    assert beyond == []
    assert sent > sequences


@pytest.mark.promise("limits")
async def test_the_same_calls_get_past_limits_that_are_not_asked() -> None:
    """Otherwise an adversary that never gets near a cap would prove nothing."""
    found: set[str] = set()
    for number in range(60):
        adversary = Adversary(Random(SEED + number))  # noqa: S311 -- the same calls every time
        adversary.desk.limits = Limits(
            contracts_max=99,
            shares_max=9_999,
            allow_undefined_risk=True,
            allow_option_market_orders=True,
            collar_fraction=Decimal(9),
            duplicate_window_s=0,
        )
        for _ in range(STEPS):
            await adversary.step()
        found |= set(passed(adversary.market))

    assert found == {
        "too many contracts",
        "too many shares",
        "naked",
        "forbidden",
        "a market order",
        "beyond the collar",
        "too much to lose",
        "too many in a minute",
        "too many in a day",
        "too much to lose in a day",
        "the same again",
    }

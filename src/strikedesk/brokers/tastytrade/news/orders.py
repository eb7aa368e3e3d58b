"""Orders by push: told as they change, and looked for where nobody may have told.

The streamer tells whole orders, and never what happened while nobody listened. So the orders are
read at every beginning and at a slow pace besides; while the line is down, at the pace of polling.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Final, TypeAlias

from strikedesk.brokers.streams import Hub
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.news.line import AccountLine
from strikedesk.brokers.tastytrade.news.moves import Moves
from strikedesk.brokers.tastytrade.news.notices import Message
from strikedesk.brokers.tastytrade.orders.decoding import decoded
from strikedesk.brokers.tastytrade.orders.finding import Finding
from strikedesk.brokers.tastytrade.patience import TOLD_AFTER_S, Endurance
from strikedesk.brokers.tastytrade.payloads.orders import OrderTold
from strikedesk.brokers.tastytrade.polling import ORDERS_EVERY_S
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import DeskError, Unavailable
from strikedesk.domain.ports import Clock
from strikedesk.domain.states import OrderState

OrderHub: TypeAlias = Hub[str, str, BrokerOrder]

LOOK_EVERY_S: Final = 120.0  # What a push may have missed is found after as long.
_HAND_OVER_EVERY_S: Final = 0.1
_AGAIN_S: Final = 5.0
_NOTICES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPush:
    """Publishes the orders of whatever account is read. See `Hub`.

    Law: an order is never told in an older state than before: a notice that comes late or twice
    changes nothing.
    Raises: `Misconfigured` where the owner has to act, `Unavailable` where for `told_after_s` the
    line is down and nothing can be read either.
    """

    line: AccountLine
    finding: Finding
    directory: Directory
    clock: Clock
    poll_every_s: float = ORDERS_EVERY_S
    look_every_s: float = LOOK_EVERY_S
    told_after_s: float = TOLD_AFTER_S
    moves: Moves = field(default_factory=Moves)

    async def __call__(self, hub: OrderHub) -> None:
        """Go on until cancelled; begin anew where other accounts are read."""
        teller, since = Teller(hub=hub), dict[str, datetime]()
        while True:
            since = {each: since.get(each) or self.clock.now() for each in hub.wanted}
            await self._listen(hub, teller, since)

    async def _listen(self, hub: OrderHub, teller: "Teller", since: Mapping[str, datetime]) -> None:
        numbers = [await self.directory.number(account) for account in since]
        post, endurance = _Post(), Endurance(within_s=self.told_after_s)

        def heard(message: Message) -> None:
            self._note_move(message, since)
            post.heard(message)

        def let_in() -> None:
            self.moves.note(since)  # What moved meanwhile is told by nobody.
            post.let_in()

        async with self.line.listening(numbers, heard=heard, let_in=let_in):
            while hub.wanted == frozenset(since):
                await self._look_where_due(post, teller, since)
                endurance.bear(self._trouble(post), _now())
                for told in post.taken():
                    await self._tell(told, since, teller)
                if await hub.pause(_HAND_OVER_EVERY_S):
                    teller.again()

    def _note_move(self, message: Message, accounts: Collection[str]) -> None:
        """Note whose money or holdings moved, of all where it is not said whose."""
        number = message.moved()
        if number is not None:
            self.moves.note([self.directory.account_id(number)] if number else accounts)

    async def _look_where_due(
        self, post: "_Post", teller: "Teller", since: Mapping[str, datetime]
    ) -> None:
        """Look at the pace of the moment; at once where the line has just gone."""
        post.note(stands=self.line.trouble is None)
        if post.look_is_due(self._pace_s):
            post.looks()
            post.blind = not await self._look(since, teller)
            if post.blind:
                post.looks_again_in(_AGAIN_S, self._pace_s)

    def _trouble(self, post: "_Post") -> DeskError | None:
        """Return why nothing is heard of orders: neither by the line nor by looking."""
        return self.line.trouble if post.blind else None

    @property
    def _pace_s(self) -> float:
        return self.look_every_s if self.line.trouble is None else self.poll_every_s

    async def _look(self, since: Mapping[str, datetime], teller: "Teller") -> bool:
        """Tell what works, and what ended since it is read; say whether it could be looked at."""
        try:
            for account, begun in since.items():
                for order in reversed(await self.finding.orders(account, begun)):
                    teller.tell(account, order)
        except Unavailable:
            return False
        return True

    async def _tell(self, told: OrderTold, accounts: Collection[str], teller: "Teller") -> None:
        """Tell what a notice says; of a group only its members know, so the order is read."""
        account = self.directory.account_id(told.account_number or "")
        if account not in accounts or told.id is None:
            return
        if told.complex_order_id is None:
            order = decoded(told, account)
        else:
            try:
                order = await self.finding.order(account, told.id)
            except Unavailable:
                return
        if order is not None:
            teller.tell(account, order)


@dataclass(slots=True, kw_only=True)
class Teller:
    """Publishes orders, each state once and none after a newer one.

    What works is told again to who comes: the hub knows who has it already.
    """

    hub: OrderHub
    _told: dict[str, BrokerOrder] = field(default_factory=dict[str, BrokerOrder])

    def tell(self, account: str, order: BrokerOrder) -> None:
        """Publish an order; one that is over stands no more."""
        number = order.broker_order_id
        before = self._told.get(number)
        if before is not None and _is_older(order, before):
            return
        if before == order and order.state.is_final:
            return
        self._told[number] = order
        self.hub.publish(account, number, order, stands=not order.state.is_final)

    def again(self) -> None:
        """Tell what works to who has just come, also where another reader has just left."""
        for order in [each for each in self._told.values() if not each.state.is_final]:
            self.tell(order.order.account_id, order)


@dataclass(slots=True)
class _Post:
    """What came in and is not told yet, and when to look for what did not.

    `blind`: the last look saw nothing.
    """

    blind: bool = False

    _waiting: list[OrderTold] = field(default_factory=list[OrderTold])
    _looked_at: float = -inf
    _stands: bool = False

    def heard(self, message: Message) -> None:
        """Put aside what a notice tells; where too much waits already, all is read instead."""
        self._waiting += message.orders()
        if len(self._waiting) > _NOTICES_MAX:
            self._waiting.clear()
            self.let_in()

    def let_in(self) -> None:
        """Look at once: what happened before is told by nobody."""
        self._looked_at = -inf

    def note(self, *, stands: bool) -> None:
        """Note how the line is: look at once when it has gone, as nobody tells any more."""
        if self._stands and not stands:
            self.let_in()
        self._stands = stands

    def look_is_due(self, pace_s: float) -> bool:
        """Whether it is time to look, at this pace."""
        return _now() >= self._looked_at + pace_s

    def looks(self) -> None:
        """Note that somebody looks now; what is let in meanwhile is looked at again."""
        self._looked_at = _now()

    def looks_again_in(self, seconds: float, pace_s: float) -> None:
        """Look sooner than the pace has it."""
        self._looked_at = _now() + seconds - pace_s

    def taken(self) -> Collection[OrderTold]:
        """Return what waited, in the order of its coming."""
        waited, self._waiting = self._waiting, []
        return waited


def _is_older(order: BrokerOrder, before: BrokerOrder) -> bool:
    """Whether it is told in a state from before: by its time, its end, its way or its fills."""
    then, now = before.updated_at, order.updated_at
    if then is not None and now is not None and then != now:
        return now < then
    reopened = before.state.is_final and not order.state.is_final
    underway = order.state is OrderState.SUBMITTED and before.state is not OrderState.SUBMITTED
    return reopened or underway or order.filled_units < before.filled_units


def _now() -> float:
    return asyncio.get_running_loop().time()

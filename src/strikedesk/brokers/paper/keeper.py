"""Keeps a paper world: one decoded copy, good as long as the store's version says so.

Acts may run on the store's writer thread while the event loop reads, so nothing that was handed
out is ever changed: an act works on a fork, and the fork takes the copy's place. An act that fails
leaves the copy as it was; a commit that fails drops it. Until a commit is known to be on disk the
copy before it is kept as well: it is what everybody else still sees.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Final, Generic, TypeVar

from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied, Misconfigured, Rejected
from strikedesk.domain.ports import Clock, Entropy, WorldChange, WorldRows, WorldStore
from strikedesk.domain.reasons import Reason
from strikedesk.domain.value_class import value_class
from strikedesk.exchange.advance import advance, is_due, next_end
from strikedesk.exchange.market import Market
from strikedesk.exchange.rows import change_of, read_world
from strikedesk.exchange.world import Changes, World

T = TypeVar("T")

# Orders that ended here lately are asked for again soon: by whoever watches them.
_ENDED_KEPT: Final = 512


@value_class
class Snapshot:
    """A world as it stands at `at`. It never changes."""

    world: World
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _Copy:
    """A world as it was stored: it never changes, and so what ends next in it does not."""

    version: int
    world: World
    market: Market

    def is_due(self, now: datetime) -> bool:
        """Whether anything could happen to it by `now`: every look and every act asks."""
        return is_due(self.world, self.market, now, self._next_end)

    @cached_property
    def _next_end(self) -> datetime | None:
        return next_end(self.world, self.market)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome(Generic[T]):
    """How an act went; `behind` = it waits, because time has not caught up yet."""

    copy: _Copy | None = None
    behind: bool = False
    answer: T | None = None
    error: Denied | Rejected | None = None
    ended: tuple[BrokerOrder, ...] = ()


@dataclass(slots=True, kw_only=True)
class WorldKeeper:
    """Lets acts happen to one world, and shows it, always advanced to the venue's time."""

    store: WorldStore
    market: Market
    clock: Clock
    entropy: Entropy
    name: str
    opening: Opening
    _copy: _Copy | None = field(default=None, init=False)
    _settled: _Copy | None = field(default=None, init=False)
    _newest: _Copy | None = field(default=None, init=False)
    _turn: int = field(default=0, init=False)
    _ended: dict[str, BrokerOrder] = field(default_factory=dict[str, BrokerOrder], init=False)

    def now(self) -> datetime:
        """Return the venue's time; until the world was read once, that of a new one."""
        copy = self._copy or self._settled
        if copy is None:
            return self.opening.clock.instant(self.clock.now())
        return self._now_in(copy.world)

    async def ready(self) -> None:
        """See to it that the copy is the newest: another process may have moved the clock.

        Asked once for all who ask in the same turn of the event loop: whoever runs before it ends
        was waiting before the first of them asked, so nobody can know of anything newer. An answer
        that had to be waited for is no other caller's.
        """
        if self._newest is not None and self._newest is self._copy:
            return
        if await self._looked_up() is None:
            await self.snapshot()

    def _turn_over(self) -> None:
        self._turn += 1
        self._newest = None

    async def snapshot(self) -> Snapshot:
        """Return the world at the venue's time; where nothing is due, nothing is written."""
        copy = await self._looked_up()
        if copy is not None:
            now = self._now_in(copy.world)
            if not copy.is_due(now):
                return Snapshot(world=copy.world, at=now)
        return await self.act(_seen)

    async def act(self, do: Callable[[World, datetime], T]) -> T:
        """Advance the world to the venue's time, do something to it, and write what changed.

        Raises:
            Denied, Rejected: what `do` raised, before it changed anything; time has moved on.
        """
        outcome = await self._transact(do)
        while outcome.behind:
            outcome = await self._transact(do)
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer  # pyright: ignore[reportReturnType] -- T itself may be None

    def ended(self, order_id: str) -> BrokerOrder | None:
        """Return an order that ended here lately, if it is still remembered."""
        return self._ended.get(order_id)

    async def _transact(self, do: Callable[[World, datetime], T]) -> _Outcome[T]:
        try:
            outcome = await self.store.transact(
                self.name, partial(self._step, do), brief=self._is_brief()
            )
        except BaseException:
            # Perhaps it was not written: the copy may know more than the store.
            self._copy = None
            raise
        self._settled = outcome.copy
        self._remember(outcome.ended)
        return outcome

    def _is_brief(self) -> bool:
        """Whether an act is all there is to do: no rows to read, no time to catch up with."""
        copy = self._copy
        return copy is not None and not copy.is_due(self._now_in(copy.world))

    async def _looked_up(self) -> _Copy | None:
        """Return the world as the store has it now, where it is at hand. See `ready`."""
        turn = self._turn
        asyncio.get_running_loop().call_soon(self._turn_over)
        copy = self._of_version(await self.store.peek(self.name))
        if copy is self._copy and self._turn == turn:
            self._newest = copy
        return copy

    def _of_version(self, version: int) -> _Copy | None:
        """Return the world as the store has it, where it is at hand."""
        known = (self._copy, self._settled)
        return next((copy for copy in known if copy and copy.version == version), None)

    def _step(
        self,
        do: Callable[[World, datetime], T],
        version: int,
        load: Callable[[], WorldRows],
    ) -> tuple[WorldChange, _Outcome[T]]:
        world = self._draft(version, load)
        now = self._now_in(world)
        behind = not advance(world, self.market, now)
        answer, error = None, None
        if not behind:
            try:
                answer = do(world, now)
            except (Denied, Rejected) as refusal:
                error = refusal
        change, ended = self._keep(version, world)
        return change, _Outcome(
            copy=self._copy, behind=behind, answer=answer, error=error, ended=ended
        )

    def _draft(self, version: int, load: Callable[[], WorldRows]) -> World:
        """Return a world that may be changed: a fork of the copy if that is the newest."""
        if version == 0:
            return self.opening.world(self.name, wall=self.clock.now(), entropy=self.entropy)
        copy = self._copy
        if copy is not None and copy.version == version:
            return copy.world.fork()
        rows = load()
        if not rows.header:  # Reset: whoever comes first opens it anew.
            return self.opening.world(self.name, wall=self.clock.now(), entropy=self.entropy)
        world = read_world(rows)
        self._check(world)
        return world

    def _check(self, world: World) -> None:
        """Refuse a world that is not what this process was told to trade in.

        Raises:
            Misconfigured: CONFIGURATION_UNREADABLE.
        """
        if dict(world.frame.source) != dict(self.opening.source):
            raise Misconfigured(
                Reason.CONFIGURATION_UNREADABLE,
                setting="the paper market",
                problem="this world lives on another one: name a new world",
                world=self.name,
            )
        if self.opening.clock_insisted and not self.opening.clock.same_pace(world.frame.clock):
            raise Misconfigured(
                Reason.CONFIGURATION_UNREADABLE,
                setting="--speed",
                problem=f"this world's clock is {world.frame.clock.in_words}: name a new world",
                world=self.name,
            )

    def _keep(self, version: int, world: World) -> tuple[WorldChange, tuple[BrokerOrder, ...]]:
        change, ended = change_of(world), tuple(world.changes.ended)
        world.changes = Changes()
        version += not change.is_empty
        self._copy = _Copy(version=version, world=world, market=self.market)
        return change, ended

    def _now_in(self, world: World) -> datetime:
        """Time never runs back, whatever the wall's clock does and whoever was here first."""
        return max(world.frame.clock.instant(self.clock.now()), world.advanced_to)

    def _remember(self, ended: tuple[BrokerOrder, ...]) -> None:
        for order in ended:
            self._ended[order.broker_order_id] = order
        while len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]


def _seen(world: World, at: datetime) -> Snapshot:
    return Snapshot(world=world, at=at)

"""Moving a stepped world: a step begun is kept in the world until it is done.

So a step that was interrupted half-way is finished by whoever steps next, and leads to the world
that it would have led to. Every part of the way is one transaction: servers that look meanwhile see
a world that stands at some instant in between, and orders that they place meet the rest of the way.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from strikedesk.brokers.paper.keeper import WorldKeeper
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.advance import advance
from strikedesk.exchange.clock import ClockMode, VenueClock
from strikedesk.exchange.steps import Step, target_of
from strikedesk.exchange.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How far a step has come. `resumed`: it was begun before, and was not finished then."""

    began: datetime
    at: datetime
    target: datetime
    resumed: bool = False

    @property
    def done(self) -> bool:
        """Whether the world stands where the step ends."""
        return self.at >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepper:
    """Moves the world of a keeper, a short act at a time."""

    keeper: WorldKeeper

    async def begin(self, step: Step) -> Way:
        """Begin a step, or take up the one that was interrupted.

        Raises:
            Denied: CLOCK_NOT_STEPPED, for a clock that is not moved by hand; see `target_of`.
        """

        def begin(world: World, at: datetime) -> Way:
            clock = _stepped(world)
            if clock.target is not None and clock.began is not None:
                return Way(began=clock.began, at=at, target=clock.target, resumed=True)
            target = target_of(step, at, self.keeper.market)
            _set(world, clock.stepping(target))
            return Way(began=at, at=at, target=target)

        if not await self.keeper.store.peek(self.keeper.name):
            _check(self.keeper.name, self.keeper.opening.clock)  # A refusal opens no world.
        return await self.keeper.act(begin)

    async def go_on(self, way: Way) -> Way:
        """Take a part of the way; whoever else is at it takes other parts."""

        def move(world: World, at: datetime) -> Way:
            clock = _stepped(world)
            if clock.target is None:
                return replace(way, at=max(at, way.target))
            advance(world, self.keeper.market, clock.target)
            _set(world, clock.moved(world.advanced_to))
            return replace(way, at=world.advanced_to)

        return await self.keeper.act(move)


def _stepped(world: World) -> VenueClock:
    _check(world.frame.name, world.frame.clock)
    return world.frame.clock


def _check(name: str, clock: VenueClock) -> None:
    if clock.mode is not ClockMode.STEPPED:
        raise Denied(Reason.CLOCK_NOT_STEPPED, world=name, clock=clock.in_words)


def _set(world: World, clock: VenueClock) -> None:
    world.frame = replace(world.frame, clock=clock)
    world.changes.header = True

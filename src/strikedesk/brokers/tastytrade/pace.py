"""How fast tastytrade may be asked: its published quotas, kept by waiting."""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta
from typing import Final

from aiolimiter import AsyncLimiter

from strikedesk.brokers.tastytrade.faults import away
from strikedesk.domain.errors import DeskError
from strikedesk.domain.ports import RateBudget, Turns

EVERYTHING: Final = "everything"
ORDERS: Final = "orders"

# Requests a second of one token. The first pattern that fits a path names its quota.
QUOTAS: Final = {
    EVERYTHING: 50,
    ORDERS: 20,
    "market-data": 2,
    "option-chains": 2,
    "equities": 2,
    "equity": 3,
    "futures": 1,
    "future-products": 1,
    "equity-option": 3,
    "future-options": 3,
    "positions": 1,
    "balances": 1,
    "trading-status": 1,
    "accounts": 1,
}
# Of what is plenty several turns are taken together, so that few reads ask the store twice.
_LEASES: Final = {EVERYTHING: 10}
_READS_WAIT: Final = timedelta(seconds=30)
_ORDERS_WAIT: Final = timedelta(seconds=1)
_NONE: Final = timedelta(0)
# One pattern of all of them, tried once a request: the group that fits is the family.
_FAMILIES: Final = (
    (r"/market-data/by-type", "market-data"),
    (r"/(?:futures-)?option-chains/.+", "option-chains"),
    (r"/instruments/equities(?:/active)?", "equities"),
    (r"/instruments/equities/.+", "equity"),
    (r"/instruments/futures(?:/.+)?", "futures"),
    (r"/instruments/future(?:-option)?-products(?:/.+)?", "future-products"),
    (r"/instruments/equity-options/.+", "equity-option"),
    (r"/instruments/future-options(?:/.+)?", "future-options"),
    (r"/accounts/[^/]+/positions", "positions"),
    (r"/accounts/[^/]+/balances(?:/.+)?", "balances"),
    (r"/accounts/[^/]+/trading-status", "trading-status"),
    (r"/customers/me/accounts", "accounts"),
)
_FAMILY: Final = re.compile("|".join(f"({pattern})" for pattern, _ in _FAMILIES))


def family_of(method: str, path: str) -> str:
    """Return the quota that a request counts against, beside that of everything."""
    if method != "GET":
        return ORDERS
    found = _FAMILY.fullmatch(path)
    return EVERYTHING if found is None else _FAMILIES[(found.lastindex or 0) - 1][1]


class Pace:
    """Lets requests go at their quota, evenly, in the order in which they came.

    Law: no two requests of a quota of N a second are less than 1/N s apart; who is too early waits.
    With a `budget` that holds for all processes that share it. For one event loop.
    """

    def __init__(
        self, *, scale: float = 1.0, budget: RateBudget | None = None, of: str = "tastytrade"
    ) -> None:
        """Begin with every quota free; `scale` multiplies them, `of` names whose they are."""
        self._scale = scale
        self._budget = budget
        self._of = of
        self._queues: dict[str, _Queue] = {}

    async def turn(self, method: str, path: str) -> None:
        """Return when this request may go.

        An order waits for no read, and keeps to the pace of its own process where the budget
        cannot be asked in time.

        Raises:
            Unavailable: a read, and the budget cannot be asked, or is used up for too long.
        """
        family, everything = family_of(method, path), self._queue(EVERYTHING)
        if method != "GET":
            await self._queue(family).insist()
            await everything.own_turn()
            return
        if family != EVERYTHING:
            await self._queue(family).turn()
        await everything.turn()

    def is_free(self, method: str, path: str) -> bool:
        """Whether a request would go at once, as far as this process knows."""
        return all(self._queue(name).is_free() for name in {family_of(method, path), EVERYTHING})

    def _queue(self, family: str) -> "_Queue":
        if family not in self._queues:
            every_s = 1 / (QUOTAS[family] * self._scale)
            turns = Turns(
                quota=f"{self._of}: {family}",
                gap=timedelta(seconds=every_s),
                count=_LEASES.get(family, 1),
            )
            self._queues[family] = _Queue(turns, self._budget, AsyncLimiter(1, every_s))
        return self._queues[family]


class _Queue:
    """Who waits in this process for a turn at one quota.

    One at a time asks the budget, so that whoever gives up has taken nothing.
    """

    def __init__(self, turns: Turns, budget: RateBudget | None, own: AsyncLimiter) -> None:
        self._turns = turns
        self._budget = budget
        self._own = own
        self._line = asyncio.Lock()
        self._left = 0
        self._until = 0.0

    async def own_turn(self) -> None:
        """Return when it is this process's own turn."""
        await self._own.acquire()

    async def turn(self) -> None:
        """Return when it is everybody's turn. Raises `Unavailable`."""
        async with self._line:
            await self._own.acquire()
            if self._budget is not None:
                await self._shared(self._budget)

    async def insist(self) -> None:
        """Return after a moment at the latest: a store in trouble holds no order up."""
        await self._own.acquire()
        with suppress(DeskError, TimeoutError):
            async with asyncio.timeout(_ORDERS_WAIT.total_seconds()):
                if self._budget is not None:
                    wait = await self._budget.reserve(self._turns, within=_ORDERS_WAIT)
                    await asyncio.sleep((wait or _NONE).total_seconds())

    def is_free(self) -> bool:
        return self._own.has_capacity()

    async def _shared(self, budget: RateBudget) -> None:
        """Use up what was taken together, and then take more; what was not used in time is lost."""
        now = asyncio.get_running_loop().time
        if not self._left or now() >= self._until:
            wait = await budget.reserve(self._turns, within=_READS_WAIT)
            if wait is None:
                raise away()
            self._left = self._turns.count
            self._until = now() + (wait + self._turns.gap * self._turns.count).total_seconds()
            await asyncio.sleep(wait.total_seconds())
        self._left -= 1

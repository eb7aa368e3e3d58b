"""How fast tastytrade may be asked: its published quotas, kept by waiting."""

import re
from typing import Final

from aiolimiter import AsyncLimiter

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
_FAMILIES: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
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
)


def family_of(method: str, path: str) -> str:
    """Return the quota that a request counts against, beside that of everything."""
    if method != "GET":
        return ORDERS
    return next((name for pattern, name in _FAMILIES if pattern.fullmatch(path)), EVERYTHING)


class Pace:
    """Lets requests go at their quota, evenly, in the order in which they came.

    Law: no two requests of a quota of N a second are less than 1/N s apart; who is too early waits.
    For one event loop; each process has a pace of its own.
    """

    def __init__(self, *, scale: float = 1.0) -> None:
        """Begin with every quota free; `scale` multiplies them."""
        self._scale = scale
        self._turns: dict[str, AsyncLimiter] = {}

    async def turn(self, method: str, path: str) -> None:
        """Return when this request may go."""
        family = family_of(method, path)
        if family != EVERYTHING:
            await self._limiter(family).acquire()
        await self._limiter(EVERYTHING).acquire()

    def is_free(self, method: str, path: str) -> bool:
        """Whether a request would go at once."""
        return all(
            self._limiter(name).has_capacity() for name in {family_of(method, path), EVERYTHING}
        )

    def _limiter(self, family: str) -> AsyncLimiter:
        if family not in self._turns:
            self._turns[family] = AsyncLimiter(1, 1 / (QUOTAS[family] * self._scale))
        return self._turns[family]

"""What the scanner needs of the market, the owner's lists and the books. `wiring` answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from strikedesk.domain.accounts import Balances, Position
from strikedesk.domain.ports import Watchlist
from strikedesk.domain.quotes import Bar, ChainRow, Expiration, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol


class Slice(Protocol):
    """Every contract of one expiration day."""

    @property
    def spot(self) -> Quote:
        """The underlying, as the chain saw it."""
        ...

    @property
    def as_of(self) -> datetime:
        """When it was read."""
        ...

    @property
    def rows(self) -> tuple[ChainRow, ...]:
        """The contracts."""
        ...


class ScanMarket(Protocol):
    """Chains and the past. Raises (all methods): what `MarketData` raises."""

    def now(self) -> datetime:
        """See `MarketData.now`."""
        ...

    async def ready(self) -> None:
        """See `MarketData.ready`."""
        ...

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        """Return a recent quote of each symbol that has one."""
        ...

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        """Return the listed expirations."""
        ...

    async def slices(self, underlying: EquitySymbol, days: Collection[date]) -> Sequence[Slice]:
        """Return the whole chain of some days."""
        ...

    async def daily_bars(self, symbol: EquitySymbol, start: datetime) -> tuple[Bar, ...]:
        """Return the daily bars from `start` to now, or none."""
        ...

    async def why_unquoted(self, symbol: Symbol) -> Reason:
        """Say why a symbol has no quote."""
        ...


class Lists(Protocol):
    """The owner's watchlists."""

    async def named(self, name: str) -> Watchlist:
        """Return one list.

        Raises:
            Denied: INVALID_ARGUMENT when there is none of that name.
        """
        ...


class Holder(Protocol):
    """What an account has."""

    async def balances(self, handle: str) -> Balances:
        """Return what the account is worth now.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        ...

    async def held(self, handle: str) -> tuple[Position, ...]:
        """Return all that it holds."""
        ...

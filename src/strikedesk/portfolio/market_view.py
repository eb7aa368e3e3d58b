"""What the portfolio needs to know of the market. The market room answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from strikedesk.domain.events import MarketEvent
from strikedesk.domain.quotes import Bar, ChainRow, Expiration, Quote
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.domain.volatility import ImpliedHistory


class Slice(Protocol):
    """Every contract of one expiration day."""

    @property
    def rows(self) -> tuple[ChainRow, ...]:
        """The contracts."""
        ...

    @property
    def spot(self) -> Quote:
        """The underlying's quote as it was when they were read."""
        ...


class MarketView(Protocol):
    """Prices, chains and the past. Raises (all methods): what `MarketData` raises."""

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
        """Return the daily bars from `start` to now, in today's shares, or none."""
        ...

    async def implied_history(
        self, underlying: EquitySymbol, sessions: Sequence[date]
    ) -> ImpliedHistory:
        """Return implied volatility at the close of sessions, as far as it is known."""
        ...

    async def exercise_style(self, underlying: EquitySymbol) -> ExerciseStyle | None:
        """Return when options on it may be exercised; None = not known."""
        ...

    async def events(self, underlying: EquitySymbol, days: int) -> tuple[MarketEvent, ...]:
        """Return what is known of today and so many days after it."""
        ...

"""What a market is to the exchange: prices as a function of time, with no state of their own.

Law: the same market asked for the same instant gives the same answer, in every process.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Protocol

from strikedesk.domain.events import MarketEvent
from strikedesk.domain.quotes import Bar, Chain, Expiration, Feed, Interval, Quote, SymbolInfo
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.domain.terms import Terms

_INDEX: Final = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnForward:
    """Options that end together on what the underlying costs for delivery at one time.

    Units: strikes USD, as the price for delivery is. Law: `ends_at` <= `delivered_at`.
    """

    underlying: EquitySymbol
    delivered_at: datetime
    ends_at: datetime
    contracts: tuple[tuple[Right, Decimal], ...]


class Market(Protocol):
    """Prices as a function of time. Instants are aware UTC; nothing here waits or writes."""

    @property
    def feed(self) -> Feed:
        """How its prices are labelled."""
        ...

    def listed(self, at: datetime) -> tuple[SymbolInfo, ...]:
        """Return the underlyings that trade, by ticker."""
        ...

    def index_tickers(self, at: datetime) -> frozenset[str]:
        """Return the tickers that are numbers and no shares: their options settle in cash."""
        ...

    def quotes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Quote]:
        """Return the standing quote of each symbol at `at`; those not listed then are absent."""
        ...

    def forward(self, underlying: EquitySymbol, until: datetime, at: datetime) -> Decimal | None:
        """Return what the underlying costs at `at` for delivery at `until`, USD, not rounded.

        None for what is not listed, for an end that is past, and where the market does not know
        what it costs to carry the underlying there.
        """
        ...

    def on_forward(self, options: OnForward, at: datetime) -> tuple[Decimal, ...] | None:
        """Return what options on a price for delivery are worth at `at`, USD, not rounded.

        They can be exercised early. None where there is no such price, and once they have ended.
        """
        ...

    def expirations(self, underlying: EquitySymbol, at: datetime) -> tuple[Expiration, ...]:
        """Return what is listed, ascending.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        ...

    def chain(self, underlying: EquitySymbol, days: Collection[date], at: datetime) -> Chain:
        """Return the contracts of `days` with quotes and Greeks."""
        ...

    def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`."""
        ...

    @property
    def has_extended_hours(self) -> bool:
        """Whether shares ever trade outside regular hours."""
        ...

    def ticks(
        self,
        symbols: Collection[Symbol],
        after: datetime,
        until: datetime,
        *,
        extended: bool = False,
    ) -> Iterator[datetime]:
        """Yield, ascending, the instants in `(after, until]` at which a quote may have changed.

        Only instants at which the market trades, `extended` those outside regular hours too; a
        resting order that may trade then is matched at each of them.
        """
        ...

    def is_open(self, at: datetime) -> bool:
        """Whether orders are matched at `at`, in regular hours."""
        ...

    def extended(self, symbols: Collection[Symbol], at: datetime) -> frozenset[Symbol]:
        """Return the shares among `symbols` that trade at `at` outside regular hours."""
        ...

    def halted(self, at: datetime) -> frozenset[str]:
        """Return the underlyings in which trading is halted at `at`, while the market is open."""
        ...

    def terms(self, contract: OptionSymbol) -> Terms | None:
        """Return what a contract promises; None where nobody ever listed its root."""
        ...

    def events(self, underlying: EquitySymbol, start: date, end: date) -> tuple[MarketEvent, ...]:
        """Return what is scheduled from `start` to `end`, both included, by day."""
        ...

    def implied_volatility(self, underlying: EquitySymbol, day: date) -> float | None:
        """Return the 30-day at-the-money implied volatility at the close of session `day`.

        Units: an annual fraction; None where unknown, and on a day without a session. Defined in
        `domain.volatility`. The market cannot know what time it is for the caller: ask once the
        session is over.
        """
        ...

    def settlement(self, contract: OptionSymbol) -> Decimal | None:
        """Return the price of the underlying that a contract settles at; None where unknown.

        The market cannot know what time it is for the caller: ask once the contract has ended.
        """
        ...


def indices_among(infos: Iterable[SymbolInfo]) -> frozenset[str]:
    """Return the tickers of those that are numbers and no shares."""
    return frozenset(info.symbol.underlying for info in infos if info.kind == _INDEX)

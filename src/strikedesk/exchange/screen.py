"""What the exchange sees at an instant: quotes, which underlyings are indices, open or closed."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.domain.terms import Terms
from strikedesk.domain.trading_hours import trades_at
from strikedesk.domain.value_class import value_class
from strikedesk.exchange.fees import Product
from strikedesk.exchange.market import Market


@value_class
class Screen:
    """The market at `at`, as far as it was asked for; `terms` of the contracts to be ordered.

    `extended` are the shares that trade at `at` outside regular hours; `before` is how it stood a
    tick earlier.
    """

    at: datetime
    quotes: Mapping[Symbol, Quote]
    indices: frozenset[str]
    is_open: bool
    halted: frozenset[str] = frozenset()
    extended: frozenset[Symbol] = frozenset()
    terms: Mapping[Symbol, Terms] = field(default_factory=dict[Symbol, Terms])
    before: "Screen | None" = None

    @property
    def opens(self) -> bool:
        """Whether the market was closed, or another session's, the screen before."""
        if self.before is None or not self.before.is_open:
            return True
        return exchange_date(self.before.at) != exchange_date(self.at)

    def lets(self, request: OrderRequest) -> bool:
        """Whether an order may trade now: in regular hours, or where its own reach beyond them."""
        if self.is_open:
            return True
        if trades_at(request.time_in_force, self.at) is False:
            return False
        return all(leg.symbol in self.extended for leg in request.legs)

    def traded(self, symbol: Symbol) -> int | None:
        """Return what changed hands since the screen before; None where it was not told.

        Of the first quote of a session that is all of the session's volume.
        """
        quote = self.quotes.get(symbol)
        if self.before is None or quote is None or quote.volume is None:
            return None
        if self.opens:
            of_today = exchange_date(quote.at) == exchange_date(self.at)
            return quote.volume if of_today else 0
        known = self.before.quotes.get(symbol)
        if known is None or known.volume is None:
            return None
        if exchange_date(known.at) != exchange_date(quote.at):
            return quote.volume
        return max(0, quote.volume - known.volume)

    def is_still(self, symbol: Symbol) -> bool:
        """Whether nothing about a symbol differs from the screen before."""
        if self.before is None or self.quotes.get(symbol) != self.before.quotes.get(symbol):
            return False
        ticker = symbol.underlying
        return (ticker in self.halted) is (ticker in self.before.halted)

    def mark(self, symbol: Symbol) -> Decimal | None:
        """Return the best single price of a symbol, USD per share, or None."""
        quote = self.quotes.get(symbol)
        return None if quote is None else quote.mark

    def product(self, symbol: Symbol) -> Product:
        """Return what kind of thing a symbol is, as fee schedules tell them apart."""
        if not isinstance(symbol, OptionSymbol):
            return Product.EQUITY
        on_index = symbol.underlying in self.indices
        return Product.INDEX_OPTION if on_index else Product.EQUITY_OPTION


def look(
    market: Market,
    symbols: Collection[Symbol],
    at: datetime,
    *,
    ordered: Collection[Symbol] = (),
) -> Screen:
    """Ask the market for these symbols, and for what the contracts among those `ordered` promise.

    Where the market does not know that, they have no terms.
    """
    is_open = market.is_open(at)
    return Screen(
        at=at,
        quotes=market.quotes(symbols, at) if symbols else {},
        indices=market.index_tickers(at),
        is_open=is_open,
        halted=market.halted(at),
        extended=frozenset() if is_open else market.extended(symbols, at),
        terms=_terms(market, ordered),
    )


def _terms(market: Market, symbols: Collection[Symbol]) -> Mapping[Symbol, Terms]:
    return {
        symbol: terms
        for symbol in symbols
        if isinstance(symbol, OptionSymbol) and (terms := market.terms(symbol)) is not None
    }

"""The legs of a strategy that is not held yet, and all that the market tells of them.

Each option's volatility is the one that its mid implies on the forward of its expiration.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from strikedesk.domain.accounts import Position
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.orders import Leg
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.portfolio.holdings import Holding, holdings_of
from strikedesk.portfolio.market_view import MarketView
from strikedesk.portfolio.on_forwards import forward_of_each, mids_of
from strikedesk.portfolio.proposal_implied import Implied, Outside, implied


class AskedMarket(MarketView, Protocol):
    """The market, which also says why it tells nothing."""

    async def why_unquoted(self, symbol: Symbol) -> Reason:
        """Say why a symbol has no quote."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Legs of one underlying of which everything is known.

    Units: as `StrategyLeg`; `forwards` USD, undiscounted, of each leg's expiration, the spot where
    no pair tells one; `forward` that of the nearest.
    """

    legs: Sequence[Leg]
    holdings: Sequence[Holding]
    quotes: Mapping[Symbol, Quote]
    prices: Sequence[Decimal]
    implied: Implied
    forwards: Sequence[float]
    spot: Decimal
    forward: float

    @property
    def volatilities(self) -> Sequence[float]:
        """That of each leg; NaN of shares."""
        return self.implied.volatilities

    @property
    def price_of(self) -> Mapping[Symbol, Decimal]:
        """The mid of each leg."""
        return {leg.symbol: price for leg, price in zip(self.legs, self.prices, strict=True)}


def one_underlying(legs: Sequence[Leg]) -> EquitySymbol:
    """Return whose legs they are, if they are those of a strategy."""
    names = {leg.symbol.underlying for leg in legs}
    if len(names) != 1:
        raise Denied(Reason.INVALID_LEGS, rule="one_underlying", underlyings=len(names))
    if len({leg.symbol for leg in legs}) < len(legs):
        raise Denied(Reason.INVALID_LEGS, rule="no_contract_twice")
    if not any(leg.is_option for leg in legs):
        raise Denied(Reason.INVALID_LEGS, rule="an_option_at_least")
    return EquitySymbol(names.pop())


async def priced_legs(market: AskedMarket, underlying: EquitySymbol, legs: Sequence[Leg]) -> Priced:
    """Ask the market for everything, and refuse what lacks something."""
    await market.ready()
    quotes = await market.quotes([*(leg.symbol for leg in legs), underlying])
    marks = {symbol: quote.mark for symbol, quote in quotes.items()}
    spot = marks.get(underlying)
    prices = [marks.get(leg.symbol) for leg in legs]
    unknown = [leg for leg, price in zip(legs, prices, strict=True) if price is None]
    if unknown or spot is None:
        symbol = unknown[0].symbol if unknown else underlying
        raise Denied(await market.why_unquoted(symbol), symbol=symbol.compact)
    known = [price for price in prices if price is not None]
    positions = [_position(leg, price) for leg, price in zip(legs, known, strict=True)]
    holdings = await holdings_of(market, positions)
    mids = mids_of(holdings)
    forwards = forward_of_each(holdings, float(spot), mids)
    symbols = enumerate(each.symbol for each in holdings)
    options = {place: symbol for place, symbol in symbols if isinstance(symbol, OptionSymbol)}
    first = min(options, key=lambda place: holdings[place].years or 0.0)
    outside = Outside.of(
        mids[options[first].root, options[first].expiration],
        forward=forwards[first],
        years=holdings[first].years or 0.0,
        moved=holdings[first].moved,
    )
    found = implied(holdings, forwards, known, outside)
    return Priced(
        legs=legs,
        holdings=holdings,
        quotes=quotes,
        prices=known,
        implied=_known(legs, holdings, found),
        forwards=forwards,
        spot=spot,
        forward=forwards[first],
    )


def _position(leg: Leg, price: Decimal) -> Position:
    """Return the leg as if it were held, to ask for what surrounds it."""
    return Position(
        account_id="",
        symbol=leg.symbol,
        quantity=leg.signed_quantity,
        multiplier=SHARES_PER_CONTRACT if leg.is_option else 1,
        average_price=price,
        mark=price,
    )


def _known(legs: Sequence[Leg], holdings: Sequence[Holding], found: Implied) -> Implied:
    """Refuse an option that has ended, or whose volatility neither its mid nor the feed tells."""
    for leg, holding, sigma in zip(legs, holdings, found.volatilities, strict=True):
        if leg.is_option and (math.isnan(sigma) or not holding.years):
            raise Denied(Reason.NO_QUOTE, symbol=leg.symbol.compact, lacks="volatility")
    return found

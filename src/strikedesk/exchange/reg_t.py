"""Regulation T by itself: what holdings of one underlying bind where nothing else is held."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from strikedesk.domain.margin import Bound
from strikedesk.domain.money import SHARES_PER_CONTRACT, to_cents
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.exchange.margin_book import Rules
from strikedesk.exchange.power import on_margin
from strikedesk.exchange.rates import INDEX_RATES, Prices, rates_of


def bound_alone(
    holdings: Mapping[Symbol, int],
    prices: Mapping[Symbol, Decimal],
    *,
    on: date,
    settles_in_cash: bool,
) -> Bound | None:
    """Return what holdings bind on margin at the highest option level; None without a price.

    Units: `holdings` + long, all of one underlying; `prices` USD a share, of each of them and of
    the underlying. What settles in cash lends no cover across expirations.
    Source: Regulation T and FINRA rule 4210, as `rates` and `groups` have them.
    """
    (underlying,) = {symbol.underlying for symbol in holdings}
    marks = {c: prices[c] for c in holdings if isinstance(c, OptionSymbol) and c in prices}
    share, rates = EquitySymbol(underlying), rates_of(underlying)
    claim = on_margin(
        {symbol: count for symbol, count in holdings.items() if isinstance(symbol, OptionSymbol)},
        holdings.get(share, 0),
        Prices(spot=prices.get(share), marks=marks),
        Rules(rates=rates, european=settles_in_cash or rates is INDEX_RATES),
        on,
    )
    if claim is None or not prices.keys() >= holdings.keys():
        return None
    taken = claim.on_cash + _cost(holdings, prices)
    return Bound(requirement=to_cents(claim.initial), taken=to_cents(taken))


def _cost(holdings: Mapping[Symbol, int], prices: Mapping[Symbol, Decimal]) -> Decimal:
    """Return what was paid for holdings, USD; negative where more was taken in."""
    return sum((_worth(each, prices[each]) * n for each, n in holdings.items()), Decimal(0))


def _worth(symbol: Symbol, price: Decimal) -> Decimal:
    return price * SHARES_PER_CONTRACT if isinstance(symbol, OptionSymbol) else price

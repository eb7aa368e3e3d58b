"""A strategy that is not held yet, with the market it would be opened in.

Prices are mids. Bounds, chances and curves take every option for a European one on the forward that
the calls and puts of its expiration agree on, undiscounted, at the volatility that its own mid
implies there: its value of now is its mid, and no rate and no dividend is assumed. What legs and
the position move by is told as the option's style has it. numpy is imported when this is first
called.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.events import Dividend
from strikedesk.domain.orders import Leg
from strikedesk.domain.quotes import Feed
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.portfolio.margin import Margin, Opened
from strikedesk.portfolio.numeric_legs import cash_ahead, numeric
from strikedesk.portfolio.proposal_figures import (
    StrategyLeg,
    seen_early,
    told_legs,
)
from strikedesk.portfolio.proposal_legs import (
    AskedMarket,
    Priced,
    one_underlying,
    priced_legs,
)
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern

if TYPE_CHECKING:
    from strikedesk.quant.strategies import legs as numerics
    from strikedesk.quant.strategies.analysis import Analysis, CrossExposure
    from strikedesk.quant.strategies.early import Early
    from strikedesk.quant.strategies.hazards import Liquidity
    from strikedesk.quant.strategies.lines import Lines
    from strikedesk.quant.strategies.outlook import Smiled

AskMargin: TypeAlias = Callable[[Opened], Awaitable[Margin | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyReport:
    """The whole strategy.

    `stated` is the volatility that the other chances assume, if one was; `distribution` is `smile`
    where the market's chances are those of a curve through its volatilities, else `lognormal`, of
    the legs' own; `crossed` is European whatever the style; `lines` are there if they are to be
    drawn.
    """

    underlying: EquitySymbol
    as_of: datetime
    spot: Decimal
    analysis: "Analysis"
    crossed: "CrossExposure"
    liquidity: "Liquidity"
    legs: tuple[StrategyLeg, ...]
    stated: float | None
    distribution: str
    feed: Feed
    style: ExerciseStyle | None
    margin: Margin | None
    lines: "Lines | None"


async def strategy_report(
    market: AskedMarket,
    legs: Sequence[Leg],
    *,
    stated: float | None = None,
    capital: Decimal | None = None,
    patterns: Sequence[Pattern] = PATTERNS,
    drawn: bool = False,
    margin_of: AskMargin | None = None,
) -> StrategyReport:
    """Return what legs of one underlying would cost and come to, at the market's mids.

    Units: `stated` a volatility whose chances are asked too; `capital` USD that it binds, else what
    `margin_of` says that buying power falls by, else the greatest loss; `patterns` what has a name;
    `drawn` whether lines are wanted.

    Raises:
        Denied: INVALID_LEGS where they are no strategy; the reason why a leg has no quote; NO_QUOTE
            where no volatility explains its price.
        Unavailable: the market cannot be asked.
    """
    underlying = one_underlying(legs)
    priced = await priced_legs(market, underlying, legs)
    events = await market.events(underlying, _days(legs, market.now()))
    style = await market.exercise_style(underlying)
    return _report(
        priced,
        underlying=underlying,
        now=market.now(),
        dividends=[each for each in events if isinstance(each, Dividend)],
        style=style,
        stated=stated,
        capital=capital,
        patterns=patterns,
        drawn=drawn,
        margin=await margin_of(_opened(priced, underlying, market.now(), style))
        if margin_of
        else None,
    )


def _opened(
    priced: Priced, underlying: EquitySymbol, now: datetime, style: ExerciseStyle | None
) -> Opened:
    prices = {**priced.price_of, underlying: priced.spot}
    return Opened(legs=priced.legs, prices=prices, on=exchange_date(now), style=style)


def _days(legs: Sequence[Leg], now: datetime) -> int:
    ends = [leg.symbol.expiration for leg in legs if isinstance(leg.symbol, OptionSymbol)]
    return max((max(ends) - exchange_date(now)).days, 0)


def _report(
    priced: Priced,
    *,
    underlying: EquitySymbol,
    now: datetime,
    dividends: Sequence[Dividend],
    style: ExerciseStyle | None,
    stated: float | None,
    capital: Decimal | None,
    patterns: Sequence[Pattern],
    drawn: bool,
    margin: Margin | None,
) -> StrategyReport:
    from strikedesk.quant.strategies.analysis import analyse  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.strategies.hazards import liquidity  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.strategies.outlook import Lognormal  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.strategies.payoffs import Market  # noqa: PLC0415 -- imports numpy

    legs = [
        numeric(each, forward / priced.forward)
        for each, forward in zip(priced.holdings, priced.forwards, strict=True)
    ]
    market = Market(spot=priced.forward, rate=0.0)
    nearest = min(leg.years for leg in legs if leg.years)
    view = None
    if stated is not None:
        view = Lognormal(forward=priced.forward, deviation=stated * math.sqrt(nearest))
    sides = [priced.quotes[leg.symbol] for leg in priced.legs]
    curve = _curve(priced)
    analysis = analyse(
        legs,
        market,
        price=[float(price) for price in priced.prices],
        volatility=priced.volatilities,
        at=priced.implied.greeks,
        outlook=curve,
        stated=view,
        capital=_capital(capital, margin),
        patterns=patterns,
    )
    cash = cash_ahead(dividends, now)
    seen = seen_early(priced, legs, cash) if style is ExerciseStyle.AMERICAN else None
    return StrategyReport(
        underlying=underlying,
        as_of=now,
        spot=priced.spot,
        analysis=analysis if seen is None else _as_seen(analysis, legs, seen),
        crossed=_crossed(priced, legs),
        liquidity=liquidity(
            legs,
            bid=[_number(each.bid) for each in sides],
            ask=[_number(each.ask) for each in sides],
        ),
        legs=told_legs(priced, legs, dividends=cash, style=style, seen=seen),
        style=style,
        stated=stated,
        distribution="lognormal" if curve is None else "smile",
        feed=priced.quotes[underlying].feed,
        margin=margin,
        lines=_lines(priced, legs, analysis) if drawn else None,
    )


def _crossed(priced: Priced, legs: Sequence["numerics.Leg"]) -> "CrossExposure":
    """Return how the position's delta moves, as that of European options on their forwards."""
    from strikedesk.quant.cross_greeks import cross_greeks  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.strategies.analysis import cross_exposure  # noqa: PLC0415 -- imports numpy

    known = priced.implied
    found = cross_greeks(known.contracts, known.volatilities, known.greeks)
    return cross_exposure(legs, found)


def _as_seen(analysis: "Analysis", legs: Sequence["numerics.Leg"], seen: "Early") -> "Analysis":
    from strikedesk.quant.strategies.early import exposure  # noqa: PLC0415 -- imports numpy

    return replace(analysis, exposure=exposure(legs, seen, rho=analysis.exposure.rho))


def _capital(given: Decimal | None, margin: Margin | None) -> float | None:
    """Return what is bound: as it was said, else as broker or rule say, where that is anything."""
    taken = margin.taken if margin else None
    known = given if given is not None else taken
    return float(known) if known is not None and known > 0 else None


def _lines(priced: Priced, legs: Sequence["numerics.Leg"], analysis: "Analysis") -> "Lines":
    from strikedesk.quant.strategies.lines import lines  # noqa: PLC0415 -- imports numpy

    return lines(
        legs,
        priced.volatilities,
        spot=float(priced.spot),
        forward=priced.forward,
        deviation=analysis.deviation,
        cost=analysis.cost,
        marks=analysis.bounds.break_evens,
    )


def _curve(priced: Priced) -> "Smiled | None":
    """Return what the nearest expiration's options say of the share, if enough of them are quoted.

    Each counts by its vega, so that the curve misses prices, not volatilities, by as little as it
    can.
    """
    from strikedesk.quant.smile import fit_smile  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.strategies.outlook import Smiled  # noqa: PLC0415 -- imports numpy

    known = priced.implied
    smile = fit_smile(
        forward=known.outside.forward,
        years=known.outside.years,
        strike=known.outside.strikes,
        volatility=known.around,
        weight=known.vega,
    )
    return None if smile is None else Smiled(smile=smile)


def _number(price: Decimal | None) -> float:
    return math.nan if price is None else float(price)

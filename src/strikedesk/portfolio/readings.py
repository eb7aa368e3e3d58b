"""What the desk makes of the options that are held: volatility and Greeks, by when they exercise.

As `analyze_strategy` has it: American ones with the dividends that are known and the carry that
their forward tells beyond these, European ones on their forward. What has no price, has ended, or
whose style nobody tells keeps the feed's. numpy is imported when this is first called.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.accounts import Position
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.events import Dividend
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.portfolio.holdings import EarlyTerms, Holding, holdings_of
from strikedesk.portfolio.market_view import MarketView
from strikedesk.portfolio.numeric_legs import cash_ahead, numeric
from strikedesk.portfolio.on_forwards import contracts_of, forward_of_each, own_volatilities


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What the market tells of an underlying that the value of its options depends on."""

    style: ExerciseStyle
    dividends: Sequence[Dividend]


async def seen_holdings(market: MarketView, positions: Sequence[Position]) -> tuple[Holding, ...]:
    """Return the positions as `read_holdings`; while the market cannot be asked, as they are.

    What is held matters most when nothing else can be read.
    """
    try:
        return await read_holdings(market, positions)
    except Unavailable:
        return tuple(Holding(position=position, spot=None) for position in positions)


async def read_holdings(market: MarketView, positions: Sequence[Position]) -> tuple[Holding, ...]:
    """Return the positions, in their order, with the desk's own volatilities and Greeks.

    Raises:
        Unavailable: the market cannot be asked.
    """
    holdings = await holdings_of(market, positions)
    readable = _by_underlying(each for each in holdings if _is_readable(each))
    terms = await asyncio.gather(*(_terms(market, *each) for each in readable.items()))
    told = [(held, each) for held, each in zip(readable.values(), terms, strict=True) if each]
    read = await asyncio.to_thread(_read_all, told, market.now())
    return tuple(read.get(each.symbol, each) for each in holdings)


def _is_readable(holding: Holding) -> bool:
    option = isinstance(holding.symbol, OptionSymbol)
    return bool(option and holding.spot and holding.position.mark is not None and holding.years)


def _by_underlying(holdings: Iterable[Holding]) -> Mapping[str, Sequence[Holding]]:
    found: dict[str, list[Holding]] = {}
    for each in holdings:
        found.setdefault(each.underlying, []).append(each)
    return found


async def _terms(market: MarketView, name: str, held: Sequence[Holding]) -> _Terms | None:
    """Return what is told of an underlying; None where its options' style is not."""
    underlying, today = EquitySymbol(name), exchange_date(market.now())
    ends = (each.symbol.expiration for each in held if isinstance(each.symbol, OptionSymbol))
    try:
        style = await market.exercise_style(underlying)
        events = await market.events(underlying, max((max(ends) - today).days, 0))
    except (Denied, Unavailable):  # The feed's figures are there.
        return None
    paid = [each for each in events if isinstance(each, Dividend)]
    return None if style is None else _Terms(style=style, dividends=paid)


def _read_all(
    told: Iterable[tuple[Sequence[Holding], _Terms]], now: datetime
) -> Mapping[Symbol, Holding]:
    return {each.symbol: each for held, terms in told for each in _read(held, terms, now)}


def _read(held: Sequence[Holding], terms: _Terms, now: datetime) -> Sequence[Holding]:
    """Return the options of one underlying as read; those of no volatility as they were."""
    spot = float(held[0].spot or math.nan)
    forwards = forward_of_each(held, spot)
    marks = [each.position.mark or Decimal(0) for each in held]
    usual = own_volatilities(held, forwards, marks)
    if terms.style is ExerciseStyle.EUROPEAN:
        return _as_european(held, forwards, usual, now)
    return _as_american(held, spot, forwards, marks, usual, terms.dividends, now)


def _as_european(
    held: Sequence[Holding], forwards: Sequence[float], usual: Sequence[float], now: datetime
) -> Sequence[Holding]:
    from strikedesk.quant import black_scholes  # noqa: PLC0415 -- imports numpy

    at = black_scholes.greeks(contracts_of(held, forwards), usual)
    columns = (usual, at.delta.tolist(), at.gamma.tolist(), at.theta.tolist(), at.vega.tolist())
    rows = zip(*columns, strict=True)
    return [
        _with(each, row, ExerciseStyle.EUROPEAN, now) for each, row in zip(held, rows, strict=True)
    ]


def _as_american(  # noqa: PLR0917 -- columns side by side
    held: Sequence[Holding],
    spot: float,
    forwards: Sequence[float],
    marks: Sequence[Decimal],
    usual: Sequence[float],
    dividends: Sequence[Dividend],
    now: datetime,
) -> Sequence[Holding]:
    from strikedesk.quant.strategies.early import early  # noqa: PLC0415 -- imports numpy

    cash = cash_ahead(dividends, now)
    seen = early(
        [numeric(each) for each in held],
        spot=spot,
        forward=forwards,
        price=[float(mark) for mark in marks],
        volatility=usual,
        dividends=cash,
    )
    columns = (seen.volatility, seen.delta, seen.gamma, seen.theta, seen.vega)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    read = (
        _with(each, row, ExerciseStyle.AMERICAN, now) for each, row in zip(held, rows, strict=True)
    )
    worth = {years: cash.until(years) for years in {each.years or 0.0 for each in held}}
    return [
        replace(
            each,
            early=EarlyTerms(carry=carry, worth=worth[each.years or 0.0].worth(max(carry, 0.0))),
        )
        if each.greeks and each.greeks.source == ExerciseStyle.AMERICAN
        else each
        for each, carry in zip(read, seen.carry.tolist(), strict=True)
    ]


def _with(holding: Holding, row: Sequence[float], style: ExerciseStyle, now: datetime) -> Holding:
    """Return a holding with what was read; as it was where nothing could be."""
    if any(math.isnan(each) for each in row):
        return holding
    sigma, delta, gamma, theta, vega = row
    told = Greeks(
        implied_volatility=sigma,
        delta=delta,
        gamma=gamma,
        theta=theta,
        vega=vega,
        rho=None,
        source=style.value,
        at=now,
    )
    return replace(holding, greeks=told, volatility=sigma)

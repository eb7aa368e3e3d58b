"""Legs for a strategy in a few words, out of what the market lists.

Days are calendar days from the exchange's date. Of two listings of one day the one that ends with
the day's close is taken; contracts that a split or a merger adjusted are left out. numpy is
imported when this is first called.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from strikedesk.domain.calendar import expiration_instant
from strikedesk.domain.errors import Denied
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.quotes import Expiration, Settlement
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.portfolio.proposal_legs import AskedMarket
from strikedesk.quant.strategies.legs import Kind
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern
from strikedesk.quant.strategies.request import Request, Unmet, request_of

if TYPE_CHECKING:
    from strikedesk.quant.strategies import legs as numerics

_DAYS_PER_YEAR: Final = 365.0
_TODAY: Final = 0.5  # An option of today has some of the day before it, and ends before tomorrow's.

_Key: TypeAlias = tuple[float, Right, float]


async def legs_from_words(
    market: AskedMarket,
    underlying: EquitySymbol,
    words: str,
    patterns: Sequence[Pattern] = PATTERNS,
) -> tuple[Leg, ...]:
    """Return the legs that `words` ask for: `iron condor, 45 DTE, 16 delta, 5 wide`.

    Raises:
        Denied: INVALID_ARGUMENT where the words, or what is listed, leave it open; the reason why
            the underlying has no price.
        Unavailable: the market cannot be asked.
    """
    try:
        asked = request_of(words, patterns)
        listed = await _nearest(market, underlying, asked)
        return await _built(market, underlying, asked, listed)
    except Unmet as unmet:
        raise Denied(Reason.INVALID_ARGUMENT, argument="strategy", problem=str(unmet)) from None


async def _nearest(
    market: AskedMarket, underlying: EquitySymbol, asked: Request
) -> Mapping[float, Expiration]:
    """Return the listed expirations nearest to the days that were asked, by their years."""
    await market.ready()
    listed = _by_years(await market.expirations(underlying), market.now())
    if not listed:
        raise Unmet("no expiration is listed: choose another underlying")
    return {
        years: listed[years]
        for days in asked.days
        for years in [min(listed, key=lambda each: abs(each - days / _DAYS_PER_YEAR))]
    }


def _by_years(listed: Iterable[Expiration], now: datetime) -> Mapping[float, Expiration]:
    found: dict[float, Expiration] = {}
    for each in listed:
        years = (each.days or _TODAY) / _DAYS_PER_YEAR
        ended = expiration_instant(each.day, each.settlement) <= now
        if ended or each.root[-1].isdigit():
            continue
        if years not in found or each.settlement is Settlement.PM:
            found[years] = each
    return found


async def _built(
    market: AskedMarket,
    underlying: EquitySymbol,
    asked: Request,
    listed: Mapping[float, Expiration],
) -> tuple[Leg, ...]:
    from strikedesk.quant.strategies.building import Listing, built  # noqa: PLC0415 -- imports numpy

    years = {(each.root, each.day): at for at, each in listed.items()}
    slices = await market.slices(underlying, [each.day for each in listed.values()])
    rows = [
        (at, row.contract, row.greeks)
        for each in slices
        for row in each.rows
        if (at := years.get((row.contract.root, row.contract.expiration))) is not None
    ]
    strikes = [float(contract.strike) for _, contract, _ in rows]
    listing = Listing.of(
        spot=float(await _spot(market, underlying)),
        strike=strikes,
        years=[at for at, _, _ in rows],
        is_call=[contract.right is Right.CALL for _, contract, _ in rows],
        delta=[_delta(greeks) for _, _, greeks in rows],
    )
    contracts = {
        (at, contract.right, strike): contract
        for (at, contract, _), strike in zip(rows, strikes, strict=True)
    }
    return tuple(_leg(each, underlying, contracts) for each in built(asked, listing))


async def _spot(market: AskedMarket, underlying: EquitySymbol) -> Decimal:
    quote = (await market.quotes([underlying])).get(underlying)
    if quote is None or quote.mark is None:
        raise Denied(await market.why_unquoted(underlying), symbol=underlying.compact)
    return quote.mark


def _delta(greeks: Greeks | None) -> float:
    return math.nan if greeks is None or greeks.delta is None else greeks.delta


def _leg(
    leg: "numerics.Leg", underlying: EquitySymbol, contracts: Mapping[_Key, OptionSymbol]
) -> Leg:
    bought = leg.quantity > 0
    if leg.kind is Kind.SHARE:
        return _order_leg(underlying, Action.BUY if bought else Action.SELL, leg.quantity)
    right = Right.CALL if leg.kind is Kind.CALL else Right.PUT
    contract = contracts[leg.years, right, leg.strike]
    action = Action.BUY_TO_OPEN if bought else Action.SELL_TO_OPEN
    return _order_leg(contract, action, leg.quantity)


def _order_leg(symbol: Symbol, action: Action, quantity: int) -> Leg:
    return Leg(symbol=symbol, action=action, quantity=abs(quantity))

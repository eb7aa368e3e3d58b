"""Early assignment: shorts whose other side gains by exercising before the contract ends.

A call is exercised in the night before its shares go ex when the dividend is worth more than what
is given up: the interest on the strike until the end, and the put of the same strike, which is what
is left of the call's time value. A put is exercised when the interest on its strike is worth more
than the dividends still to come and the call of the same strike. Nobody exercises what somebody
else pays more for. A gain of `SURE_GAIN` is taken by everybody; of a smaller one so many take
their part, by a chance whose address is the world, the contract and the day. Where a price is
missing nobody is assigned. European contracts never are.
Source: J. C. Hull, Options, Futures, and Other Derivatives, on early exercise of American options.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from strikedesk.domain.events import Dividend
from strikedesk.domain.money import CENT, SHARES_PER_CONTRACT
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.days import Morning
from strikedesk.exchange.delivery import Ending, leave
from strikedesk.exchange.ends import settles_at
from strikedesk.exchange.market import Market
from strikedesk.exchange.simulated.noise import key
from strikedesk.exchange.world import World

RATE: Final = Decimal("0.04")  # A year's interest on what a strike is worth, as the market has it.
SURE_GAIN: Final = Decimal("0.05")
_DAYS_PER_YEAR: Final = 365
_KEYS: Final = Decimal(2**64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prices:
    """The last close of a contract's market: spot, the contract's bid, its twin's mark."""

    spot: Decimal
    bid: Decimal
    twin: Decimal


def assign_early(
    world: World, market: Market, dividends: tuple[Dividend, ...], morning: Morning
) -> None:
    """Assign the shorts whose other side has exercised in this morning's night.

    `dividends` are those that go ex this morning.
    """
    shorts = list(_shorts(world, market, dividends, morning))
    if not shorts:
        return
    quotes = market.quotes(
        {symbol for short in shorts for symbol in _asked(short.contract)}, morning.last.closes_at
    )
    for short in sorted(shorts, key=lambda short: (short.account_id, short.contract)):
        prices = _prices(short.contract, quotes)
        if prices is None:
            continue
        ending = replace(short, settled_at=prices.spot)
        gain = _gain(market, ending, prices, dividends, morning)
        if gain > 0 and _chance(world, ending.contract, morning.day) * SURE_GAIN < gain:
            leave(world, ending, morning.opens_at)


def _shorts(
    world: World, market: Market, dividends: tuple[Dividend, ...], morning: Morning
) -> Iterator[Ending]:
    """Yield the short American contracts that could be exercised, with no price yet."""
    going_ex = {dividend.underlying for dividend in dividends}
    for account in world.accounts.values():
        for symbol, stake in account.stakes.items():
            if not isinstance(symbol, OptionSymbol) or stake.quantity > 0:
                continue
            if symbol.right is Right.CALL and symbol.underlying not in going_ex:
                continue
            terms = market.terms(symbol)
            if terms is None or terms.style is not ExerciseStyle.AMERICAN:
                continue
            if settles_at(symbol, terms) > morning.opens_at:
                yield Ending(
                    account_id=account.account_id,
                    contract=symbol,
                    terms=terms,
                    quantity=stake.quantity,
                    settled_at=NOTHING,
                    early=True,
                )


def _gain(
    market: Market,
    ending: Ending,
    prices: _Prices,
    dividends: tuple[Dividend, ...],
    morning: Morning,
) -> Decimal:
    """Return what exercising in this night is worth to the other side, USD per share, or less."""
    contract = ending.contract
    sold = prices.bid - ending.intrinsic
    if ending.intrinsic < CENT:
        return NOTHING
    interest = contract.strike * RATE * (contract.expiration - morning.day).days / _DAYS_PER_YEAR
    if contract.right is Right.CALL:
        return _of(ending, dividends) - max(interest + prices.twin, sold)
    coming = _until(market, contract, morning)
    return NOTHING if sold > 0 else interest - _of(ending, coming) - prices.twin


def _until(market: Market, contract: OptionSymbol, morning: Morning) -> tuple[Dividend, ...]:
    """Return the dividends that go ex while the contract lives."""
    shares = EquitySymbol(contract.underlying)
    events = market.events(shares, morning.first_day, contract.expiration)
    return tuple(event for event in events if isinstance(event, Dividend))


def _of(ending: Ending, dividends: tuple[Dividend, ...]) -> Decimal:
    """Return what the dividends bring to a contract's shares, as its premium counts."""
    mine = (d.amount for d in dividends if d.underlying == ending.contract.underlying)
    return sum(mine, NOTHING) * ending.terms.shares / SHARES_PER_CONTRACT


def _chance(world: World, contract: OptionSymbol, day: date) -> Decimal:
    """Return a number in `[0, 1)` that the world, the contract and the day decide."""
    return key(world.frame.tag, "exercised", contract.compact, day.isoformat()) / _KEYS


def _twin(contract: OptionSymbol) -> OptionSymbol:
    right = Right.PUT if contract.right is Right.CALL else Right.CALL
    return replace(contract, right=right)


def _asked(contract: OptionSymbol) -> tuple[Symbol, ...]:
    return contract, _twin(contract), EquitySymbol(contract.underlying)


def _prices(contract: OptionSymbol, quotes: Mapping[Symbol, Quote]) -> _Prices | None:
    own, twin, shares = (quotes.get(symbol) for symbol in _asked(contract))
    if own is None or twin is None or shares is None:
        return None
    if own.bid is None or twin.mark is None or shares.mark is None:
        return None
    return _Prices(spot=shares.mark, bid=own.bid, twin=twin.mark)

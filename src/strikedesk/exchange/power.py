"""Buying power: what an account may still spend, before and after an order.

Law: buying power = cash + what holdings are worth as security - what they require - what working
orders hold back. Short options count their premium in the requirement, short shares their proceeds.
Maintenance excess is the same with what has to be kept instead of what has to be there at first,
and without the orders.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias

from strikedesk.domain.accounts import AccountKind, OptionLevel
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import OptionSymbol, Right, Symbol
from strikedesk.domain.value_class import value_class
from strikedesk.exchange.accounts import NOTHING, PaperAccount
from strikedesk.exchange.book import Part, WorkingOrder
from strikedesk.exchange.groups import maintenance, requirement
from strikedesk.exchange.holdings import by_underlying, share_of, with_underlyings
from strikedesk.exchange.margin_book import Rules
from strikedesk.exchange.rates import (
    LONG_OPTION_LENT,
    STOCK_INITIAL,
    Prices,
    lends,
    rates_of,
    stock_maintenance,
)
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.world import World


@value_class
class Claim:
    """What holdings ask of an account, USD.

    `initial` has to be there when they are opened, `maintenance` as long as they are held; `worth`
    is what they are themselves as security: long shares, and long options that have a loan value.
    """

    initial: Decimal = NOTHING
    maintenance: Decimal = NOTHING
    worth: Decimal = NOTHING

    @property
    def on_cash(self) -> Decimal:
        """What cash has to stand behind them at first; negative where they lend."""
        return self.initial - self.worth

    @property
    def kept(self) -> Decimal:
        """What cash has to stand behind them as long as they are held."""
        return self.maintenance - self.worth

    def __add__(self, other: "Claim") -> "Claim":
        """Add two claims."""
        return Claim(
            initial=self.initial + other.initial,
            maintenance=self.maintenance + other.maintenance,
            worth=self.worth + other.worth,
        )


# By underlying; None where a price is missing.
Claims: TypeAlias = Mapping[str, Claim | None]
_NO_CLAIM: Final = Claim()


@value_class
class Around:
    """What is held of one underlying before and after an order fills."""

    underlying: str
    before: Mapping[Symbol, int]
    after: Mapping[Symbol, int]


def claim_of(holdings: Mapping[Symbol, int], account: PaperAccount, screen: Screen) -> Claim | None:
    """Return what holdings claim of `account`, all underlyings; None where a price is missing."""
    return total_of(claims_of(holdings, account, screen))


def claims_of(holdings: Mapping[Symbol, int], account: PaperAccount, screen: Screen) -> Claims:
    """Return what holdings claim by underlying; None where a price is missing."""
    return _claims_by(by_underlying(holdings), account, screen)


def claims_held(account: PaperAccount, screen: Screen) -> Claims:
    """Return what all that an account holds claims by underlying."""
    return _claims_by(account.by_underlying, account, screen)


def total_of(claims: Claims) -> Claim | None:
    """Return the sum; None where one of them is not known."""
    total = _NO_CLAIM
    for claim in claims.values():
        if claim is None:
            return None
        total += claim
    return total


def buying_power(world: World, account: PaperAccount, screen: Screen) -> Decimal | None:
    """Return what the account may spend, USD; None where a price is missing."""
    reserved = world.orders.reserved(account.account_id)
    return left_after(account, total_of(claims_held(account, screen)), reserved)


def left_after(account: PaperAccount, claim: Claim | None, reserved: Decimal) -> Decimal | None:
    """Return what a claim, and what working orders hold back, leave to be spent, USD."""
    return None if claim is None else account.cash - claim.on_cash - reserved


def excess_of(account: PaperAccount, claim: Claim | None) -> Decimal | None:
    """Return what the account has beyond what it must keep, USD: negative where it lacks some."""
    return None if claim is None else account.cash - claim.kept


def priced_by(holdings: Mapping[Symbol, int | Decimal]) -> set[Symbol]:
    """Return the symbols whose prices a claim needs: what is held, and what it follows."""
    return with_underlyings(holdings.keys())


def effect(
    account: PaperAccount, around: Around, screen: Screen, *, held: Claims
) -> tuple[Claim, Claim] | None:
    """Return the claims on an underlying before and after an order fills.

    `held` is what the account's holdings claim: where nothing sells, that is the claim before.
    """
    if around.before != account.by_underlying.get(around.underlying, {}):
        return _claims(account, around.before, around.after, screen)
    known = held.get(around.underlying, _NO_CLAIM)
    after = {symbol: count for symbol, count in around.after.items() if count}
    claim = _claim(around.underlying, after, account, screen) if after else _NO_CLAIM
    return None if known is None or claim is None else (known, claim)


def claims_around(
    account: PaperAccount, parts: Collection[Part], units: int, screen: Screen
) -> tuple[Claim, Claim] | None:
    """Return the claims on an account before and after `units` fill, as if nothing else worked."""
    after = {**account.quantities}
    _fill(after, parts, units)
    return _claims(account, account.quantities, after, screen)


def _claims(
    account: PaperAccount, before: Mapping[Symbol, int], after: Mapping[Symbol, int], screen: Screen
) -> tuple[Claim, Claim] | None:
    claims = claim_of(before, account, screen), claim_of(after, account, screen)
    return None if claims[0] is None or claims[1] is None else (claims[0], claims[1])


def holdings_around(
    account: PaperAccount, rivals: Iterable[WorkingOrder], parts: Collection[Part], units: int
) -> Around:
    """Return what is held of an order's underlying before and after it fills.

    Those of the `rivals`, which weigh on it, that sell are taken to fill first, the others not:
    nothing that is only hoped for covers a short, and one share does not cover two calls.
    """
    underlying = next(iter(parts)).symbol.underlying
    before = {**account.by_underlying.get(underlying, {})}
    for order in rivals:
        if any(_adds_risk(part) for part in order.parts):
            _fill(before, order.parts, order.remaining)
    after = {**before}
    _fill(after, parts, units)
    return Around(underlying=underlying, before=before, after=after)


def _adds_risk(part: Part) -> bool:
    """Selling a held option back frees risk; any other sale may add some."""
    return part.sign < 0 and not (part.closes and isinstance(part.symbol, OptionSymbol))


def _fill(holdings: dict[Symbol, int], parts: Collection[Part], units: int) -> None:
    for part in parts:
        holdings[part.symbol] = holdings.get(part.symbol, 0) + part.sign * part.ratio * units


def _claims_by(
    groups: Mapping[str, Mapping[Symbol, int]], account: PaperAccount, screen: Screen
) -> Claims:
    return {
        underlying: _claim(underlying, holdings, account, screen)
        for underlying, holdings in groups.items()
    }


def _claim(
    underlying: str, holdings: Mapping[Symbol, int], account: PaperAccount, screen: Screen
) -> Claim | None:
    share = share_of(underlying)
    shares, spot = holdings.get(share, 0), screen.mark(share)
    contracts: dict[OptionSymbol, int] = {}
    marks: dict[OptionSymbol, Decimal] = {}
    for symbol, count in holdings.items():
        if isinstance(symbol, OptionSymbol):
            contracts[symbol] = count
            mark = screen.mark(symbol)
            if mark is not None:
                marks[symbol] = mark
    prices = Prices(spot=spot, marks=marks)
    if not contracts and account.kind is AccountKind.MARGIN:
        return _of_shares(shares, prices)
    rules = _rules(account.kind, account.level, underlying, underlying in screen.indices)
    if account.kind is AccountKind.MARGIN:
        return on_margin(contracts, shares, prices, rules, exchange_date(screen.at))
    return _unlent(contracts, shares, prices, rules)


@lru_cache(maxsize=1024)
def _rules(kind: AccountKind, level: OptionLevel, underlying: str, european: bool) -> Rules:
    """Margin stands behind a short at the highest level alone, below it a long option or cash."""
    return Rules(
        rates=rates_of(underlying),
        european=european,
        spreads=level.rank >= OptionLevel.SPREADS.rank,
        naked=level is OptionLevel.NAKED,
        lends=kind is AccountKind.MARGIN,
    )


def on_margin(
    contracts: Mapping[OptionSymbol, int],
    shares: int,
    prices: Prices,
    rules: Rules,
    today: date,
) -> Claim | None:
    """Return what holdings of one underlying claim on margin; None where a price is missing.

    Regulation T: half of long shares is lent; short ones ask for half on top of the proceeds.
    """
    if shares and prices.spot is None:
        return None
    lent = _lent(contracts, prices, today)
    options = requirement(contracts, shares, prices, rules, lent)
    if not options.is_finite():
        return None
    if shares and _may_hedge(contracts, shares):
        kept = maintenance(contracts, shares, prices, rules, lent)
    else:
        kept = options + _bare_shares(shares, prices)
    longs = sum((contracts[c] * prices.marks[c] for c in lent), NOTHING) * SHARES_PER_CONTRACT
    return _with_shares(shares, prices, kept=kept, options=options, longs=longs)


def _of_shares(shares: int, prices: Prices) -> Claim | None:
    """Return what shares alone claim on margin; None where their price is missing."""
    if shares and prices.spot is None:
        return None
    return _with_shares(shares, prices, kept=_bare_shares(shares, prices))


def _with_shares(
    shares: int,
    prices: Prices,
    *,
    kept: Decimal,
    options: Decimal = NOTHING,
    longs: Decimal = NOTHING,
) -> Claim:
    """Return the claim of shares beside what options require and what the lent ones are worth."""
    value = shares * (prices.spot or NOTHING)
    # What is there without being lent: the proceeds of short shares, the paid part of long options.
    apart = max(-value, NOTHING) + longs * (1 - LONG_OPTION_LENT)
    return Claim(
        initial=max(abs(value) * STOCK_INITIAL + options, kept) + apart,
        maintenance=kept + apart,
        worth=max(value, NOTHING) + longs,
    )


def _may_hedge(contracts: Mapping[OptionSymbol, int], shares: int) -> bool:
    right = Right.PUT if shares > 0 else Right.CALL
    return any(count > 0 and contract.right is right for contract, count in contracts.items())


def _bare_shares(shares: int, prices: Prices) -> Decimal:
    if not shares or prices.spot is None:
        return NOTHING
    return abs(shares) * stock_maintenance(prices.spot, short=shares < 0)


def _lent(
    contracts: Mapping[OptionSymbol, int], prices: Prices, today: date
) -> dict[OptionSymbol, Decimal]:
    """Return what is lent on each long contract of long life, USD; a price is needed for it."""
    return {
        contract: prices.marks[contract] * SHARES_PER_CONTRACT * LONG_OPTION_LENT
        for contract, count in contracts.items()
        if count > 0 and lends(contract, today) and contract in prices.marks
    }


def _unlent(
    contracts: Mapping[OptionSymbol, int], shares: int, prices: Prices, rules: Rules
) -> Claim | None:
    """Return the claim where nothing is lent: a cash account's, a retirement account's.

    Shares are paid for, and cover calls. Short ones come about by assignment only; like a call that
    nothing covers they claim what buying them costs.
    """
    short = max(-shares, 0)
    options = requirement(contracts, max(shares, 0), prices, rules)
    if (short and prices.spot is None) or not options.is_finite():
        return None
    amount = options + short * (prices.spot or NOTHING)
    return Claim(initial=amount, maintenance=amount)

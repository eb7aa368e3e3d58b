"""Buying power: what an account may still spend, before and after an order.

Law: buying power = cash + loan value of shares - what short options require - what working orders
hold back. Short options count their premium in the requirement, long ones lend nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from strikedesk.domain.accounts import AccountKind
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.exchange.accounts import NOTHING, PaperAccount
from strikedesk.exchange.book import Part
from strikedesk.exchange.groups import EQUITY_RATES, INDEX_RATES, Prices, Rules, requirement
from strikedesk.exchange.screen import Screen, with_underlyings
from strikedesk.exchange.world import World

LONG_INITIAL: Final = Decimal("0.50")
LONG_MAINTENANCE: Final = Decimal("0.25")
SHORT_INITIAL: Final = Decimal("1.50")
SHORT_MAINTENANCE: Final = Decimal("1.30")

_EQUITY_RULES: Final = Rules(rates=EQUITY_RATES, european=False)
_INDEX_RULES: Final = Rules(rates=INDEX_RATES, european=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What holdings ask of an account, USD.

    `initial` and `maintenance` are margin requirements; `on_cash` is the requirement less what the
    holdings themselves are worth as security: negative where they lend.
    """

    initial: Decimal = NOTHING
    maintenance: Decimal = NOTHING
    on_cash: Decimal = NOTHING

    def __add__(self, other: "Claim") -> "Claim":
        """Add two claims."""
        return Claim(
            initial=self.initial + other.initial,
            maintenance=self.maintenance + other.maintenance,
            on_cash=self.on_cash + other.on_cash,
        )


def claim_of(holdings: Mapping[Symbol, int], kind: AccountKind, screen: Screen) -> Claim | None:
    """Return what holdings claim, all underlyings together; None where a price is missing."""
    total = Claim()
    for underlying, of_one in _by_underlying(holdings).items():
        claim = _claim(underlying, of_one, kind, screen)
        if claim is None:
            return None
        total += claim
    return total


def buying_power(world: World, account: PaperAccount, screen: Screen) -> Decimal | None:
    """Return what the account may spend, USD; None where a price is missing."""
    claim = claim_of(quantities(account), account.kind, screen)
    if claim is None:
        return None
    return account.cash - claim.on_cash - world.orders.reserved(account.account_id)


def quantities(account: PaperAccount) -> dict[Symbol, int]:
    """Return what is held by symbol, + long."""
    return {symbol: stake.quantity for symbol, stake in account.stakes.items()}


def priced_by(holdings: Mapping[Symbol, int]) -> set[Symbol]:
    """Return the symbols whose prices a claim needs: shares, shorts, and what they follow."""
    priced = (s for s, count in holdings.items() if count < 0 or not isinstance(s, OptionSymbol))
    return with_underlyings(set(priced))


def effect(
    world: World, account: PaperAccount, parts: Collection[Part], units: int, screen: Screen
) -> tuple[Claim, Claim] | None:
    """Return the claims on an underlying before and after `units` of an order fill.

    Orders at work that sell are taken to fill first, the others not: nothing that is only hoped
    for covers a short, and one share does not cover two calls.
    """
    underlying = next(iter(parts)).symbol.underlying
    before = _with_sales(world, account, underlying)
    after = dict(before)
    _fill(after, parts, units)
    claims = claim_of(before, account.kind, screen), claim_of(after, account.kind, screen)
    return None if claims[0] is None or claims[1] is None else (claims[0], claims[1])


def uncovered_calls(
    world: World, account: PaperAccount, parts: Collection[Part], units: int
) -> int:
    """Return the short calls that no shares stand behind once `units` of an order fill."""
    underlying = next(iter(parts)).symbol.underlying
    after = _with_sales(world, account, underlying)
    _fill(after, parts, units)
    shares = after.get(EquitySymbol(underlying), 0)
    return _short(after, Right.CALL) - max(shares, 0) // SHARES_PER_CONTRACT


def _with_sales(world: World, account: PaperAccount, underlying: str) -> dict[Symbol, int]:
    """Return what is held of an underlying once every working order that sells has filled."""
    held = {s: n for s, n in quantities(account).items() if s.underlying == underlying}
    for order in world.orders.weighing(account.account_id, underlying):
        if any(_adds_risk(part) for part in order.parts):
            _fill(held, order.parts, order.remaining)
    return held


def _adds_risk(part: Part) -> bool:
    """Selling a held option back frees risk; any other sale may add some."""
    return part.sign < 0 and not (part.closes and isinstance(part.symbol, OptionSymbol))


def _fill(holdings: dict[Symbol, int], parts: Collection[Part], units: int) -> None:
    for part in parts:
        holdings[part.symbol] = holdings.get(part.symbol, 0) + part.sign * part.ratio * units


def _by_underlying(holdings: Mapping[Symbol, int]) -> dict[str, dict[Symbol, int]]:
    groups: dict[str, dict[Symbol, int]] = defaultdict(dict)
    for symbol, count in holdings.items():
        if count:
            groups[symbol.underlying][symbol] = count
    return groups


def _claim(
    underlying: str, holdings: Mapping[Symbol, int], kind: AccountKind, screen: Screen
) -> Claim | None:
    shares = holdings.get(EquitySymbol(underlying), 0)
    contracts = {s: n for s, n in holdings.items() if isinstance(s, OptionSymbol)}
    spot = screen.mark(EquitySymbol(underlying))
    if kind is not AccountKind.MARGIN:
        return _secured(contracts, shares, spot)
    stock = _stock(shares, spot)
    rules = _INDEX_RULES if underlying in screen.indices else _EQUITY_RULES
    marks = {c: mark for c in contracts if (mark := screen.mark(c)) is not None}
    options = requirement(contracts, shares, Prices(spot=spot, marks=marks), rules)
    if stock is None or not options.is_finite():
        return None
    return stock + Claim(initial=options, maintenance=options, on_cash=options)


def _stock(shares: int, spot: Decimal | None) -> Claim | None:
    """Regulation T: half of long shares is lent; short ones ask for half on top of the proceeds."""
    if not shares:
        return Claim()
    if spot is None:
        return None
    value = abs(shares) * spot
    if shares > 0:
        initial = value * LONG_INITIAL
        return Claim(initial=initial, maintenance=value * LONG_MAINTENANCE, on_cash=initial - value)
    return Claim(
        initial=value * SHORT_INITIAL,
        maintenance=value * SHORT_MAINTENANCE,
        on_cash=value * SHORT_INITIAL,
    )


def _secured(
    contracts: Mapping[OptionSymbol, int], shares: int, spot: Decimal | None
) -> Claim | None:
    """Return a cash account's claim: puts in full, nothing for covered calls, shares lend nothing.

    A short that nothing covers comes about by assignment only; it claims what buying it costs.
    """
    strikes = [c.strike * -n for c, n in contracts.items() if n < 0 and c.right is Right.PUT]
    naked = max(_short(contracts, Right.CALL) - max(shares, 0) // SHARES_PER_CONTRACT, 0)
    uncovered = naked * SHARES_PER_CONTRACT + max(-shares, 0)
    if uncovered and spot is None:
        return None
    amount = sum(strikes, NOTHING) * SHARES_PER_CONTRACT
    amount += uncovered * (spot if spot is not None else NOTHING)
    return Claim(initial=amount, maintenance=amount, on_cash=amount)


def _short(holdings: Mapping[Symbol, int] | Mapping[OptionSymbol, int], right: Right) -> int:
    return sum(
        -n
        for s, n in holdings.items()
        if n < 0 and isinstance(s, OptionSymbol) and s.right is right
    )

"""Sizing: how many units of a trade by each of four rules, and which of them binds.

Fixed fraction: so much of the account's worth may be lost. Kelly: with p the chance of winning and
b what is won over what is lost, p - (1 - p)/b of it is risked in theory; a part of that, and never
more than a ceiling. Volatility target: a year's standard deviation of the units is so much of the
account's worth. Buying power: so much of it is taken. Units are whole, and rounded down.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final

from strikedesk.domain.accounts import Account, Balances
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.portfolio.books import Books
from strikedesk.portfolio.market_view import MarketView
from strikedesk.portfolio.past import MOVES_LEAST, listed_past, yearly_volatility

UNITS_MOST: Final = 1_000_000


class Rule(StrEnum):
    """What a size may be bound by."""

    FIXED_FRACTION = "fixed_fraction"
    KELLY = "kelly"
    VOLATILITY_TARGET = "volatility_target"
    BUYING_POWER = "buying_power"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One unit of a trade. None = not told.

    Units: `loss` the most that it can lose and `profit` what it wins, `buying_power` what it takes,
    USD, above 0; `delta` in shares of `underlying`, signed; `win_probability` a fraction.
    """

    loss: Decimal
    profit: Decimal | None = None
    win_probability: Decimal | None = None
    buying_power: Decimal | None = None
    underlying: EquitySymbol | None = None
    delta: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How much is put at stake: fractions of the account's worth, of Kelly's, of buying power."""

    risk: Decimal
    kelly_part: Decimal
    kelly_ceiling: Decimal
    volatility: Decimal
    buying_power: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Units by one rule; None where a fact is missing. `basis` says how, or which fact."""

    rule: Rule
    units: int | None
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """The sizes by all rules. Law: `units` is the least that is known, and `binding` its rule."""

    account: Account
    balances: Balances
    sizes: tuple[Size, ...]
    loss_each: Decimal

    @property
    def binding(self) -> Size | None:
        """The rule that allows least; None where none could be asked."""
        known = [size for size in self.sizes if size.units is not None]
        return min(known, key=lambda size: size.units or 0, default=None)

    @property
    def loss(self) -> Decimal | None:
        """What the binding size can lose, USD."""
        binding = self.binding
        if binding is None or binding.units is None:
            return None
        return binding.units * self.loss_each


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the account and the market tell. Units: `worth` and `power` USD; `yearly` a fraction."""

    worth: Decimal | None
    power: Decimal | None
    spot: Decimal | None
    yearly: float | None


async def size_of(
    books: Books, market: MarketView, handle: str, *, trade: Trade, policy: Policy
) -> Sizing:
    """Return how many units of a trade each rule allows.

    Raises:
        Denied: ACCOUNT_UNKNOWN, SYMBOL_NOT_FOUND; INVALID_ARGUMENT for half a pair of figures.
    """
    account = await books.named(handle)
    spot, yearly = await _market_facts(market, trade.underlying)
    _check(trade)
    balances = await books.balances(handle)
    facts = Facts(
        worth=balances.net_liquidation, power=balances.option_buying_power, spot=spot, yearly=yearly
    )
    return Sizing(
        account=account, balances=balances, sizes=sizes(trade, policy, facts), loss_each=trade.loss
    )


def sizes(trade: Trade, policy: Policy, facts: Facts) -> tuple[Size, ...]:
    """Return the units that each rule allows."""
    return (
        _fixed_fraction(trade, policy, facts),
        _kelly(trade, policy, facts),
        _volatility_target(trade, policy, facts),
        _buying_power(trade, policy, facts),
    )


def _fixed_fraction(trade: Trade, policy: Policy, facts: Facts) -> Size:
    if facts.worth is None:
        return _missing(Rule.FIXED_FRACTION, "net liquidation")
    basis = f"{policy.risk:f} of net liquidation may be lost"
    return _size(Rule.FIXED_FRACTION, policy.risk * facts.worth, trade.loss, basis)


def _kelly(trade: Trade, policy: Policy, facts: Facts) -> Size:
    if trade.profit is None or trade.win_probability is None:
        return _missing(Rule.KELLY, "unit_profit and win_probability")
    if facts.worth is None:
        return _missing(Rule.KELLY, "net liquidation")
    chance = trade.win_probability
    whole = chance - (1 - chance) * trade.loss / trade.profit
    part = min(policy.kelly_part * max(whole, Decimal(0)), policy.kelly_ceiling)
    capped = part == policy.kelly_ceiling and whole > 0
    how = f"kelly {whole:.4f}, {policy.kelly_part:f} of it" + (", at the ceiling" if capped else "")
    basis = how if whole > 0 else f"kelly {whole:.4f}: no edge"
    return _size(Rule.KELLY, part * facts.worth, trade.loss, basis)


def _volatility_target(trade: Trade, policy: Policy, facts: Facts) -> Size:
    rule = Rule.VOLATILITY_TARGET
    if trade.underlying is None or trade.delta is None:
        return _missing(rule, "underlying and unit_delta")
    if facts.worth is None:
        return _missing(rule, "net liquidation")
    if facts.spot is None:
        return _missing(rule, "the underlying's price")
    if facts.yearly is None:
        return _missing(rule, f"{MOVES_LEAST} daily returns of the underlying")
    each = abs(trade.delta) * facts.spot * Decimal(str(facts.yearly))
    if each <= 0:
        return Size(
            rule=rule, units=None, basis="a unit without delta or a price that stands still"
        )
    basis = f"a unit's year: {each:.2f} USD at volatility {facts.yearly:.4f}"
    return _size(rule, policy.volatility * facts.worth, each, basis)


def _buying_power(trade: Trade, policy: Policy, facts: Facts) -> Size:
    if trade.buying_power is None:
        return _missing(Rule.BUYING_POWER, "unit_buying_power")
    if facts.power is None:
        return _missing(Rule.BUYING_POWER, "option buying power")
    basis = f"{policy.buying_power:f} of {facts.power:f} USD may be taken"
    return _size(Rule.BUYING_POWER, policy.buying_power * facts.power, trade.buying_power, basis)


def _size(rule: Rule, amount: Decimal, each: Decimal, basis: str) -> Size:
    whole = int((max(amount, Decimal(0)) / each).to_integral_value(ROUND_FLOOR))
    return Size(rule=rule, units=min(whole, UNITS_MOST), basis=basis)


def _missing(rule: Rule, fact: str) -> Size:
    return Size(rule=rule, units=None, basis=f"not known: {fact}")


def _check(trade: Trade) -> None:
    """Refuse half a pair: what was meant by it cannot be guessed."""
    pairs = (
        ("unit_profit", trade.profit, "win_probability", trade.win_probability),
        ("underlying", trade.underlying, "unit_delta", trade.delta),
    )
    for name, value, other, its in pairs:
        if (value is None) != (its is None):
            alone, wanted = (name, other) if its is None else (other, name)
            raise Denied(Reason.INVALID_ARGUMENT, argument=alone, goes_with=wanted)


async def _market_facts(
    market: MarketView, underlying: EquitySymbol | None
) -> tuple[Decimal | None, float | None]:
    if underlying is None:
        return None, None
    past = await listed_past(market, underlying)
    quote = (await market.quotes((underlying,))).get(underlying)
    return (quote.mark if quote else None), yearly_volatility(past)

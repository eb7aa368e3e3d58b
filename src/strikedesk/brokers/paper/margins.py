"""Margin as a paper account has it: by underlying, and the rates that it is reckoned by."""

from decimal import Decimal
from typing import Final

from strikedesk.domain.account_kinds import AccountKind
from strikedesk.domain.margin import MarginGroup, MarginHeld, MarginRates
from strikedesk.domain.money import SHARES_PER_CONTRACT, to_cents
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange import power
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.rates import LONG_STOCK, SHORT_STOCK, STOCK_INITIAL, rates_of
from strikedesk.exchange.screen import Screen

_ALL: Final = Decimal(1)


def margin_held_of(account: PaperAccount, screen: Screen) -> MarginHeld:
    """Return what the holdings require; a missing price leaves what depends on it unknown."""
    claims = power.claims_held(account, screen)
    whole = power.total_of(claims)
    return MarginHeld(
        account_id=account.account_id,
        as_of=screen.at,
        initial=None if whole is None else to_cents(whole.initial),
        maintenance=None if whole is None else to_cents(whole.maintenance),
        groups=tuple(_group(name, claim) for name, claim in sorted(claims.items())),
    )


def margin_rates_of(account: PaperAccount, underlying: EquitySymbol) -> MarginRates:
    """Return the rates of an underlying; an account that is lent nothing pays shares whole."""
    lent, naked = account.kind is AccountKind.MARGIN, rates_of(underlying.ticker)
    return MarginRates(
        underlying=underlying.ticker,
        long_initial=STOCK_INITIAL if lent else _ALL,
        long_maintenance=LONG_STOCK if lent else _ALL,
        short_initial=STOCK_INITIAL if lent else _ALL,
        short_maintenance=SHORT_STOCK if lent else _ALL,
        naked_standard=naked.fraction,
        naked_minimum=naked.minimum,
        naked_floor=naked.floor * SHARES_PER_CONTRACT,
    )


def _group(name: str, claim: power.Claim | None) -> MarginGroup:
    if claim is None:
        return MarginGroup(underlying=name)
    return MarginGroup(
        underlying=name,
        initial=to_cents(claim.initial),
        maintenance=to_cents(claim.maintenance),
    )

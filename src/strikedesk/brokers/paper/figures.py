"""An account's figures as any broker tells them: balances and positions at current marks."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from strikedesk.domain.accounts import AccountKind, Balances, Position
from strikedesk.domain.money import to_cents
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange import calls, power
from strikedesk.exchange.accounts import PaperAccount, average_price, multiplier_of
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.world import World

# Half of the shares' price is lent: a dollar of buying power buys two dollars of shares.
_LEVERAGE: Final = 2


def priced_symbols(account: PaperAccount) -> set[Symbol]:
    """Return the symbols whose quotes the figures need."""
    return {*account.stakes, *power.priced_by(power.quantities(account))}


def positions_of(account: PaperAccount, screen: Screen) -> tuple[Position, ...]:
    """Return what is held at its marks, sorted by symbol; None where nothing quotes it."""
    return tuple(
        Position(
            account_id=account.account_id,
            symbol=symbol,
            quantity=stake.quantity,
            multiplier=multiplier_of(symbol),
            average_price=average_price(symbol, stake),
            opened_at=stake.opened_at,
            mark=screen.mark(symbol),
            marked_at=screen.quotes[symbol].at if symbol in screen.quotes else None,
        )
        for symbol, stake in sorted(account.stakes.items(), key=lambda item: item[0].compact)
    )


def balances_of(world: World, account: PaperAccount, screen: Screen) -> Balances:
    """Return what the account is worth; a missing mark leaves what depends on it unknown."""
    positions = positions_of(account, screen)
    values = [position.market_value for position in positions]
    claim = power.claim_of(power.quantities(account), account, screen)
    free = power.left_after(world, account, claim)
    excess = power.excess_of(account, claim)
    value = _total(values)
    return Balances(
        account_id=account.account_id,
        as_of=screen.at,
        net_liquidation=None if value is None else account.cash + value,
        cash=account.cash,
        option_buying_power=None if free is None else to_cents(free),
        stock_buying_power=None if free is None else to_cents(free * _leverage(account)),
        maintenance_margin=None if claim is None else to_cents(claim.maintenance),
        maintenance_excess=None if excess is None else to_cents(excess),
        in_margin_call=calls.in_call(account, excess),
        long_value=_total(v for v, p in zip(values, positions, strict=True) if p.quantity > 0),
        short_value=_total(v for v, p in zip(values, positions, strict=True) if p.quantity < 0),
        open_profit=_total(position.open_profit for position in positions),
        realized_profit=account.realized,
        fees_paid=account.fees,
    )


def _leverage(account: PaperAccount) -> int:
    return _LEVERAGE if account.kind is AccountKind.MARGIN else 1


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    if any(amount is None for amount in known):
        return None
    return sum((amount for amount in known if amount is not None), Decimal(0))

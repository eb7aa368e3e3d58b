"""An account's figures as any broker tells them: balances and positions at current marks.

The day's profit is not kept: it follows from what a symbol was worth at the last close, what came
and went since, and what it is worth now.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.accounts import Account, AccountKind, Balances, Environment, Position
from strikedesk.domain.money import to_cents
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.untraded import FRACTION_OF_A_SHARE, Untraded
from strikedesk.exchange import calls, power
from strikedesk.exchange.accounts import (
    NO_MOVE,
    NOTHING,
    PaperAccount,
    Stake,
    Today,
    average_price,
    multiplier_of,
)
from strikedesk.exchange.fractions import average_cost
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.world import World

# Half of the shares' price is lent: a dollar of buying power buys two dollars of shares.
_LEVERAGE: Final = 2


def account_of(account: PaperAccount) -> Account:
    """Return a paper account as the desk sees it."""
    return Account(
        account_id=account.account_id,
        handle=account.handle,
        nickname=account.nickname,
        kind=account.kind,
        environment=Environment.PAPER,
        simulated=True,
        option_level=account.level,
        frozen=False,
        closing_only=False,
    )


def priced_symbols(account: PaperAccount) -> set[Symbol]:
    """Return the symbols whose quotes the figures need."""
    return {*account.priced}


def gone_today(account: PaperAccount, at: datetime) -> set[Symbol]:
    """Return the symbols that were traded on this trading day and are not held any more.

    Their worth at the last close is asked for there and then: some are not quoted any more.
    """
    today = account.since_open(at)
    return set() if today is None else {*today.moves} - {*account.stakes, *account.pieces}


def positions_of(
    account: PaperAccount, quotes: Mapping[Symbol, Quote], at: datetime
) -> tuple[Position, ...]:
    """Return what is held at its marks, sorted by symbol; None where nothing quotes it."""
    today = account.since_open(at)
    return tuple(
        _position(account, symbol, stake, quotes.get(symbol), today)
        for symbol, stake in sorted(account.stakes.items(), key=lambda item: item[0].compact)
    )


def beside_of(account: PaperAccount, quotes: Mapping[Symbol, Quote]) -> tuple[Untraded, ...]:
    """Return the parts of shares that are held, at their marks, sorted by symbol."""
    return tuple(
        Untraded(
            account_id=account.account_id,
            symbol=symbol.compact,
            kind=FRACTION_OF_A_SHARE,
            quantity=piece.quantity,
            multiplier=Decimal(1),
            average_price=average_cost(piece),
            mark=quote.mark if (quote := quotes.get(symbol)) else None,
        )
        for symbol, piece in sorted(account.pieces.items(), key=lambda item: item[0].compact)
    )


def _position(
    account: PaperAccount, symbol: Symbol, stake: Stake, quote: Quote | None, today: Today | None
) -> Position:
    mark, close = (None, None) if quote is None else (quote.mark, quote.previous_close)
    return Position(
        account_id=account.account_id,
        symbol=symbol,
        quantity=stake.quantity,
        multiplier=multiplier_of(symbol),
        average_price=average_price(symbol, stake),
        opened_at=stake.opened_at,
        mark=mark,
        marked_at=None if quote is None else quote.at,
        # What came and went of it today is not told apart from a part of a share beside it.
        day_profit=_day_profit(symbol, stake.quantity + account.part(symbol), today, mark, close),
    )


def balances_of(
    world: World, account: PaperAccount, screen: Screen, closes: Mapping[Symbol, Decimal]
) -> Balances:
    """Return what the account is worth; a missing mark leaves what depends on it unknown.

    `closes` are the marks at the last close of what has gone since.
    """
    positions = positions_of(account, screen.quotes, screen.at)
    beside = beside_of(account, screen.quotes)
    values = [each.market_value for each in (*positions, *beside)]
    claim = power.total_of(power.claims_held(account, screen))
    free = power.left_after(account, claim, world.orders.reserved(account.account_id))
    excess = power.excess_of(account, claim)
    value = _total(values)
    return Balances(
        account_id=account.account_id,
        as_of=screen.at,
        net_liquidation=None if value is None else account.cash + account.accrued + value,
        cash=account.cash,
        option_buying_power=None if free is None else to_cents(free),
        stock_buying_power=None if free is None else to_cents(free * leverage_of(account)),
        maintenance_margin=None if claim is None else to_cents(claim.maintenance),
        maintenance_excess=None if excess is None else to_cents(excess),
        in_margin_call=calls.in_call(account, excess),
        long_value=_total(
            each.market_value for each in (*positions, *beside) if (each.quantity or 0) > 0
        ),
        short_value=_total(each.market_value for each in positions if each.quantity < 0),
        open_profit=_total(_open_profits(account, positions, screen.quotes)),
        realized_profit=account.realized,
        day_profit=_total(_parts_of_day(account, positions, screen, closes)),
        dividends_paid=account.dividends,
        dividends_accrued=account.accrued,
        fees_paid=account.fees,
    )


def _day_profit(
    symbol: Symbol,
    quantity: int | Decimal,
    today: Today | None,
    mark: Decimal | None,
    close: Decimal | None,
) -> Decimal | None:
    """Return what a held symbol brought on this trading day, USD."""
    if mark is None:
        return None
    value = mark * quantity * multiplier_of(symbol)
    before = _value_before(symbol, quantity, today, close)
    return None if before is None else value - before


def _value_before(
    symbol: Symbol, quantity: int | Decimal, today: Today | None, close: Decimal | None
) -> Decimal | None:
    """Return what is set against a value now: the worth at the last close, and what was paid."""
    move = NO_MOVE if today is None else today.moves.get(symbol, NO_MOVE)
    held = quantity - move.quantity
    if not held:
        return move.amount
    return None if close is None else close * held * multiplier_of(symbol) + move.amount


def _parts_of_day(
    account: PaperAccount,
    positions: Iterable[Position],
    screen: Screen,
    closes: Mapping[Symbol, Decimal],
) -> Iterable[Decimal | None]:
    """Yield the day's profit of what is held, of what has gone, and the dividends gone ex."""
    today = account.since_open(screen.at)
    yield from (position.day_profit for position in positions)
    for symbol in account.pieces.keys() - account.stakes.keys():
        quote = screen.quotes.get(symbol)
        mark, close = (None, None) if quote is None else (quote.mark, quote.previous_close)
        yield _day_profit(symbol, account.part(symbol), today, mark, close)
    for symbol in gone_today(account, screen.at):
        before = _value_before(symbol, 0, today, closes.get(symbol))
        yield None if before is None else -before
    yield NOTHING if today is None else today.dividends


def _open_profits(
    account: PaperAccount, positions: Iterable[Position], quotes: Mapping[Symbol, Quote]
) -> Iterable[Decimal | None]:
    """Yield what each position has gained since it was opened, and each part of a share."""
    yield from (position.open_profit for position in positions)
    for symbol, piece in account.pieces.items():
        mark = quotes[symbol].mark if symbol in quotes else None
        yield None if mark is None else mark * piece.quantity - piece.cost


def leverage_of(account: PaperAccount) -> int:
    """Return how many dollars of shares a dollar of buying power buys."""
    return _LEVERAGE if account.kind is AccountKind.MARGIN else 1


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    if any(amount is None for amount in known):
        return None
    return sum((amount for amount in known if amount is not None), Decimal(0))

"""What an account was worth at the close of each session, told from its book and the market.

Law: what is held and what is in cash at an instant are the sums of the book's lines up to it; so a
history needs no diary, and comes out the same whenever it is asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from strikedesk.domain.accounts import Transaction
from strikedesk.domain.calendar import Session
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import NOTHING, multiplier_of
from strikedesk.exchange.market import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityDay:
    """An account at the close of `day`. Units: USD; `value` None where nobody quoted what it held.

    `value` is cash and everything held at its mark, shorts as debts; a dividend counts from the day
    on which it is paid.
    """

    day: date
    cash: Decimal
    value: Decimal | None


def equity_by_day(
    lines: Sequence[Transaction], market: Market, sessions: Iterable[Session]
) -> Iterator[EquityDay]:
    """Yield the account at the close of each session; both are to be in order, oldest first."""
    held: defaultdict[Symbol, int] = defaultdict(int)
    cash, told = NOTHING, 0
    for session in sessions:
        while told < len(lines) and lines[told].at <= session.closes_at:
            line = lines[told]
            cash, told = cash + line.cash_effect, told + 1
            if line.symbol is not None and line.quantity:
                held[line.symbol] += line.quantity
        standing = {symbol: quantity for symbol, quantity in held.items() if quantity}
        worth = _worth(standing, market, session)
        yield EquityDay(day=session.day, cash=cash, value=None if worth is None else cash + worth)


def _worth(held: Mapping[Symbol, int], market: Market, session: Session) -> Decimal | None:
    """Return what is held at the marks of the close, or None where one is missing."""
    quotes = market.quotes(held, session.closes_at)
    total = NOTHING
    for symbol, quantity in held.items():
        quote = quotes.get(symbol)
        if quote is None or quote.mark is None:
            return None
        total += quote.mark * quantity * multiplier_of(symbol)
    return total

"""What an account was worth at the close of each session, told from its book and the market.

Law: what is held and what is in cash at an instant are the sums of the book's lines up to it; so a
history needs no diary, and comes out the same whenever it is asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from strikedesk.domain.accounts import Transaction, TransactionKind
from strikedesk.domain.calendar import Session
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import NOTHING, Receivable, multiplier_of
from strikedesk.exchange.market import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityDay:
    """An account at the close of `day`. Units: USD; `value` None where nobody quoted what it held.

    `value` is cash, dividends that have gone ex, and everything held at its mark, shorts as debts.
    """

    day: date
    cash: Decimal
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the book comes to at the close of a session.

    Units: USD; `accrued` are dividends that have gone ex and are not paid, negative where they are
    owed; `held` counts shares and contracts, + long, and nothing that is none; `parts` of shares
    are held beside them.
    """

    session: Session
    cash: Decimal
    accrued: Decimal
    held: Mapping[Symbol, int]
    parts: Mapping[Symbol, Decimal]

    @property
    def shares(self) -> Mapping[Symbol, int | Decimal]:
        """What is held in all, parts of shares with the whole ones."""
        if not self.parts:
            return self.held
        return {
            symbol: self.held.get(symbol, 0) + self.parts.get(symbol, 0)
            for symbol in {**self.held, **self.parts}
        }


def equity_by_day(
    lines: Sequence[Transaction],
    due: Iterable[Receivable],
    market: Market,
    sessions: Iterable[Session],
) -> Iterator[EquityDay]:
    """Yield the account at the close of each session; see `standings`."""
    for standing in standings(lines, due, sessions):
        worth = _worth(standing, market)
        value = None if worth is None else standing.cash + standing.accrued + worth
        yield EquityDay(day=standing.session.day, cash=standing.cash, value=value)


def standings(
    lines: Sequence[Transaction], due: Iterable[Receivable], sessions: Iterable[Session]
) -> Iterator[Standing]:
    """Yield what the book comes to at the close of each session; all in order, oldest first.

    `lines` are the whole book; `due` are the dividends that it has not paid by its end.
    """
    accruals = _accruals(lines, due)
    held: defaultdict[Symbol, int] = defaultdict(int)
    parts: defaultdict[Symbol, Decimal] = defaultdict(Decimal)
    cash, accrued, told = NOTHING, NOTHING, 0
    for session in sessions:
        while told < len(lines) and lines[told].at <= session.closes_at:
            line = lines[told]
            cash, told = cash + line.cash_effect, told + 1
            accrued += accruals.get(line.transaction_id, NOTHING)
            if line.symbol is not None and line.quantity:
                held[line.symbol] += line.quantity
            if line.symbol is not None and line.fraction:
                parts[line.symbol] += line.fraction
        yield Standing(
            session=session,
            cash=cash,
            accrued=accrued,
            held={symbol: quantity for symbol, quantity in held.items() if quantity},
            parts={symbol: quantity for symbol, quantity in parts.items() if quantity},
        )


def _accruals(lines: Iterable[Transaction], due: Iterable[Receivable]) -> Mapping[str, Decimal]:
    """Return what a dividend's lines add to what is accrued, by line: ex it comes, paid it goes.

    The line of the ex-day names no amount that could be reckoned with. Those of an underlying are
    paid in the order in which they went ex, and the last of them may be due still.
    """
    told = [
        (line, line.symbol.underlying)
        for line in lines
        if line.kind is TransactionKind.DIVIDEND and line.symbol is not None
    ]
    amounts: defaultdict[str, list[Decimal]] = defaultdict(list)
    for line, underlying in told:
        amounts[underlying] += [line.cash_effect] if line.cash_effect else []
    for each in due:
        amounts[each.underlying].append(each.amount)
    coming = {underlying: iter(each) for underlying, each in amounts.items()}
    return {
        line.transaction_id: -line.cash_effect or next(coming[underlying], NOTHING)
        for line, underlying in told
        if underlying in coming
    }


def _worth(standing: Standing, market: Market) -> Decimal | None:
    """Return what is held at the marks of the close, or None where one is missing."""
    shares = standing.shares
    quotes = market.quotes(shares, standing.session.closes_at)
    total = NOTHING
    for symbol, quantity in shares.items():
        quote = quotes.get(symbol)
        if quote is None or quote.mark is None:
            return None
        total += quote.mark * quantity * multiplier_of(symbol)
    return total

"""What an account had at the close of each session, and what its holdings claimed of it there.

It is told from the book, as `equity` tells the worth; the kind and the level of an account never
change, and so the rules of then are those of now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from strikedesk.domain.accounts import Transaction
from strikedesk.domain.calendar import Session
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import NOTHING, PaperAccount, multiplier_of
from strikedesk.exchange.equity import Standing, standings
from strikedesk.exchange.market import Market
from strikedesk.exchange.power import Claim, claim_of, priced_by
from strikedesk.exchange.screen import look

# When an order came in, and when it ended.
Span: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """An account at the close of `day`. Units: USD; None where something held had no price.

    `values` are what it held, each at its mark, shorts negative. Where an order was at work
    (`at_work`), what it held back then is not kept anywhere, and nobody knows what was left.
    """

    day: date
    cash: Decimal
    accrued: Decimal
    values: Mapping[Symbol, Decimal] | None
    claim: Claim | None
    at_work: bool

    @property
    def worth(self) -> Decimal | None:
        """What it was worth in all."""
        if self.values is None:
            return None
        return self.cash + self.accrued + sum(self.values.values(), NOTHING)

    @property
    def excess(self) -> Decimal | None:
        """What it had beyond what it had to keep, negative where it lacked some."""
        return None if self.claim is None else self.cash - self.claim.kept

    @property
    def power(self) -> Decimal | None:
        """What it could have spent."""
        return None if self.claim is None or self.at_work else self.cash - self.claim.on_cash


def closes(
    account: PaperAccount,
    lines: Sequence[Transaction],
    orders: Sequence[Span],
    market: Market,
    sessions: Iterable[Session],
) -> Iterator[Close]:
    """Yield the account at each close; `lines` are its whole book, oldest first.

    `orders` are those that may have been at work at one of them.
    """
    for standing in standings(lines, account.receivables, sessions):
        at = standing.session.closes_at
        at_work = any(began <= at < ended for began, ended in orders)
        yield _close(account, standing, market, at_work=at_work)


def _close(account: PaperAccount, standing: Standing, market: Market, *, at_work: bool) -> Close:
    shares = standing.shares
    screen = look(market, priced_by(shares), standing.session.closes_at)
    marks = {symbol: screen.mark(symbol) for symbol in shares}
    values = {
        symbol: mark * shares[symbol] * multiplier_of(symbol)
        for symbol, mark in marks.items()
        if mark is not None
    }
    priced = len(values) == len(marks)
    return Close(
        day=standing.session.day,
        cash=standing.cash,
        accrued=standing.accrued,
        values=values if priced else None,
        claim=claim_of(standing.held, account, screen) if priced else None,
        at_work=at_work,
    )

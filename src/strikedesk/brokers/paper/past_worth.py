"""What a paper account was worth at closes that are over, told from its book and the market."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from strikedesk.domain.accounts import NetWorth, Transaction
from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.exchange.accounts import Receivable
from strikedesk.exchange.equity import equity_by_day
from strikedesk.exchange.market import Market


def worth_at_closes(
    lines: Sequence[Transaction],
    due: Iterable[Receivable],
    market: Market,
    *,
    opened_at: datetime,
    start: date,
    at: datetime,
) -> tuple[NetWorth, ...]:
    """Return the closes from `start` on that a world has seen by `at`.

    `lines` are the whole book, oldest first; `due` the dividends that it has not paid yet.

    A close at which something held was not quoted is absent. Takes a while: not for the event loop.
    """
    sessions = [
        session
        for session in sessions_between(max(start, exchange_date(opened_at)), exchange_date(at))
        if opened_at <= session.closes_at <= at
    ]
    days = equity_by_day(lines, due, market, sessions)
    return tuple(
        NetWorth(at=session.closes_at, amount=day.value)
        for session, day in zip(sessions, days, strict=True)
        if day.value is not None
    )

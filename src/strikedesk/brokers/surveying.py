"""A survey of a venue that has to be asked about each thing by itself."""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

from strikedesk.domain.accounts import Account, Position
from strikedesk.domain.broking import BrokerOrder, PlaceTicket, Survey, Ticket
from strikedesk.domain.ports import Broker
from strikedesk.domain.untraded import Untraded, fractions_of

T = TypeVar("T")


async def surveyed(broker: Broker, ticket: Ticket) -> Survey:
    """Ask for all of it at the same time. See `Broker.survey`.

    Every answer is waited for, also where one is a refusal: nothing goes on behind a caller's back.
    """
    accounts, book, preflight = await asyncio.gather(
        broker.accounts(),
        _book(broker, ticket),
        broker.preflight(ticket),
        return_exceptions=True,
    )
    working, positions, beside = _told(book)
    return Survey(
        account=_of_id(_told(accounts), ticket.account_id),
        positions=positions,
        working=working,
        preflight=_told(preflight),
        fractions=None if beside is None else fractions_of(beside),
    )


async def _book(
    broker: Broker, ticket: Ticket
) -> tuple[tuple[BrokerOrder, ...], tuple[Position, ...], tuple[Untraded, ...] | None]:
    # Orders first: what fills between the two looks is counted twice then, and never not at all.
    orders = await broker.orders(ticket.account_id)
    positions = await broker.positions(ticket.account_id)
    beside: tuple[Untraded, ...] | None = None
    if isinstance(ticket, PlaceTicket) and ticket.order.by_value:
        beside = await broker.untraded(ticket.account_id)
    return tuple(o for o in orders if o.state.is_open), positions, beside


def _told(answer: T | BaseException) -> T:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _of_id(accounts: Iterable[Account], account_id: str) -> Account | None:
    return next((account for account in accounts if account.account_id == account_id), None)

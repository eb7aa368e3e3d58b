"""Receipts: what came of an act, found wherever the broker tells it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from pydantic import TypeAdapter, ValidationError

from strikedesk.brokers.tastytrade.faults import away
from strikedesk.brokers.tastytrade.orders.decoding import decoded
from strikedesk.brokers.tastytrade.orders.finding import Finding
from strikedesk.brokers.tastytrade.orders.groups import members_of
from strikedesk.brokers.tastytrade.orders.outcomes import failure
from strikedesk.brokers.tastytrade.orders.rehearsals import PLACED
from strikedesk.brokers.tastytrade.orders.sending import Act
from strikedesk.brokers.tastytrade.payloads.envelopes import Told
from strikedesk.brokers.tastytrade.payloads.orders import OrderTold, ReplacedTold
from strikedesk.brokers.tastytrade.wire import Answer, NoAnswer, NotSent
from strikedesk.domain.broking import (
    BrokerOrder,
    CancelTicket,
    GroupTicket,
    PlaceTicket,
    Receipt,
    ReplaceTicket,
    Ticket,
)
from strikedesk.domain.errors import DeskError, OutcomeUnknown
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.states import OrderState

_REPLACED: Final = TypeAdapter(Told[ReplacedTold])


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Makes receipts. From the moment an act has left, whatever is not certain is unknown."""

    finding: Finding

    async def of(
        self, ticket: Ticket, act: Act, send: Callable[[Act], Awaitable[Answer]]
    ) -> Receipt:
        """Send the act and return its receipt.

        Raises:
            Rejected, Unavailable, OutcomeUnknown: see `Broker.submit`.
        """
        try:
            answer = await send(act)
        except NotSent:
            raise away() from None
        except NoAnswer:
            raise OutcomeUnknown(ticket.client_order_id) from None
        if not answer.fine:
            raise failure(answer, ticket.client_order_id)
        try:
            return await self._read(ticket, answer)
        except (DeskError, ValidationError):
            raise OutcomeUnknown(ticket.client_order_id) from None

    async def _read(self, ticket: Ticket, answer: Answer) -> Receipt:
        match ticket:
            case PlaceTicket():
                return _placed(ticket, PLACED.validate_json(answer.body).data.order)
            case GroupTicket():
                return _grouped(ticket, answer)
            case ReplaceTicket():
                return await self._replaced(ticket, answer)
            case CancelTicket():
                return await self._cancelled(ticket)

    async def _cancelled(self, ticket: CancelTicket) -> Receipt:
        """Return the order that is being taken back: what was answered says that it is asked for.

        It may still fill; it is read anew, since the answer may be about its whole group.
        """
        order = await self.finding.order(ticket.account_id, ticket.broker_order_id)
        if not order.state.is_final:
            order = replace(order, state=OrderState.CANCEL_PENDING)
        return Receipt(client_order_id=ticket.client_order_id, broker_order=order)

    async def _replaced(self, ticket: ReplaceTicket, answer: Answer) -> Receipt:
        """Return the successor: as the body itself, inside of it, named by it, or looked for."""
        body = _REPLACED.validate_json(answer.body).data
        told = body.order or body
        account_id, own = ticket.order.account_id, ticket.client_order_id
        if told.id is not None and told.id != ticket.broker_order_id:
            order = _ours(told, ticket.order, own)
            return Receipt(client_order_id=own, broker_order=order)
        successor = told.replacing_order_id or await self.finding.successor(
            account_id, ticket.broker_order_id, own
        )
        if successor is None:
            raise OutcomeUnknown(own)
        order = await self.finding.order(account_id, successor)
        return Receipt(client_order_id=own, broker_order=replace(order, client_order_id=own))


def _placed(ticket: PlaceTicket, told: OrderTold | None) -> Receipt:
    own = ticket.client_order_id
    return Receipt(client_order_id=own, broker_order=_ours(told, ticket.order, own))


def _grouped(ticket: GroupTicket, answer: Answer) -> Receipt:
    group = PLACED.validate_json(answer.body).data.complex_order
    found = None if group is None else members_of(group, ticket)
    if found is None:
        raise OutcomeUnknown(ticket.client_order_id)
    members = tuple(
        _ours(told, order, own, found)
        for told, order, own in zip(found, ticket.group.orders, ticket.member_ids, strict=True)
    )
    return Receipt(client_order_id=ticket.client_order_id, broker_order=members[0], members=members)


def _ours(
    told: OrderTold | None,
    order: OrderRequest,
    own: str,
    siblings: tuple[OrderTold, ...] = (),
) -> BrokerOrder:
    """Return the order that came of ours. Its own words count; where they say too little, ours.

    Raises:
        OutcomeUnknown: it has no number, or carries somebody else's id.
    """
    if told is None or told.id is None or told.external_identifier not in {None, own}:
        raise OutcomeUnknown(own)
    read = decoded(told, order.account_id, siblings)
    if read is None:
        return BrokerOrder(
            broker_order_id=told.id,
            client_order_id=own,
            order=order,
            state=OrderState.SUBMITTED,
        )
    return replace(read, client_order_id=own)

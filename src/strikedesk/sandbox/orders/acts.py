"""What the venue's clerk does for clients: place, replace, cancel. Nothing else here acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from strikedesk.domain.broking import (
    BrokerOrder,
    CancelTicket,
    GroupTicket,
    PlaceTicket,
    Receipt,
    ReplaceTicket,
    Ticket,
)
from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.groups import OrderGroup
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange.placing import made
from strikedesk.exchange.world import World
from strikedesk.sandbox.notes import ComplexKind, GroupNote, Note
from strikedesk.sandbox.orders.judging import Judged, refused, symbols_of
from strikedesk.sandbox.orders.reading import Wanted
from strikedesk.sandbox.pairs import hold, release
from strikedesk.sandbox.ratio import Ratio
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.world import SandboxWorld

# The venue keeps an id of its customer's for every order; tags are echoed from the notes instead,
# for several orders may carry the same one, or none.
_UNTAGGED: Final = "-"


@dataclass(frozen=True, slots=True)
class Clerk:
    """Acts on the venue, and keeps what clients wrote on their orders."""

    world: SandboxWorld

    async def place(self, judged: Judged, wanted: Wanted) -> BrokerOrder:
        """Put an order to work; one off the tick is rejected by the venue, not by us.

        Raises:
            Refusal: 422, when the market has moved since it was judged.
        """
        request = judged.request
        if judged.off_tick is not None:
            order = await self._rejected(judged)
        else:
            ticket = PlaceTicket(client_order_id=tag_of(wanted), order=request)
            order = (await self._submit(ticket)).broker_order
        self.world.notes.orders[order.broker_order_id] = note_of(wanted)
        return order

    async def replace(self, old: BrokerOrder, request: OrderRequest, wanted: Wanted) -> BrokerOrder:
        """Put an order in the place of a working one.

        Raises:
            Refusal: 422.
        """
        ticket = ReplaceTicket(
            client_order_id=tag_of(wanted), order=request, broker_order_id=old.broker_order_id
        )
        new = (await self._submit(ticket)).broker_order
        place = self.world.notes.of(old).place
        self.world.notes.orders[new.broker_order_id] = note_of(wanted, place)
        self.world.notes.replaced(old, new)
        return new

    async def cancel(self, account_id: str, order_id: str) -> BrokerOrder:
        """Take an order back, or by the id of its first order what is left of a group.

        Raises:
            Refusal: 422.
        """
        ticket = CancelTicket(
            client_order_id=_UNTAGGED, account_id=account_id, broker_order_id=order_id
        )
        return (await self._submit(ticket)).broker_order

    async def place_group(self, group: OrderGroup, wanted: list[Wanted]) -> Receipt:
        """Put a group to work, all or none.

        Raises:
            Refusal: 422.
        """
        receipt = await self._submit(GroupTicket(client_order_id=_UNTAGGED, group=group))
        notes, first = self.world.notes, receipt.broker_order.broker_order_id
        for place, (each, order) in enumerate(zip(wanted, receipt.members, strict=True), start=1):
            notes.orders[order.broker_order_id] = note_of(each, place)
        notes.groups[first] = GroupNote(
            kind=ComplexKind[group.kind.name],
            account_id=group.account_id,
            members=tuple(order.broker_order_id for order in receipt.members),
        )
        return receipt

    async def hold_pair(
        self, judged: Sequence[Judged], wanted: Sequence[Wanted], ratio: Ratio
    ) -> str:
        """Take two orders that wait for their ratio; return the id that names them."""

        def take(world: World, _: object) -> tuple[BrokerOrder, ...]:
            return hold(world, [(each.request, each.found) for each in judged], _UNTAGGED)

        orders = await self.world.office.keeper.act(take)
        notes, first = self.world.notes, orders[0]
        for place, (each, order) in enumerate(zip(wanted, orders, strict=True), start=1):
            notes.orders[order.broker_order_id] = note_of(each, place)
        notes.groups[first.broker_order_id] = GroupNote(
            kind=ComplexKind.PAIRS,
            account_id=first.order.account_id,
            members=tuple(order.broker_order_id for order in orders),
            ratio=ratio,
            is_held=True,
        )
        return first.broker_order_id

    async def release_pairs(self) -> None:
        """Set to work every pair whose ratio the market has come to by now."""
        for group_id in self.world.notes.pairs_held:
            await self._release_if_due(group_id)

    async def _release_if_due(self, group_id: str) -> None:
        office, notes = self.world.office, self.world.notes
        members = notes.groups[group_id].members
        working = (await office.keeper.snapshot()).world.orders
        orders = tuple(order.request for each in members if (order := working.get(each)))
        quotes = await self.world.broker.quotes(symbols_of(orders))
        # Somebody else may have looked at it, or changed it, in the meantime.
        note = notes.groups[group_id]
        if not note.is_held or note.members != members:
            return
        if len(orders) < len(members):
            notes.released(group_id)
        elif note.ratio is not None and note.ratio.is_met(orders, quotes):
            notes.released(group_id)
            await office.keeper.act(partial(release, market=office.market, members=members))

    async def _submit(self, ticket: Ticket) -> Receipt:
        clerk = self.world.office.clerk
        try:
            return await clerk.submit(ticket)
        except Rejected as refusal:
            raise refused(refusal) from None
        except Denied as denied:
            if denied.reason is Reason.ORDER_UNKNOWN:
                raise Refusal.not_found("that order") from None
            raise

    async def _rejected(self, judged: Judged) -> BrokerOrder:
        def reject(world: World, _: object) -> BrokerOrder:
            order = made(world.next_number(), world, judged.found, judged.request, _UNTAGGED)
            ended = order.ended(
                OrderState.REJECTED, judged.found.screen.at, code=Reason.INVALID_TICK.name.lower()
            )
            world.put_order(order)
            world.end_order(ended)
            return ended

        return await self.world.office.keeper.act(reject)


def note_of(wanted: Wanted, place: int | None = None) -> Note:
    """Return what is to be echoed of an order."""
    return Note(
        order_type=wanted.order_type,
        time_in_force=wanted.time_in_force,
        external_identifier=wanted.external_identifier,
        source=wanted.source,
        price_effect=wanted.price_effect,
        place=place,
    )


def tag_of(wanted: Wanted) -> str:
    """Return the tag of an order, as the venue wants one of every order."""
    return wanted.external_identifier or _UNTAGGED

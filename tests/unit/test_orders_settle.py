"""Settle: where the broker's books do not tell, the owner does; nobody else, never too early."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.broking import BrokerOrder, Lookup, LookupStatus
from strikedesk.domain.errors import Denied, OutcomeUnknown, Unavailable
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.draft import Change
from strikedesk.orders.preview import Preview
from strikedesk.orders.settle import InDoubt
from tests.builders import an_order
from tests.fakes.broker import Day, ScriptedBroker
from tests.unit.order_desk import OrderDesk


class Silent(ScriptedBroker):
    """Takes orders and cannot be asked about them."""

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        raise Unavailable(Reason.BROKER_UNAVAILABLE)

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        raise Unavailable(Reason.BROKER_UNAVAILABLE)


async def lost(orders: OrderDesk, day: Day = Day.LOST) -> Preview:
    orders.broker.day = day
    orders.broker.lookups = LookupStatus.INCOMPLETE
    preview = await orders.preview()
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    return preview


async def in_doubt(orders: OrderDesk, preview: Preview) -> InDoubt:
    found = await orders.settler.look(preview.record.order_id)
    assert isinstance(found, InDoubt)
    return found


def falls_silent(orders: OrderDesk) -> None:
    old = orders.broker
    orders.broker = Silent(clock=orders.clock, quoted=old.quoted, placed=old.placed)
    orders.restart()


async def told(orders: OrderDesk, preview: Preview) -> tuple[Any, ...]:
    row = await orders.row(preview)
    return row.state, row.broker_order_id, row.filled_units, row.reason


@pytest.mark.promise("nothing-lost")
async def test_the_broker_is_asked_before_the_owner(orders: OrderDesk) -> None:
    """What the books tell needs nobody's word, and a wrong one would lose the order."""
    preview = await lost(orders, Day.ACCEPTED_IN_SILENCE)
    orders.broker.lookups = None

    row = await orders.settler.look(preview.record.order_id)

    assert isinstance(row, OrderRecord)
    assert (row.state, row.broker_order_id) == (OrderState.WORKING, "b-1")


async def test_what_the_owner_is_shown_is_the_order_in_our_words(orders: OrderDesk) -> None:
    preview = await lost(orders)

    text = (await in_doubt(orders, preview)).text

    assert text.startswith("PAPER: PLACE this order\nName: ")
    assert "BUY TO OPEN 1 contract" in text
    assert "Price: limit, 1.20 debit net per share of one unit" in text
    assert "Expires" not in text


@pytest.mark.promise("nothing-lost")
async def test_an_order_that_the_owner_found_is_ours_with_its_fills(orders: OrderDesk) -> None:
    preview = await lost(orders, Day.ACCEPTED_IN_SILENCE)
    orders.broker.placed[0] = replace(
        orders.broker.placed[0],
        client_order_id=None,
        state=OrderState.FILLED,
        filled_units=1,
        average_net=Decimal("1.19"),
    )
    doubt = await in_doubt(orders, preview)

    await orders.settler.placed(doubt, "b-1")

    assert await told(orders, preview) == (OrderState.FILLED, "b-1", 1, "settled_by_owner")
    event = (await orders.ledger.events(preview.record.order_id))[-1]
    assert (event.actor, event.path, event.kind) == ("owner", "cli", "settled_by_owner")
    assert (event.body["was"], event.body["now"]) == ("unknown", "filled")
    assert await orders.ledger.verify() is None


async def test_an_order_found_while_its_broker_is_away_is_followed_later(
    orders: OrderDesk,
) -> None:
    preview = await lost(orders, Day.ACCEPTED_IN_SILENCE)
    falls_silent(orders)

    await orders.settler.placed(await in_doubt(orders, preview), "b-1")
    before = await told(orders, preview)
    orders.broker = ScriptedBroker(clock=orders.clock, quoted={}, placed=orders.broker.placed)
    orders.restart()
    await orders.reconciler(path="worker")

    assert before == (OrderState.SUBMITTED, "b-1", 0, "settled_by_owner")
    assert (await orders.row(preview)).state is OrderState.WORKING


@pytest.mark.promise("nothing-lost")
async def test_an_order_that_the_owner_did_not_find_lets_another_leave(orders: OrderDesk) -> None:
    preview = await lost(orders)
    with pytest.raises(Denied, match="UNSETTLED_ORDER"):
        await orders.preview()

    await orders.settler.not_placed(await in_doubt(orders, preview))
    orders.broker.day = Day.FILLED

    assert (await orders.row(preview)).state is OrderState.LAPSED
    assert (await orders.safety.state()).unsettled == ()
    assert (await orders.confirm(await orders.preview())).state is OrderState.FILLED
    with pytest.raises(Unavailable):
        await orders.confirm(preview)
    assert len(orders.broker.tickets) == 2


@pytest.mark.promise("once")
async def test_what_somebody_may_be_sending_now_is_not_settled(orders: OrderDesk) -> None:
    """The owner would call it not placed a moment before it is."""
    preview = await orders.left_submitting()
    orders.broker.lookups = LookupStatus.INCOMPLETE

    orders.clock.move(60)
    with pytest.raises(Denied) as denied:
        await orders.settler.look(preview.record.order_id)
    orders.clock.move(1)
    await orders.settler.not_placed(await in_doubt(orders, preview))

    assert denied.value.reason is Reason.NOT_IN_DOUBT
    assert (await orders.row(preview)).state is OrderState.LAPSED


@pytest.mark.promise("once")
@pytest.mark.parametrize("state", sorted(set(OrderState) - {"unknown", "submitting"}))
async def test_only_what_is_in_doubt_is_settled(orders: OrderDesk, state: OrderState) -> None:
    """A filled order that its owner calls not placed would vanish from the books."""
    preview = await lost(orders)
    doubt = await in_doubt(orders, preview)
    record = replace(doubt.record, state=state)
    orders.ledger.records[preview.record.order_id] = record
    doubt = replace(doubt, record=record)

    assert not isinstance(await orders.settler.look(preview.record.order_id), InDoubt)
    for act in (
        orders.settler.not_placed(doubt),
        orders.settler.placed(doubt, "b-9"),
    ):
        with pytest.raises(Denied):
            await act

    assert (await orders.row(preview)).state is state


@pytest.mark.promise("nothing-lost")
async def test_what_was_found_while_the_owner_thought_stays_found(orders: OrderDesk) -> None:
    """The worker looks every few seconds; the owner reads for a minute."""
    preview = await lost(orders, Day.ACCEPTED_IN_SILENCE)
    doubt = await in_doubt(orders, preview)
    orders.broker.lookups = None
    await orders.reconciler(path="worker")

    with pytest.raises(Denied) as denied:
        await orders.settler.not_placed(doubt)

    assert denied.value.reason is Reason.NOT_IN_DOUBT
    assert (await orders.row(preview)).state is OrderState.WORKING


async def test_an_order_that_nobody_made_is_told_as_such(orders: OrderDesk) -> None:
    with pytest.raises(Denied) as denied:
        await orders.settler.look("id-9999")

    assert denied.value.reason is Reason.ORDER_UNKNOWN


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize(
    "seen",
    [
        {"client_order_id": "somebody-else"},
        {"client_order_id": None, "order": an_order(net="1.20", account_id="PAPER0001")},
    ],
)
async def test_another_order_of_the_broker_is_not_taken_for_ours(
    orders: OrderDesk, seen: dict[str, Any]
) -> None:
    """A typing error would let two rows count one order."""
    preview = await lost(orders, Day.ACCEPTED_IN_SILENCE)
    other = replace(orders.broker.placed[0], broker_order_id="b-7", **seen)
    if "order" in seen:
        leg = replace(seen["order"].legs[0], action=seen["order"].legs[0].action.undone)
        other = replace(other, order=replace(seen["order"], legs=(leg,)))
    orders.broker.placed.append(other)
    doubt = await in_doubt(orders, preview)

    with pytest.raises(Denied) as denied:
        await orders.settler.placed(doubt, "b-7")
    with pytest.raises(Denied, match="ORDER_UNKNOWN"):
        await orders.settler.placed(doubt, "b-404")

    assert denied.value.facts["rule"] == "it_is_another_order"
    assert (await orders.row(preview)).state is OrderState.UNKNOWN


@pytest.mark.promise("nothing-lost")
async def test_a_number_that_another_row_has_is_refused_also_unseen(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    known = await orders.confirm(await orders.preview())
    preview = await lost(orders)
    falls_silent(orders)

    with pytest.raises(Denied, match="it_is_another_order"):
        await orders.settler.placed(await in_doubt(orders, preview), known.broker_order_id or "")


async def a_change_in_doubt(orders: OrderDesk, *, cancels: bool) -> tuple[Preview, Preview]:
    orders.broker.day = Day.WORKING
    old = await orders.preview()
    await orders.confirm(old)
    change = Change(price=Decimal("1.19"), price_effect=PriceEffect.DEBIT)
    order_id = old.record.order_id
    act = (
        await orders.previewer.cancel(order_id, caller="stdio")
        if cancels
        else await orders.previewer.replace(order_id, change, caller="stdio")
    )
    orders.broker.day = Day.LOST
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(act)
    return old, act


@pytest.mark.parametrize("silent", [False, True])
async def test_a_cancel_in_doubt_is_settled_by_what_it_acts_on(
    orders: OrderDesk, *, silent: bool
) -> None:
    """A cancel leaves no order of its own: its number is that of the order it takes back."""
    _, act = await a_change_in_doubt(orders, cancels=True)
    doubt = await in_doubt(orders, act)
    orders.broker.placed[0] = replace(orders.broker.placed[0], state=OrderState.CANCELLED)
    if silent:
        falls_silent(orders)

    with pytest.raises(Denied, match="it_is_another_order"):
        await orders.settler.placed(doubt, "b-7")
    await orders.settler.placed(doubt, "b-1")

    state = OrderState.CANCEL_PENDING if silent else OrderState.CANCELLED
    assert (await orders.row(act)).state is state


async def test_a_cancel_whose_order_works_on_did_not_arrive(orders: OrderDesk) -> None:
    old, act = await a_change_in_doubt(orders, cancels=True)

    with pytest.raises(Denied, match="it_is_another_order"):
        await orders.settler.placed(await in_doubt(orders, act), "b-1")
    await orders.settler.not_placed(await in_doubt(orders, act))

    assert (await orders.row(old)).state is OrderState.WORKING
    assert (await orders.row(act)).state is OrderState.LAPSED


async def test_a_replacement_in_doubt_is_settled_by_its_own_number(orders: OrderDesk) -> None:
    _, act = await a_change_in_doubt(orders, cancels=False)
    falls_silent(orders)
    doubt = await in_doubt(orders, act)

    with pytest.raises(Denied, match="it_is_another_order"):
        await orders.settler.placed(doubt, "b-1")
    await orders.settler.placed(doubt, "b-2")

    assert (await orders.row(act)).state is OrderState.SUBMITTED


async def test_a_row_of_another_broker_is_settled_without_asking_this_one(
    orders: OrderDesk,
) -> None:
    """Its numbers mean nothing here, and "not found" would be no news."""
    preview = await lost(orders)
    elsewhere = replace(await orders.row(preview), broker="another")
    orders.ledger.records[elsewhere.order_id] = elsewhere

    await orders.settler.placed(await in_doubt(orders, preview), "x-1")

    assert await told(orders, preview) == (OrderState.SUBMITTED, "x-1", 0, "settled_by_owner")


async def test_the_owner_s_word_needs_no_broker_at_all(orders: OrderDesk) -> None:
    """A link that cannot be opened must not keep the desk locked."""
    preview = await lost(orders)
    settler = replace(orders.settler, reconciler=None)
    doubt = await settler.look(preview.record.order_id)
    assert isinstance(doubt, InDoubt)

    assert (await settler.placed(doubt, "b-3")).state is OrderState.SUBMITTED

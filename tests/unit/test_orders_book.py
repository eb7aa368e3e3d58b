"""The desk's orders, read: whose they are, and how they stand at this moment."""

from dataclasses import replace
from typing import Any

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.states import OrderState
from tests.fakes.broker import Day
from tests.unit.order_desk import OrderDesk

FILLED, WORKING = OrderState.FILLED, OrderState.WORKING


async def worked(orders: OrderDesk) -> OrderRecord:
    orders.broker.day = Day.WORKING
    return await orders.confirm(await orders.preview())


def fill(orders: OrderDesk) -> None:
    """Let all fill at the broker, without a word to the desk."""
    for place, order in enumerate(orders.broker.placed):
        orders.broker.placed[place] = replace(order, state=FILLED, filled_units=1)


async def states(orders: OrderDesk, *rows: OrderRecord) -> list[OrderState]:
    found = [await orders.ledger.order(row.order_id) for row in rows]
    return [row.state for row in found if row is not None]


async def test_a_page_asks_the_broker_first_and_says_so_in_the_trail(orders: OrderDesk) -> None:
    row = await worked(orders)
    fill(orders)

    page = await orders.book.page("paper-margin", page=1, page_size=9)

    assert [each.state for each in page.rows] == [FILLED]
    assert (await orders.ledger.events(row.order_id))[-1].path == "read"


@pytest.mark.parametrize("elsewhere", [{"account_id": "PAPER0002"}, {"broker": "another"}])
async def test_a_page_is_of_one_account_at_one_broker(
    orders: OrderDesk, elsewhere: dict[str, Any]
) -> None:
    """Another one's orders are neither shown nor asked about."""
    mine, other = await worked(orders), await worked(orders)
    orders.ledger.records[other.order_id] = replace(other, **elsewhere)
    fill(orders)

    page = await orders.book.page("paper-margin", page=1, page_size=9)

    assert [each.order_id for each in page.rows] == [mine.order_id]
    assert page.span.total == 1
    assert await states(orders, mine, other) == [FILLED, WORKING]


async def test_every_open_order_is_asked_about_the_newest_and_the_oldest(
    orders: OrderDesk,
) -> None:
    rows = [await worked(orders) for _ in range(3)]
    fill(orders)

    await orders.book.page("paper-margin", page=1, page_size=1)

    assert await states(orders, *rows) == [FILLED] * 3


async def test_an_order_by_itself_is_in_no_group(orders: OrderDesk) -> None:
    assert await orders.book.group(await worked(orders)) == ()


async def test_an_order_that_nobody_knows_is_named_by_what_was_asked(orders: OrderDesk) -> None:
    """As much of it as an id is long: a page of text is not thrown back."""
    with pytest.raises(Denied) as denied:
        await orders.book.get("x" * 40)

    assert denied.value.facts == {"order_id": "x" * 36}

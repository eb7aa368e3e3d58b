"""A client that stops waiting does not stop an order that is on its way."""

import asyncio
from typing import Any

import anyio
import pytest

from tests.fakes.desks import CALL
from tests.tools.core_door import ERAS, CoreDoor, Era

ORDER: dict[str, Any] = {
    "account": "paper-margin",
    "legs": [{"symbol": CALL, "action": "buy_to_open", "quantity": 1}],
    "price": "1.20",
    "price_effect": "debit",
}


async def previewed(door: CoreDoor, era: Era) -> dict[str, str]:
    """Preview an order; return what confirms it."""
    shown = (await door.call("preview_order", era=era, **ORDER)).structured_content
    assert shown is not None
    return {"preview_id": shown["preview_id"], "nonce": shown["nonce"]}


@pytest.mark.promise("once")
@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("era", ERAS)
async def test_a_confirm_given_up_after_the_send_is_finished_and_told_to_who_asks_again(
    era: Era,
) -> None:
    """The protocol tells clients to ask again when an answer was lost: that must send nothing."""
    door = CoreDoor(items=None)
    ticket = await previewed(door, era)
    broker = door.desk.broker
    broker.answer = asyncio.Event()

    async with door.client(era) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "confirm_order", ticket)
        with anyio.fail_after(5):
            await broker.heard.wait()
        group.cancel_scope.cancel()
    broker.answer.set()
    again = await door.call("confirm_order", era=era, **ticket)

    assert again.structured_content is not None
    assert again.structured_content["state"] == "filled"
    assert len(broker.tickets) == 1


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("era", ERAS)
async def test_closing_the_desk_waits_for_an_order_on_its_way(era: Era) -> None:
    """The client is gone, the process ends: the outcome is recorded before it does."""
    door = CoreDoor(items=None)
    ticket = await previewed(door, era)
    broker = door.desk.broker
    broker.answer = asyncio.Event()
    async with door.client(era) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "confirm_order", ticket)
        with anyio.fail_after(5):
            await broker.heard.wait()
        group.cancel_scope.cancel()

    closing = asyncio.create_task(door.desk.close())
    await anyio.lowlevel.checkpoint()
    assert not closing.done()
    broker.answer.set()
    with anyio.fail_after(5):
        await closing

    assert [row.state for row in door.desk.ledger.records.values()] == ["filled"]
